package slowlog

import (
	"context"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// NeedsZone tells that the timestamps, or those of the rows that an interrupted upgrade has not moved yet, have no zone.
func (t *Table) NeedsZone() bool { return t.zoneless() || t.LeftoverZoneless }

// zoneNote begins the comment that keeps, on the table that stood before, the zone that an upgrade began with.
const zoneNote = "avadb: the timestamps are of the time zone "

func (t *Table) begunZone() string {
	zone, found := strings.CutPrefix(t.LeftoverComment, zoneNote)
	if !found {
		return ""
	}
	return zone
}

// Zone decides what time zone the timestamps without one were written in: the one that was given, else that of the roles
// that can write the table, as their and the database's settings say. What a client set by itself stands nowhere.
func (t *Table) Zone(ctx context.Context, conn *pg.Conn, given string) (string, error) {
	if begun := t.begunZone(); begun != "" { // half of the rows are moved by it already
		if given != "" && !strings.EqualFold(given, begun) {
			return "", fault.New(fault.Usage, "the upgrade of %s began with the time zone %s", t.Identifier(), begun).
				WithHint("leave --assume-timezone out: it goes on with that")
		}
		return begun, nil
	}
	if given == "" && t.LeftoverZoneless {
		return "", fault.New(fault.Prerequisite, "the upgrade of %s was interrupted, and the time zone that it began with is lost with the comment of %s", t.Identifier(), leftover).
			WithHint("give the same one again: --assume-timezone")
	}
	if given != "" {
		known, err := query.One[struct{ Known bool }](ctx, conn, "slowlog/zone_known", given)
		if err == nil && !known.Known {
			err = fault.New(fault.Usage, "the server knows no time zone %q", given).WithHint("SELECT name FROM pg_timezone_names lists them")
		}
		return given, err
	}
	server, err := query.One[struct{ Zone *string }](ctx, conn, "slowlog/server_zone")
	if err != nil {
		return "", err
	}
	writers, err := query.Rows[writerZone](ctx, conn, "slowlog/zones", t.Schema)
	if err != nil {
		return "", err
	}
	zones := zonesOf(writers, server.Zone)
	if len(zones) == 1 && zones[0] != "" {
		return zones[0], nil
	}
	if slices.Contains(zones, "") {
		zones[slices.Index(zones, "")] = "the server's own, which this session's hides"
	}
	return "", fault.New(fault.Prerequisite, "the timestamps of %s have no zone, and that of its writers is not certain: %s", t.Identifier(), strings.Join(zones, "; ")).
		WithHint("give the zone that the application wrote them in: --assume-timezone Europe/Berlin")
}

// ahead is how far a writer's clock may go before the server's.
const ahead = 5 * time.Minute

// CheckZone refuses a zone by which rows of the table lie in the future: an upgrade keeps what it makes of the timestamps.
func (t *Table) CheckZone(ctx context.Context, conn *pg.Conn, zone string) error {
	found, err := one[struct {
		Newest *time.Time
		Now    time.Time
	}](ctx, conn, t, "slowlog/newest", t.zoneOf(zone))
	if err != nil || found.Newest == nil || found.Newest.Sub(found.Now) < ahead {
		return err
	}
	return fault.New(fault.Prerequisite, "in the time zone %s the newest row of %s is of %s, which is in the future", zone, t.Identifier(), found.Newest.UTC().Format(time.RFC3339)).
		WithHint("give the zone that the application wrote its timestamps in: --assume-timezone UTC")
}

type writerZone struct {
	Role      string
	Superuser bool
	Zone      *string
}

// zonesOf gives each zone once, the server's as empty where it is not known. Superusers can write everything, and so they count only
// where nobody else can write.
func zonesOf(writers []writerZone, server *string) []string {
	if slices.ContainsFunc(writers, func(w writerZone) bool { return !w.Superuser }) {
		writers = slices.DeleteFunc(writers, func(w writerZone) bool { return w.Superuser })
	}
	if len(writers) == 0 {
		writers = []writerZone{{}}
	}
	var zones []string
	for _, w := range writers {
		zone := w.Zone
		if zone == nil {
			zone = server
		}
		name := ""
		if zone != nil {
			name = *zone
		}
		if !slices.Contains(zones, name) {
			zones = append(zones, name)
		}
	}
	return zones
}

// setZone gives the transaction the writers' time zone; empty where the timestamps have one.
func setZone(ctx context.Context, conn *pg.Conn, zone string) error {
	if zone == "" {
		return nil
	}
	return execute(ctx, conn, "SET LOCAL TimeZone = "+pg.Literal(zone))
}

// execute runs a statement that is built from identifiers.
func execute(ctx context.Context, conn *pg.Conn, statement string) error {
	return query.ExecText(ctx, conn, query.Mark(mark, statement))
}

// mark is what avadb's own statements about the table carry.
const mark = "slowlog/table"
