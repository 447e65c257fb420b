package pglog

import "time"

// Options of a reading.
type Options struct {
	Logs       Logs           // where the files are; nil: on this host
	Prefix     string         // log_line_prefix of stderr logs; empty: detected, file by file
	Likely     string         // log_line_prefix that the server has now: taken where it fits, as older lines can have another; empty: not known
	Zone       *time.Location // of the server's log_timezone: says what an abbreviation means, and a timestamp without a zone; nil: not known
	Since      time.Time      // events before it are left out, also those without a time; zero: none
	Until      time.Time      // events at or after it are left out; zero: none
	Statements bool           // tally the statements: Result.Top
	Block      int            // bytes that are read at once; 0: what suits the machine
	Workers    int            // 0: one a processor
	Most       int            // statements that are told apart; 0: a million

	since, until   int64
	prefix, likely *Prefix
}

const (
	blockSize      = 1 << 20
	mostStatements = 1_000_000
)

func (o *Options) most() int {
	if o.Most > 0 {
		return o.Most
	}
	return mostStatements
}

// prepare fills in what is not given. The error is a fault.Usage: a wrong prefix.
func (o *Options) prepare() (err error) {
	if o.Logs == nil {
		o.Logs = Host
	}
	if o.Prefix != "" {
		if o.prefix, err = ParsePrefix(o.Prefix); err != nil {
			return err
		}
	}
	if o.Likely != "" {
		o.likely, _ = ParsePrefix(o.Likely) // a server's own is right
	}
	if !o.Since.IsZero() {
		o.since = o.Since.UnixMicro()
	}
	if !o.Until.IsZero() {
		o.until = o.Until.UnixMicro()
	}
	if o.Block <= 0 {
		o.Block = blockSize
	}
	return nil
}

func (o *Options) within(at int64) bool {
	return (o.since == 0 || at >= o.since) && (o.until == 0 || at < o.until && (at != 0 || o.since == 0))
}
