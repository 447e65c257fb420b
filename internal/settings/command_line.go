package settings

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// CommandLine is what the postgres command line sets, by lower-case name. It is known only where the role may read files
// of the server.
type CommandLine struct {
	Known  bool
	Values map[string]string
}

// ReadCommandLine reads the options that the server was started with, from postmaster.opts in its data directory. A role that
// may not is no error: Known says so.
func ReadCommandLine(ctx context.Context, conn *pg.Conn) (CommandLine, error) {
	row, err := query.One[struct{ Options *string }](ctx, conn, "settings/start_options")
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		return CommandLine{}, nil
	}
	if err != nil || row.Options == nil {
		return CommandLine{}, err
	}
	return CommandLine{Known: true, Values: ParseOptions(*row.Options)}, nil
}

// shortOptions are the letters of postgres(1) that set a parameter to their argument.
func shortOptions() map[string]string {
	return map[string]string{
		"B": "shared_buffers", "D": "data_directory", "h": "listen_addresses", "k": "unix_socket_directories", "N": "max_connections",
		"p": "port", "S": "work_mem", "d": "log_min_messages",
	}
}

// ParseOptions reads the file's one line: the program, then each option in double quotes. -c NAME=VALUE, -cNAME=VALUE and --NAME=VALUE
// set a parameter, where - in a name stands for _; the last one wins.
func ParseOptions(line string) map[string]string {
	words := quotedWords(line)
	values := map[string]string{}
	set := func(assignment string) {
		name, value, found := strings.Cut(assignment, "=")
		if found {
			values[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = value
		}
	}
	for i := 0; i < len(words); i++ {
		word := words[i]
		argument := func() string {
			if len(word) > 2 {
				return word[2:]
			}
			if i++; i < len(words) {
				return words[i]
			}
			return ""
		}
		switch {
		case strings.HasPrefix(word, "--"):
			set(word[2:])
		case len(word) < 2 || word[0] != '-':
		case word[1] == 'c':
			set(argument())
		case shortOptions()[word[1:2]] != "":
			values[shortOptions()[word[1:2]]] = argument()
		}
	}
	return values
}

// quotedWords gives what stands in double quotes: CreateOptsFile of the server escapes nothing within them.
func quotedWords(line string) []string {
	var words []string
	for {
		_, after, found := strings.Cut(line, ` "`)
		if !found {
			return words
		}
		end := strings.Index(after, `" "`)
		if end < 0 {
			return append(words, strings.TrimSuffix(strings.TrimRight(after, "\r\n "), `"`))
		}
		words = append(words, after[:end])
		line = after[end+1:]
	}
}
