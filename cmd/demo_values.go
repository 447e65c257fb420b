package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/tuning"
)

// values are parameters with what SHOW says.
type values map[string]string

// show reads what SHOW gives for the parameters that the demo touches.
func (d *demo) show(ctx context.Context) (values, error) {
	conn, err := d.connect(ctx, demoDatabase)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// avadb's own session defaults would hide idle_in_transaction_session_timeout.
	if _, err := conn.Exec(ctx, "RESET ALL"); err != nil {
		return nil, pg.Describe(ctx, err)
	}
	shown := values{}
	for _, name := range append(tuning.ProfileNames(tuning.QuickWins), "huge_pages", "shared_preload_libraries", "track_io_timing") {
		value, err := texts(ctx, conn, "SHOW "+name)
		if err != nil {
			return nil, err
		}
		shown[name] = strings.Join(value, "")
	}
	return shown, nil
}

// shown is one line of the table of values.
type shownValue struct {
	Name  string `json:"name" col:""`
	Found string `json:"as_found" col:"left"`
	Tuned string `json:"tuned" col:"left"`
	Now   string `json:"now" col:"left"`
}

// tabulate prints what SHOW said at each point for what tune is about.
func (d *demo) tabulate(found, tuned, now values) error {
	if err := d.sayLine("What SHOW says:"); err != nil {
		return err
	}
	var rows []shownValue
	for _, name := range tuning.ProfileNames(tuning.QuickWins) {
		rows = append(rows, shownValue{Name: name, Found: found[name], Tuned: tuned[name], Now: now[name]})
	}
	p := render.Printer{Out: d.app.out, Format: render.Table, Color: d.app.colorOn(d.app.out), Width: width(d.app.out)}
	return p.Result(rows, rows)
}

func (d *demo) sayLine(text string) error {
	if _, err := fmt.Fprintln(d.app.out); err != nil {
		return err
	}
	return d.say("%s", text)
}

// mustBeBack fails where a value is not what it was.
func (d *demo) mustBeBack(want, now values) error {
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if want[name] != now[name] {
			lost = append(lost, fmt.Sprintf("%s is %q and was %q", name, now[name], want[name]))
		}
	}
	if len(lost) > 0 {
		return fault.New(fault.Failed, "not back after the rollback: %s", strings.Join(lost, ", ")).
			WithHint("avadb demo --keep leaves the server for a look at it")
	}
	_, err := fmt.Fprintln(d.app.out, d.paint.Green(fmt.Sprintf("ok: all %d values are back to what they were", len(want))))
	return err
}
