package fingerprint

import "testing"

// The value of a parameter with a secret's name, and a command line.
func TestMaskSecretSettings(t *testing.T) {
	for query, want := range map[string]string{ //nolint:gosec // the secrets are what is masked
		"set my.jwt_token='geheim'":                                                             "set my.jwt_token='***'",
		"set my.api_key to 'geheim'":                                                            "set my.api_key to '***'",
		"SET LOCAL my.api_key TO geheim":                                                        "SET LOCAL my.api_key TO '***'",
		`SET SESSION "my"."API_KEY" = "geheim"`:                                                 `SET SESSION "my"."API_KEY" = '***'`,
		"set my.pwd = 'geheim', 'geheim2', geheim3; select 'x'":                                 "set my.pwd = '***', '***', '***'; select 'x'",
		"set my.token = 12345":                                                                  "set my.token = '***'",
		"set my.token = 'gehei":                                                                 "set my.token = '***'",
		"set jwt.claims = 'geheim'":                                                             "set jwt.claims = '***'",
		"set my.secret = default":                                                               "set my.secret = default",
		"set app.authorization = 'Bearer geheim'":                                               "set app.authorization = '***'",
		"begin; set local my.token = 'geheim'; select 1":                                        "begin; set local my.token = '***'; select 1",
		"alter role a set my.tok_secret='geheim'":                                               "alter role a set my.tok_secret='***'",
		"alter role a in database d set my.passwd to 'geheim'":                                  "alter role a in database d set my.passwd to '***'",
		"alter database d set my.credentials = $x$geheim$x$":                                    "alter database d set my.credentials = '***'",
		"alter function f(int) set my.token = 'geheim' set a = 'b'":                             "alter function f(int) set my.token = '***' set a = 'b'",
		"create function f() returns int set my.token = 'geheim' as 'select 1' language sql":    "create function f() returns int set my.token = '***' as 'select 1' language sql",
		"select set_config('my.secret_key', 'geheim', false)":                                   "select set_config('my.secret_key', '***', false)",
		"select pg_catalog.set_config ( E'my.secret_key'::text , 'ge' || 'heim', true), 'x'":    "select pg_catalog.set_config ( E'my.secret_key'::text , '***' || '***', true), 'x'",
		"select set_config(setting_name => 'my.token', new_value => 'geheim', is_local => 't')": "select set_config(setting_name => 'my.token', new_value => '***', is_local => 't')",
		"select set_config(new_value => 'geheim', setting_name => 'my.token', is_local => 't')": "select set_config(new_value => '***', setting_name => 'my.token', is_local => 't')",
		"alter system set archive_command='aws --secret-key geheim s3 cp %p'":                   "alter system set archive_command='***'",
		"alter system set primary_conninfo = 'host=h password=geheim'":                          "alter system set primary_conninfo = '***'",
		"alter system set ssl_passphrase_command to 'echo geheim'":                              "alter system set ssl_passphrase_command to '***'",
		"alter system set restore_command to 'curl geheim'":                                     "alter system set restore_command to '***'",
		"alter system set archive_cleanup_command to 'curl geheim'":                             "alter system set archive_cleanup_command to '***'",
		"alter system set recovery_end_command to 'curl geheim'":                                "alter system set recovery_end_command to '***'",
		"copy t to program 'curl -u me:geheim https://h'":                                       "copy t to program '***'",
		"copy t from program $$curl -u me:geheim https://h$$ with (format csv, null 'x')":       "copy t from program '***' with (format csv, null 'x')",
		"create foreign table t (a int) server s options (program 'curl -u geheim', null 'n')":  "create foreign table t (a int) server s options (program '***', null 'n')",
		"alter server s options (set api_key 'geheim', add host 'h')":                           "alter server s options (set api_key '***', add host 'h')",
		"do $$ begin execute 'alter system set archive_command = ''aws geheim'''; end $$":       "do $$ begin execute 'alter system set archive_command = ***'; end $$",
		"update u set name = 'x', token = 'geheim' where key = 'k'":                             "update u set name = 'x', token = '***' where key = 'k'",
		"select f(api_key => 'geheim', key := 'geheim')":                                        "select f(api_key => '***', key := '***')",
	} {
		got := MaskSecrets(query)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
		if again := MaskSecrets(got); again != got {
			t.Errorf("masked again it is another:\n%s\n%s", got, again)
		}
	}
}
