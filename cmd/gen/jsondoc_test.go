package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"avadb/cmd"
)

// TestAllDocumentsAreDocumented: a struct that begins as every document does is one of the Documents, or docs/json.md has no word of it.
func TestAllDocumentsAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, document := range cmd.Documents() {
		documented[reflect.TypeOf(document).Name()] = true
	}
	found := 0
	for _, name := range sourcesOf(t, "..") {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			declared, ok := n.(*ast.TypeSpec)
			if !ok || !beginsWithHead(declared) {
				return true
			}
			found++
			if !documented[declared.Name.Name] {
				t.Errorf("%s: %s is not among the Documents of cmd/docs.go", name, declared.Name.Name)
			}
			return true
		})
	}
	if found != len(documented) {
		t.Errorf("%d documents are documented, and %d are in the source", len(documented), found)
	}
}

func sourcesOf(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no source in %s: %v", folder, err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

func beginsWithHead(declared *ast.TypeSpec) bool {
	body, ok := declared.Type.(*ast.StructType)
	if !ok || len(body.Fields.List) == 0 || len(body.Fields.List[0].Names) > 0 {
		return false
	}
	name, ok := body.Fields.List[0].Type.(*ast.Ident)
	return ok && name.Name == "head"
}

// TestAllFieldsAreDocumented: what a document becomes as JSON, each name in it, is in its section of docs/json.md, and of the type said.
func TestAllFieldsAreDocumented(t *testing.T) {
	raw, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range cmd.Documents() {
		_, section, found := strings.Cut(string(raw), "\n## "+name+"\n")
		if !found {
			t.Errorf("docs/json.md has no section %q", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		text, err := json.Marshal(filled(reflect.TypeOf(document)).Interface())
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"schema_version", "command", "generated_at", "target"} {
			delete(value, of)
		}
		for path, kind := range leaves("", value) {
			if !regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(path) + "`( \\*)? \\| " + kind).MatchString(section) {
				t.Errorf("%s: docs/json.md does not have %s as %s", name, path, kind)
			}
		}
	}
}

// filled is a value of the type with one element in each list and map, and nothing nil.
func filled(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	switch of.Kind() {
	case reflect.Pointer:
		v.Set(filled(of.Elem()).Addr())
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(of.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(of))
		v.SetMapIndex(filled(of.Key()), filled(of.Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range of.NumField() {
			if v.Field(i).CanSet() && of != reflect.TypeFor[time.Time]() {
				v.Field(i).Set(filled(of.Field(i).Type))
			}
		}
	default: // numbers and times are never left out
	}
	return v
}

// leaves gives the path of each field, and how its type begins in docs/json.md.
func leaves(prefix string, value map[string]any) map[string]string {
	found := map[string]string{}
	add := func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			found[path] = "object"
			if inner, data := v["x"]; data && len(v) == 1 { // a map, whose names are data
				if fields, ok := inner.(map[string]any); ok {
					maps.Copy(found, leaves(path+"[].", fields))
				}
				return
			}
			maps.Copy(found, leaves(path+".", v))
		case []any:
			found[path] = "list"
			if fields, ok := v[0].(map[string]any); ok {
				maps.Copy(found, leaves(path+"[].", fields))
			}
		case string:
			found[path] = "(string|time)"
		case nil: // a document that writes itself down may leave a value out
			found[path] = ""
		case bool:
			found[path] = "boolean"
		default:
			found[path] = "(integer|number)"
		}
	}
	for name, v := range value {
		add(prefix+name, v)
	}
	return found
}
