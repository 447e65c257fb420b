// Package rehearsal tries out, with the server's own programs and beside the server, whether it would start with the values
// that are about to be written. The server's own folder is read and never written, and nobody can connect to what is tried.
package rehearsal

// Result is what a rehearsal found.
type Result struct {
	Done              bool     `json:"done"`                // it could be made; if not, why says what stood in the way
	Passed            *bool    `json:"passed"`              // the server would start; null: not tried
	Why               string   `json:"why"`                 // why it was not done, or the server's own words where it did not pass
	How               How      `json:"how"`                 // what was tried
	SharedMemoryBytes *int64   `json:"shared_memory_bytes"` // that the server would take; null: not known (before 15 without --rehearse)
	HugePages         *int64   `json:"huge_pages"`          // how many it would need; null: not known (before 15)
	Log               []string `json:"log"`                 // the last lines of the server's log, where it did not start
}

// How says what was tried. It is part of the JSON contract.
type How string

// What can be tried.
const (
	Values        How = "values"        // the server's program read the configuration: before 15 that judges each value alone
	Configuration How = "configuration" // it also loaded the libraries and the certificates, and judged the values together
	Boot          How = "boot"          // a scratch cluster was started with the configuration
)

// Refuses tells whether the server would not start.
func (r *Result) Refuses() bool { return r.Done && r.Passed != nil && !*r.Passed }

func notDone(why error) *Result { return &Result{Why: why.Error(), Log: []string{}} }

func passed() *bool { yes := true; return &yes }

func failed() *bool { no := false; return &no }
