package slowlog

import (
	"slices"
	"testing"

	"avadb/internal/fault"
)

func TestZonesOf(t *testing.T) {
	text := func(s string) *string { return &s }
	server := text("UTC")
	for name, c := range map[string]struct {
		writers []writerZone
		server  *string
		want    []string
	}{
		"nobody":                         {nil, server, []string{"UTC"}},
		"nobody, and the server unknown": {nil, nil, []string{""}},
		"superusers do not count":        {[]writerZone{{"root", true, nil}, {"app", false, text("Europe/Berlin")}}, server, []string{"Europe/Berlin"}},
		"superusers alone":               {[]writerZone{{"root", true, nil}}, server, []string{"UTC"}},
		"two of one mind":                {[]writerZone{{"a", false, nil}, {"b", false, text("UTC")}}, server, []string{"UTC"}},
		"two that differ":                {[]writerZone{{"a", false, nil}, {"b", false, text("Asia/Tokyo")}}, server, []string{"UTC", "Asia/Tokyo"}},
	} {
		if got := zonesOf(slices.Clone(c.writers), c.server); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestZoneComesFromRoleAndDatabase(t *testing.T) {
	r := newRig(t, original, "CREATE ROLE z_app LOGIN", "CREATE ROLE z_other LOGIN", "GRANT INSERT ON slow_query_log TO z_app")
	wantZone := func(given, want string, kind fault.Kind) {
		t.Helper()
		zone, err := r.find(t).Zone(t.Context(), r.conn, given)
		if kind != "" {
			if f := fault.As(err); f == nil || f.Kind != kind {
				t.Errorf("zone %q, error %v, want %s", zone, err, kind)
			}
			return
		}
		if err != nil || zone != want {
			t.Errorf("zone %q, error %v, want %q", zone, err, want)
		}
	}
	wantZone("", "UTC", "")
	run(t, r.admin, "ALTER DATABASE "+r.name+" SET timezone = 'Asia/Tokyo'")
	wantZone("", "Asia/Tokyo", "")
	run(t, r.admin, "ALTER ROLE z_app SET TimeZone = 'America/New_York'")
	wantZone("", "America/New_York", "")
	run(t, r.admin, "ALTER ROLE z_app IN DATABASE "+r.name+" SET timezone = 'Europe/Paris'")
	wantZone("", "Europe/Paris", "")
	run(t, r.admin, "GRANT INSERT (query) ON slow_query_log TO z_other")
	wantZone("", "", fault.Prerequisite)
	wantZone("Europe/Berlin", "Europe/Berlin", "")
	wantZone("Europe/Nowhere", "", fault.Usage)
}
