package settings

import "testing"

func TestPublicSetting(t *testing.T) {
	const command = "curl -H 'X-Token=hunter2' https://u:hunter2@h/%f" //nolint:gosec // made up, to be masked
	const shown = "curl -H 'X-Token=***' https://u:***@h/%f"           //nolint:gosec // made up, to be masked
	for _, c := range []struct{ name, value, want string }{
		{"work_mem", "4MB", "4MB"},
		{"primary_conninfo", "", ""},
		{"Primary_Conninfo", "host=p user=u password=hunter2", "host=p user=u"},
		{"primary_conninfo", "host=p password", "***"},
		{"restore_command", command, shown},
		{"archive_command", command, shown},
		{"app.api_token", "hunter2", "***"},
		{"password_encryption", "md5", "md5"},
		{"passwordcheck.min_password_length", "8", "8"},
	} {
		s := LayeredSetting{Name: c.name, Effective: c.value, Layers: []LayerValue{{Value: c.value}}}.public()
		if s.Effective != c.want || s.Layers[0].Value != c.want {
			t.Errorf("%s = %s: %q, want %q", c.name, c.value, s.Effective, c.want)
		}
	}
}

func TestPublicDifference(t *testing.T) {
	text := func(s string) *string { return &s }
	d := Difference{Name: "primary_conninfo", A: text("host=a password=hunter2")}.public()
	if *d.A != "host=a" || d.B != nil {
		t.Errorf("%q %v", *d.A, d.B)
	}
	d = Difference{Name: "primary_conninfo", A: text("host=a password=hunter2"), B: text("host=a password=hunter3")}.public()
	if *d.A != "***" || *d.B != "***" {
		t.Errorf("%q %q", *d.A, *d.B)
	}
}
