package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
)

// standing gives the change sets of `avadb tune` that stand on this node, oldest first.
func (e *Env) standing(ctx context.Context) ([]*journal.Set, error) {
	sets, err := e.changeSets(ctx)
	if err != nil {
		return nil, err
	}
	node := nodeOf(e.Conn.Server)
	var tuned []*journal.Set
	for _, set := range sets {
		if set.Command == "tune" && (set.State == journal.SetApplied || set.State == journal.SetPartial) && set.Node.Is(node) {
			tuned = append(tuned, set)
		}
	}
	return tuned, nil
}

// nodeOf is how the journal names the server.
func nodeOf(s pg.Server) journal.Node {
	return journal.Node{
		SystemIdentifier: s.SystemIdentifier, Port: s.Port, DataDirectory: s.DataDirectory,
		Address: s.Address, Timeline: s.Timeline, InRecovery: s.InRecovery,
	}
}

// newest gives for each parameter of a kind, of the server or of a role or database, the newest record that stands.
func newest(sets []*journal.Set, kind journal.Kind) map[string]journal.Record {
	records := map[string]journal.Record{}
	for _, set := range sets {
		for _, r := range set.Items {
			if r.Kind != kind || r.State != journal.Written {
				continue
			}
			key := r.Name // a role's name counts with its case
			if kind == journal.SystemSetting {
				key = strings.ToLower(key)
			}
			records[key] = r
		}
	}
	return records
}

func checkTuned(ctx context.Context, e *Env) (Outcome, error) {
	sets, err := e.standing(ctx)
	if err != nil {
		return Outcome{}, err
	}
	server, own := newest(sets, journal.SystemSetting), newest(sets, journal.RoleSetting)
	if len(server)+len(own) == 0 {
		return skipped("the journal holds no tune that stands on this server", e.command("tune --ram auto --dry-run")), nil
	}
	var v tunedVerdict
	if len(server) > 0 {
		whole, err := e.snapshot(ctx)
		if err != nil {
			return Outcome{}, err
		}
		v = notEffective(whole, server)
	}
	if err := v.addOwn(ctx, e, own); err != nil {
		return Outcome{}, err
	}
	switch {
	case len(v.lost) > 0:
		return found(Fail, strings.Join(append(v.lost, v.waiting...), "; "), v.fix(e)), nil
	case len(v.hidden) > 0 && len(v.waiting) == 0:
		return Outcome{}, e.hidden(v.hidden)
	case v.restart:
		return found(Warn, strings.Join(v.waiting, "; "), e.restart()), nil
	case len(v.waiting) > 0:
		return found(Warn, strings.Join(v.waiting, "; "), reload), nil
	}
	return fine(fmt.Sprintf("all %d", len(server)+len(own))), nil
}

// tunedVerdict is what is not in effect of what was tuned, and why.
type tunedVerdict struct {
	lost    []string // another layer decides, or somebody else wrote since
	again   []string // statements that write a lost one again
	beaten  []string // names of lost ones that no file decides
	reload  bool     // which takes a reload
	waiting []string // for a reload or a restart
	restart bool     // for a restart, at least one of them
	hidden  []string // names of which the files say what was tuned, and the command line could not be asked
}

// fix writes the values again, or shows what beats every file.
func (v tunedVerdict) fix(e *Env) string {
	if len(v.again) == 0 {
		return e.command("settings " + strings.Join(v.beaten, " "))
	}
	if v.reload {
		return strings.Join(append(v.again, reload), "; ")
	}
	return strings.Join(v.again, "; ")
}

// addOwn adds what roles and databases were given and do not have any more.
func (v *tunedVerdict) addOwn(ctx context.Context, e *Env, own map[string]journal.Record) error {
	for _, name := range slices.Sorted(maps.Keys(own)) {
		ours := own[name].Ours
		item, err := settings.ParseRoleSetting(e.Conn, name)
		if err != nil {
			return err
		}
		now, err := item.Read(ctx)
		if err != nil {
			return err
		}
		if item.Same(now, ours) {
			continue
		}
		v.lost = append(v.lost, fmt.Sprintf("%s is to be %s, and is %s", name, ours, now))
		statement, err := item.Statement(ours)
		if err != nil {
			return err
		}
		v.again = append(v.again, statement)
	}
	return nil
}

// notEffective compares what was tuned with what the server will read next and with what runs.
func notEffective(s *settings.Snapshot, tuned map[string]journal.Record) (v tunedVerdict) {
	for _, name := range slices.Sorted(maps.Keys(tuned)) {
		r := tuned[name]
		p, known := s.Parameters[name]
		ours := r.Ours.Text()
		switch {
		case !known:
			v.lost = append(v.lost, r.Name+" is not known to this server any more")
			v.beaten = append(v.beaten, shellWord(r.Name))
		case !p.Same(s.Next(name), ours):
			v.lost = append(v.lost, fmt.Sprintf("%s is to be %s, and %s says %s", p.Name, ours, layerName(s, name), withUnit(s.Next(name), p)))
			assignment, err := settings.Assignment(p.Name, ours)
			if layer := s.ServerLayer(name); err != nil || layer == settings.LayerCommandLine || layer == settings.LayerEnvironment {
				v.beaten = append(v.beaten, shellWord(p.Name))
			} else {
				v.again, v.reload = append(v.again, "ALTER SYSTEM SET "+assignment), true
			}
		case len(s.HiddenNames([]string{name})) > 0:
			v.hidden = append(v.hidden, p.Name)
		case !p.Same(s.Running(name), ours):
			v.waiting = append(v.waiting, fmt.Sprintf("%s = %s waits for a %s", p.Name, ours, wait(p)))
			v.restart = v.restart || p.Context == "postmaster"
		}
	}
	return v
}

func wait(p settings.Parameter) string {
	if p.Context == "postmaster" {
		return "restart"
	}
	return "reload"
}

// layerName says who decides a parameter, with the line where there is one.
func layerName(s *settings.Snapshot, name string) string {
	switch layer := s.ServerLayer(name); layer {
	case settings.LayerFile, settings.LayerAutoConf:
		last, _ := s.Files.Last(name)
		return fmt.Sprintf("%s line %d", last.File, last.Line)
	case settings.LayerCommandLine:
		return "the postgres command line"
	case settings.LayerEnvironment:
		return "the environment of the server"
	default:
		return "the compiled-in default"
	}
}
