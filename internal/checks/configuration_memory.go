package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/settings"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// tunedRAM is the memory that the newest standing tune was given; 0 where it cannot be known.
func tunedRAM(sets []*journal.Set, memory func(string) (int64, error)) int64 {
	for _, set := range slices.Backward(sets) {
		words := strings.Fields(set.CommandLine)
		for i, word := range words {
			size, found := strings.CutPrefix(word, "--ram=")
			if word == "--ram" && i+1 < len(words) {
				size, found = words[i+1], true
			}
			if ram, err := memory(strings.Trim(size, "'")); found && err == nil {
				return ram
			}
		}
	}
	return 0
}

// ram is the server's memory in bytes; 0 where it is not known, with what to add to that.
func (e *Env) ram(ctx context.Context) (bytes int64, reason string) {
	if e.RAM > 0 {
		return e.RAM, ""
	}
	sets, err := e.standing(ctx)
	if err != nil {
		return 0, ", and the journal cannot tell: " + err.Error()
	}
	return tunedRAM(sets, e.Memory), ""
}

// size is what --ram takes: the host's own memory, where avadb runs there, else what only a person knows.
func (e *Env) size() string {
	if settings.OnHost(e.Conn.Server) {
		return "auto"
	}
	return "SIZE"
}

// memoryCheck adds shared_buffers to what sorts and hashes take when every connection runs one, as `avadb tune` does.
func memoryCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		ram, reason := e.ram(ctx)
		if ram == 0 {
			o := skipped("the server's memory is not known"+reason, e.command("verify --ram "+e.size()))
			o.Blind = reason != ""
			return o, nil
		}
		var use [3]int64
		for i, name := range []string{"work_mem", "max_connections", "shared_buffers"} {
			p, running, _, err := e.parameter(ctx, name)
			if err != nil {
				return Outcome{}, err
			}
			n, ok := baseBytes(running, p)
			if !ok {
				return Outcome{}, fault.New(fault.Failed, "%s is %q", name, running)
			}
			use[i] = n
		}
		workMem, connections, buffers := use[0], use[1], use[2]
		worst := tuning.Memory{WorstCaseBytes: workMem*connections + buffers, RAMBytes: ram}
		detail := fmt.Sprintf("work_mem %s x %d connections + shared_buffers %s = %s of %s", units.HumanSize(workMem), connections,
			units.HumanSize(buffers), units.HumanSize(worst.WorstCaseBytes), units.HumanSize(ram))
		return t.measured(100*float64(worst.WorstCaseBytes)/float64(ram), detail, e.smaller(ram, connections, buffers)), nil
	}
}

// baseBytes gives a parameter's running value in bytes; one without a unit is a number.
func baseBytes(value string, p settings.Parameter) (int64, bool) {
	n, ok := units.BaseInt(value, p.Unit)
	if !ok || p.Unit == "" {
		return n, ok
	}
	size, err := units.ParseSize(p.Unit) // such as 8kB
	if err != nil {
		size, err = units.ParseSize("1" + p.Unit)
	}
	return n * size, err == nil
}

// smaller is the tune that brings work_mem down to what fits beside shared_buffers; its minimum is 64kB.
func (e *Env) smaller(ram, connections, buffers int64) string {
	kilobytes := max((ram-buffers)/1024/max(connections, 1), 64)
	size := fmt.Sprintf("%dkB", kilobytes)
	if kilobytes >= 1024 {
		size = fmt.Sprintf("%dMB", kilobytes/1024)
	}
	return e.command(fmt.Sprintf("tune --ram %s --only work_mem --set work_mem=%s", strings.ReplaceAll(units.FormatSize(ram), " ", ""), size))
}
