package settings

import "testing"

func TestRoleSettingNames(t *testing.T) {
	for _, scope := range []Scope{{Role: "app"}, {Database: "shop"}, {Role: `a" IN DATABASE "b`, Database: `odd "db`}, {Role: "ROLE x"}, {Database: " IN DATABASE "}} {
		item := NewRoleSetting(nil, scope, "statement_timeout")
		again, err := ParseRoleSetting(nil, item.Name())
		if err != nil || *again != *item {
			t.Errorf("%s: %+v, %v", item.Name(), again, err)
		}
	}
}

func FuzzParseRoleSetting(f *testing.F) {
	f.Add(`ROLE "reports" IN DATABASE "shop" statement_timeout`)
	f.Add(`DATABASE "shop`)
	f.Fuzz(func(t *testing.T, name string) {
		if item, err := ParseRoleSetting(nil, name); err == nil && item.Name() != name {
			t.Errorf("%q became %q", name, item.Name())
		}
	})
}
