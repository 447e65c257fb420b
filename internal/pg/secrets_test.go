package pg

import "testing"

func TestMaskSecrets(t *testing.T) {
	for text, want := range map[string]string{ //nolint:gosec // made up, to be masked
		"tune --ram 1GB":                               "tune --ram 1GB",
		"--set password_encryption=md5":                "--set password_encryption=md5",
		"restart postgres://u:hunter2@h/db":            "restart postgres://u:***@h/db",
		"PGPASSWORD=hunter2 pg_ctl restart":            "PGPASSWORD=*** pg_ctl restart",
		`password='hun ter\'2' host=h`:                 "password=*** host=h",
		"AWS_SECRET_ACCESS_KEY=hunter2 s3 cp":          "AWS_SECRET_ACCESS_KEY=*** s3 cp",
		"fetch --api-token hunter2 %f":                 "fetch --api-token *** %f",
		`curl -H "Authorization: Bearer hunter2" u/%f`: `curl -H "Authorization: Bearer ***" u/%f`,
	} {
		if got := MaskSecrets(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
