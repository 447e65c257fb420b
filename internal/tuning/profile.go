package tuning

import (
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/units"
)

// Profile is what a server is for. It is part of the JSON contract.
type Profile string

// The profiles.
const (
	QuickWins Profile = "quickwins" // the reference configuration, scaled with the memory alone
	Web       Profile = "web"       // many short reads, some writes
	OLTP      Profile = "oltp"      // many short transactions that write
	DW        Profile = "dw"        // few large queries, bulk loads
	Mixed     Profile = "mixed"     // both of them
	Desktop   Profile = "desktop"   // a developer's machine that does other things, too
)

// Profiles lists them, the default first.
func Profiles() []Profile { return []Profile{QuickWins, Web, OLTP, DW, Mixed, Desktop} }

// Storage is what the data lies on. It is part of the JSON contract.
type Storage string

// The kinds of storage.
const (
	SSD  Storage = "ssd"
	NVMe Storage = "nvme"
	HDD  Storage = "hdd" // disks that rotate
	SAN  Storage = "san" // many disks behind a network or a controller
)

// Storages lists them, the default first.
func Storages() []Storage { return []Storage{SSD, NVMe, HDD, SAN} }

// ParseProfile reads the name of a profile; empty is the default. Errors are fault.Usage.
func ParseProfile(text string) (Profile, error) { return parseWord("profile", text, Profiles()) }

// ParseStorage reads the name of a kind of storage; empty is the default. Errors are fault.Usage.
func ParseStorage(text string) (Storage, error) { return parseWord("storage", text, Storages()) }

func parseWord[T ~string](what, text string, known []T) (T, error) {
	if text == "" {
		return known[0], nil
	}
	if slices.Contains(known, T(text)) {
		return T(text), nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return "", fault.New(fault.Usage, "unknown %s %q", what, text).WithHint("one of: %s", strings.Join(names, ", "))
}

// minRAM is where the profiles end to make sense: below it the 64MB that maintenance_work_mem keeps as its floor in the
// reference configuration would be most of the memory.
const minRAM = 256 * units.MB

// rule is one line of a profile. decide fills in the value, or leaves the parameter alone; what it does not touch stays as
// the rule has it.
type rule struct {
	name, formula, reason, source string
	decide                        func(*sheet, *Recommendation)
	cost                          string
}

// rulesOf are the lines of a profile in their order. A rule may look at what those before it decided.
func rulesOf(p Profile) []rule {
	if p == QuickWins || p == "" {
		return quickWins()
	}
	return workloadOf(p).rules()
}

// ProfileNames lists the parameters of a profile in its order.
func ProfileNames(p Profile) []string {
	var names []string
	for _, r := range rulesOf(p) {
		names = append(names, r.name)
	}
	return names
}

func checkRAM(ram int64) error {
	if ram >= minRAM {
		return nil
	}
	return fault.New(fault.Usage, "cannot tune for %s of memory: the least is %s", units.FormatSize(max(ram, 0)), units.FormatSize(minRAM)).
		WithHint("give the memory of the server with its unit, for example --ram 8GB")
}
