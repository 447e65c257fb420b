// Package tuning turns what is known about a server (its memory, its live parameters, who is
// connected) into recommended settings, each with its reason, and refuses a set of values that the
// server would accept today and not survive at its next start. It is pure: plain values in, plain
// values out; it asks no server and writes nothing.
package tuning

// Parameter is one row of pg_settings.
type Parameter struct {
	Name     string   // as the server spells it, such as DateStyle
	Vartype  string   // bool, integer, real, string or enum
	Unit     string   // the base unit, such as kB, 8kB or ms; empty where there is none
	Context  string   // internal, postmaster, sighup, ...
	MinVal   string   // in base units; empty where there is no range
	MaxVal   string   // in base units; empty where there is no range
	EnumVals []string // the values of an enum
	Current  string   // as SHOW prints it
	ResetVal string   // the server's next value, whatever this connection has set: in base units, or as a file has it
	BootVal  string   // the compiled-in default, in base units
}

// Input is everything that Recommend looks at.
type Input struct {
	RAMBytes    int64        // the memory to tune for
	Profile     Profile      // what the server is for; empty is QuickWins
	Storage     Storage      // what the data lies on; empty is SSD
	CPUs        int          // processors that the server may use; 0 is not known
	DBBytes     int64        // what the databases will hold, as the user says; 0 leaves it to the evidence
	Connections int          // max_connections as the user wants it; 0 leaves it to the rule
	Set         []Assignment // what the user sets himself, in his order
	Only        []string     // the profile's parameters to keep; empty keeps all
	Skip        []string     // parameters to leave alone

	Parameters    map[string]Parameter // pg_settings, by the server's spelling of the name
	Major         int                  // the server's major version
	Platform      string               // what version() says
	SessionsInUse int                  // client connections at the moment
	HostRAMBytes  int64                // memory of the server's host; 0 where it cannot be seen
	WALRoomBytes  int64                // what the disk of pg_wal has for it, in use or free; 0 where it cannot be seen
	Evidence      *Evidence            // what the server has counted; nil gives the pure rules
	Standby       bool                 // the server is in recovery
	PrimaryHas    map[string]string    // on a standby: values of the primary, as far as they are known
	Standbys      int                  // on a primary: how many standbys are attached

	Missing              []MissingFile // files that the configuration would name and that are not there, as far as it can be seen
	Slots, LogicalSlots  int           // replication slots of the server, all and logical ones
	PreparedTransactions int           // that wait for their second phase
	SharedMemoryFSBytes  int64         // size of /dev/shm as the server sees it; 0 where it cannot be seen

	DryRun bool // nothing will be written: a host too small is a warning then
	Force  bool // the user takes the risks that can be taken
}

// IsReference tells the profile that scales with the memory alone from those for a workload.
func (in Input) IsReference() bool { return in.Profile == QuickWins || in.Profile == "" }

// Recommendation is what to do with one parameter.
type Recommendation struct {
	Name     string // as the server spells it
	Value    string // the text to write, such as 64MB; empty where Skip is true
	Skip     bool   // leave the parameter as it is; Reason says why
	Asked    bool   // the user named the value himself
	Reason   string // one short sentence for a person
	Formula  string // how the value was found, such as "RAM / 4"
	Source   string // where the rule comes from
	Evidence string // what the server has counted that bears on it; empty where nothing does
	Moved    bool   // the evidence, and not the rule alone, made the value
	Cost     string // what the value can cost; empty where nothing worth a word is known
}

// Warning is something to know that keeps nothing from being written.
type Warning struct {
	Name    string // the parameter it is about; empty where it is about all of them
	Message string
}

// Recommend gives one recommendation a parameter: those of the profile in its order, then what the
// user sets beyond it. Where any value is wrong nothing is recommended and the error, a fault.Error,
// names every violation: kind Usage where the user's own values are among them, else Prerequisite.
func Recommend(in Input) ([]Recommendation, []Warning, error) {
	if err := checkRAM(in.RAMBytes); err != nil {
		return nil, nil, err
	}
	asked, err := assignments(in)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := newSelection(in, asked)
	if err != nil {
		return nil, nil, err
	}
	recs := assemble(in, asked, chosen)
	warnings, err := Validate(in, recs)
	if err != nil {
		return nil, nil, err
	}
	return recs, warnings, nil
}

func assemble(in Input, asked []Recommendation, chosen selection) []Recommendation {
	var recs []Recommendation
	byUser := map[string]Recommendation{}
	for _, rec := range asked {
		byUser[rec.Name] = rec
	}
	s := newSheet(in, asked)
	for _, r := range rulesOf(in.Profile) {
		rec, isAsked := byUser[r.name]
		switch {
		case isAsked:
			delete(byUser, r.name)
		case chosen.skips(r.name):
			s.leaveOut(fit(s, r))
			rec = Recommendation{Name: r.name, Skip: true, Reason: "left out by --skip", Formula: r.formula, Source: r.source}
		case chosen.keeps(r.name):
			rec = fit(s, r)
			s.note(rec)
		default:
			s.leaveOut(fit(s, r))
			continue
		}
		recs = append(recs, rec)
	}
	for _, rec := range asked {
		if _, rest := byUser[rec.Name]; rest {
			recs = append(recs, rec)
		}
	}
	return recs
}
