package settings

import (
	"fmt"
	"strconv"
	"strings"
)

// options collects what the postgres command line sets, by lower-case name. The last one wins.
type options map[string]string

// ParseOptions reads the one line of postmaster.opts: the program, then each option in double quotes. It goes through them as
// getopt does for PostmasterMain (src/backend/postmaster/postmaster.c): letters without an argument can stand together, and
// an argument follows its letter at once or as the next word.
func ParseOptions(line string) map[string]string {
	words, set := quotedWords(line), options{}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			break
		}
		if len(word) < 2 || word[0] != '-' {
			continue
		}
		for letters := word[1:]; letters != ""; {
			letter, rest := letters[0], letters[1:]
			if !takesArgument(letter) {
				set.flag(letter)
				letters = rest
				continue
			}
			if rest == "" && i+1 < len(words) {
				i++
				rest = words[i]
			}
			set.option(letter, rest)
			break
		}
	}
	return set
}

// takesArgument tells the letters of PostmasterMain with an argument. A second dash is one of them: --NAME=VALUE.
func takesArgument(letter byte) bool { return strings.IndexByte("BCDcdfhkNprStW-", letter) >= 0 }

// flag takes a letter without an argument, as postgres(1) has them.
func (o options) flag(letter byte) {
	switch letter {
	case 'E':
		o["log_statement"] = "all"
	case 'e':
		o["datestyle"] = "euro"
	case 'F':
		o["fsync"] = "off"
	case 'i':
		o["listen_addresses"] = "*"
	case 'l':
		o["ssl"] = "on"
	case 'O':
		o["allow_system_table_mods"] = "on"
	case 'P':
		o["ignore_system_indexes"] = "on"
	case 's':
		o["log_statement_stats"] = "on"
	case 'T':
		o["send_abort_for_crash"] = "on" // from 16 on; no parameter before
	}
}

// option takes a letter with its argument.
func (o options) option(letter byte, argument string) {
	names := map[byte]string{
		'B': "shared_buffers", 'D': "data_directory", 'h': "listen_addresses", 'k': "unix_socket_directories", 'N': "max_connections",
		'p': "port", 'S': "work_mem", 'W': "post_auth_delay",
	}
	switch letter {
	case 'c', '-':
		if name, value, found := strings.Cut(argument, "="); found { // ParseLongOption: a dash in the name stands for _
			o[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = value
		}
	case 'd':
		o.debug(argument)
	case 'f':
		if name := planMethod(argument); name != "" {
			o[name] = "off"
		}
	case 't':
		if name := statistics(argument); name != "" {
			o[name] = "on"
		}
	default:
		if name := names[letter]; name != "" {
			o[name] = argument
		}
	}
}

// debug is -d, which sets more the higher its level is (set_debug_options of src/backend/tcop/postgres.c).
func (o options) debug(argument string) {
	level, err := strconv.Atoi(argument)
	if err != nil || level <= 0 {
		o["log_min_messages"] = "notice"
		return
	}
	o["log_min_messages"] = fmt.Sprintf("debug%d", level)
	o["log_connections"], o["log_disconnections"] = "on", "on"
	if level >= 2 {
		o["log_statement"] = "all"
	}
	for i, name := range []string{"debug_print_parse", "debug_print_plan", "debug_print_rewritten"} {
		if level >= i+3 {
			o[name] = "on"
		}
	}
}

// planMethod is the parameter that -f turns off (set_plan_disabling_options).
func planMethod(argument string) string {
	return map[string]string{
		"s": "enable_seqscan", "i": "enable_indexscan", "o": "enable_indexonlyscan", "b": "enable_bitmapscan", "t": "enable_tidscan",
		"n": "enable_nestloop", "m": "enable_mergejoin", "h": "enable_hashjoin",
	}[argument[:min(1, len(argument))]]
}

// statistics is the parameter that -t turns on (get_stats_option_name).
func statistics(argument string) string {
	switch {
	case strings.HasPrefix(argument, "pa"):
		return "log_parser_stats"
	case strings.HasPrefix(argument, "pl"):
		return "log_planner_stats"
	case strings.HasPrefix(argument, "e"):
		return "log_executor_stats"
	}
	return ""
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
