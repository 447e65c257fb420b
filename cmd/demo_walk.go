package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// demoByHand is the work_mem that somebody has set by hand before avadb came: a rollback must give it back.
const demoByHand = "7MB"

// walk is the main job, from enabling the statistics to the last rollback.
func (d *demo) walk(ctx context.Context) error {
	if err := d.introduce(); err != nil {
		return err
	}
	untouched, err := d.show(ctx)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context) error{d.enableStats, d.findSlow, d.tuneAndBack, d.repair} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return d.leave(ctx, untouched)
}

func (d *demo) introduce() error {
	return d.say(`It listens on 127.0.0.1 port %d, and all of it is in %s.
AVADB_DSN names it, so that avadb goes there. The database is %s, and somebody has set
work_mem = %s by hand, long ago. To restart it:
%s`, d.server.Port, d.server.Dir, demoDatabase, demoByHand, d.server.RestartCommand())
}

func (d *demo) enableStats(ctx context.Context) error {
	err := d.step("Statistics", "pg_stat_statements must be preloaded, and that takes a restart: exit code 6 tells a script so.")
	if err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{6}, "enable-stats"); err != nil {
		return err
	}
	if err := d.sayLine("With --restart-command it does the restart, too, and checks that the statistics flow."); err != nil {
		return err
	}
	_, err = d.avadb(ctx, []int{0}, "enable-stats", "--restart-command", d.restart)
	return err
}

func (d *demo) findSlow(ctx context.Context) error {
	if err := d.step("What is slow", "The shop goes to work: lookups, orders, reports."); err != nil {
		return err
	}
	done, err := d.runWorkload(ctx)
	if err != nil {
		return err
	}
	if err := d.say("%s", done); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "slow", "--since", "1h", "--limit", "5"); err != nil {
		return err
	}
	if err := d.sayLine("The same for scripts: data on stdout, as JSON, CSV or plain text."); err != nil {
		return err
	}
	_, err = d.avadb(ctx, []int{0}, "slow", "--since", "1h", "--by", "calls", "--limit", "3", "-o", "csv", "-q")
	return err
}

func (d *demo) tuneAndBack(ctx context.Context) error {
	ram, why := d.chooseRAM()
	if err := d.step("Tune", "The settings for a server with "+ram+" of memory"+why+". First only a look:"); err != nil {
		return err
	}
	found, err := d.show(ctx)
	if err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "tune", "--ram", ram, "-o", "conf", "--dry-run"); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "tune", "--ram", ram, "--restart-command", d.restart); err != nil {
		return err
	}
	tuned, err := d.show(ctx)
	if err != nil {
		return err
	}
	if tuned["shared_buffers"] == found["shared_buffers"] {
		return fault.New(fault.Failed, "the server was tuned and restarted, but shared_buffers is still %s", found["shared_buffers"])
	}
	return d.undo(ctx, found, tuned)
}

// undo rolls the tuning back and compares.
func (d *demo) undo(ctx context.Context, found, tuned values) error {
	if err := d.step("Back to what it was", "Every change is in the journal, with what stood before. The newest is undone:"); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "history"); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "rollback"); err != nil {
		return err
	}
	if _, err := d.shell(ctx, []int{0}, d.restart); err != nil {
		return err
	}
	now, err := d.show(ctx)
	if err != nil {
		return err
	}
	if err := d.tabulate(found, tuned, now); err != nil {
		return err
	}
	return d.mustBeBack(found, now)
}

// repair breaks the server in a way that needs no luck and harms nothing, and mends it without a connection.
func (d *demo) repair(ctx context.Context) error {
	if !noHugePages() {
		return nil // the server would start
	}
	err := d.step("The server does not start any more",
		"huge_pages = on is fatal where the kernel has reserved none. avadb would refuse it, but --force",
		"writes it all the same.")
	if err != nil {
		return err
	}
	found, err := d.show(ctx)
	if err != nil {
		return err
	}
	ram, _ := d.chooseRAM()
	_, err = d.avadb(ctx, []int{1}, "tune", "--ram", ram, "--only", "huge_pages", "--set", "huge_pages=on", "--force", "--restart-command", d.restart)
	if err != nil {
		return err
	}
	if err := d.sayLine("The server is down, so SQL cannot mend it. The journal on disk can:"); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "rollback", "--offline", "--pgdata", d.server.DataDir); err != nil {
		return err
	}
	if _, err := d.shell(ctx, []int{0}, d.restart); err != nil {
		return err
	}
	now, err := d.show(ctx)
	if err != nil {
		return err
	}
	return d.mustBeBack(found, now)
}

// leave undoes the very first change as well.
func (d *demo) leave(ctx context.Context, untouched values) error {
	if err := d.step("Leave nothing behind", "What is left is pg_stat_statements. One more rollback removes it, and only it."); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "rollback"); err != nil {
		return err
	}
	if _, err := d.shell(ctx, []int{0}, d.restart); err != nil {
		return err
	}
	if _, err := d.avadb(ctx, []int{0}, "history"); err != nil {
		return err
	}
	now, err := d.show(ctx)
	if err != nil {
		return err
	}
	if err := d.mustBeBack(untouched, now); err != nil {
		return err
	}
	return d.mustHaveNoExtension(ctx)
}

func (d *demo) mustHaveNoExtension(ctx context.Context) error {
	conn, err := d.connect(ctx, demoDatabase)
	if err != nil {
		return err
	}
	defer conn.Close()
	left, err := texts(ctx, conn, "SELECT extname::text FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements'")
	if err == nil && len(left) > 0 {
		err = fault.New(fault.Failed, "the extension pg_stat_statements is still there after the rollback")
	}
	return err
}

// chooseRAM gives 8GB, or less where this host, or the control group the server runs in, has less: with shared_buffers
// beyond the memory it would not start.
func (d *demo) chooseRAM() (ram, why string) {
	const want = 8 * units.GB
	pid, err := d.server.PID()
	if err != nil {
		pid = 0
	}
	host, err := tuning.ReadHostMemory(os.DirFS("/"), pid)
	if err != nil {
		return units.FormatSize(units.GB), " (little, as the memory of this host cannot be seen)"
	}
	if host >= want {
		return units.FormatSize(want), ""
	}
	size := int64(want)
	for size > host && size > 256*units.MB {
		size /= 2
	}
	return units.FormatSize(size), fmt.Sprintf(" (8GB is the usual example, but this host has %s)", units.HumanSize(host))
}

// noHugePages tells whether the kernel has, and makes, no huge pages for the server. False where that cannot be read.
func noHugePages() bool {
	for _, file := range []string{"nr_hugepages", "nr_overcommit_hugepages"} {
		text, err := os.ReadFile(filepath.Join("/proc/sys/vm", file))
		if err != nil || strings.TrimSpace(string(text)) != "0" {
			return false
		}
	}
	return true
}
