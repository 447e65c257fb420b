package settings

import (
	"testing"

	"avadb/internal/fault"
)

func TestUnsoundRows(t *testing.T) {
	const auto, main = "/data/postgresql.auto.conf", "/etc/postgresql.conf"
	for name, c := range map[string]struct {
		rows Files
		want string // of the message; empty: sound
	}{
		"nothing":                   {},
		"both files":                {rows: Files{{Name: "work_mem", File: main}, {Name: "work_mem", File: auto}}},
		"no entry in auto.conf":     {rows: Files{{Name: "work_mem", File: main}}},
		"a value that is refused":   {rows: Files{{Name: "work_mem", File: auto, Error: "setting could not be applied"}}},
		"waits for the restart":     {rows: Files{{Name: "work_mem", File: auto}, {Error: "cannot be changed without restarting the server"}}},
		"a syntax error":            {rows: Files{{File: main, Line: 3, Error: "syntax error"}}, want: "/etc/postgresql.conf line 3: syntax error"},
		"a syntax error goes first": {rows: Files{{Name: "a.b", Value: "1\n2", File: auto}, {File: auto, Line: 9, Error: "syntax error"}}, want: "line 9"},
		"a line break":              {rows: Files{{Name: "a.b", Value: "1\r2", File: auto}}, want: "holds a line break"},
		"a line break elsewhere":    {rows: Files{{Name: "a.b", Value: "1\n2", File: main}}},
		"an include":                {rows: Files{{Name: "a.b", File: auto}, {Name: "a.c", File: "/data/more.conf"}, {Name: "a.d", File: auto}}, want: "includes another file"},
		"an include on Windows":     {rows: Files{{Name: "a.b", File: `C:\data\postgresql.auto.conf`}, {Name: "a.c", File: `C:\data\more.conf`}}, want: "includes another file"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.rows.unsound()
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, fault.Prerequisite, c.want)
		})
	}
}
