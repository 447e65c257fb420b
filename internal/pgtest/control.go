package pgtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"avadb/internal/fault"
)

// controlSeconds bounds how long pg_ctl waits for a start or a stop.
const controlSeconds = "60"

// control runs pg_ctl on this server and waits for its effect.
func (s *Server) control(ctx context.Context, action string, args ...string) error {
	out, err := s.run(ctx, "pg_ctl", slices.Concat([]string{action}, s.controlArgs(), args)...)
	if err == nil {
		return nil
	}
	return fault.New(fault.Failed, "pg_ctl %s of the throwaway server: %w: %s\n%s", action, err, out, logTail(s.LogFile)).
		WithHint("the server's log is %s", s.LogFile)
}

func (s *Server) controlArgs() []string {
	return []string{"-D", s.DataDir, "-l", s.LogFile, "-w", "-t", controlSeconds, "-s"}
}

// run executes one of the installation's programs as the server's user and gives what it printed.
func (s *Server) run(ctx context.Context, name string, args ...string) (string, error) {
	// A file and not a pipe: on Windows the server inherits the handle, and a reader would wait for the server's end.
	out, err := os.CreateTemp("", "avadb-out-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(out.Name()) }() // a leftover in the temporary folder does no harm
	cmd := s.Command(ctx, filepath.Join(s.Bin, program(name)), args...)
	cmd.Stdout, cmd.Stderr = out, out
	keepDescriptors()
	runErr := cmd.Run()
	if err := out.Close(); err != nil {
		return "", err
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), runErr
}

// Command prepares a program to run as the operating system user that owns the server's files, in its folder, without
// the caller's PG* variables, and out of reach of an interrupt in the terminal.
func (s *Server) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the caller names the program
	cmd.Dir = s.Dir
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	s.owner.apply(cmd)
	return cmd
}

// RestartCommand is a shell command line that restarts this very server, whoever of root and its owner runs it: fit for
// `--restart-command`.
func (s *Server) RestartCommand() string {
	return s.shellLine(slices.Concat([]string{"restart"}, s.controlArgs(), []string{"-m", "fast"}))
}

// StopCommand is a shell command line that stops this server.
func (s *Server) StopCommand() string {
	return s.shellLine([]string{"stop", "-D", s.DataDir, "-w", "-s", "-m", "fast"})
}

func (s *Server) shellLine(args []string) string {
	words := slices.Concat(s.owner.prefix(), []string{filepath.Join(s.Bin, program("pg_ctl"))}, args)
	for i, word := range words {
		words[i] = shellQuote(word)
	}
	return strings.Join(words, " ")
}

// shellQuote makes one word of a shell command line, for sh or for cmd.exe.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-=:@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	if runtime.GOOS == "windows" {
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// logTail gives the end of a log for an error message: the last lines say why a start failed.
func logTail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "(no log)"
	}
	return tail(string(text))
}

func tail(text string) string {
	const lines = 15
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
