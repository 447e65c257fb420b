package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// comments reads what the source says of types, fields and constants: there the documents get their meaning from.
type comments struct {
	source   string // top folder of the project
	packages map[string]*packageComments
}

// packageComments is one package's share, by type name.
type packageComments struct {
	types  map[string]string
	fields map[string]map[string]string
	values map[string][]constant
}

// constant is one value of a text type that has a fixed list of them.
type constant struct{ value, comment string }

func newComments(source string) *comments {
	return &comments{source: source, packages: map[string]*packageComments{}}
}

// of gives the comments of the package that declares a type; nil for types that are not the project's.
func (c *comments) of(t reflect.Type) (*packageComments, error) {
	path, ours := strings.CutPrefix(t.PkgPath(), "avadb/")
	if !ours {
		return nil, nil
	}
	if known := c.packages[path]; known != nil {
		return known, nil
	}
	read, err := readPackage(filepath.Join(c.source, filepath.FromSlash(path)))
	c.packages[path] = read
	return read, err
}

func readPackage(folder string) (*packageComments, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	p := &packageComments{types: map[string]string{}, fields: map[string]map[string]string{}, values: map[string][]constant{}}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse the source: %w", err)
		}
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok {
				p.add(group)
			}
		}
	}
	return p, nil
}

func (p *packageComments) add(group *ast.GenDecl) {
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			p.addType(spec, text(group.Doc)+text(spec.Doc))
		case *ast.ValueSpec:
			p.addConstant(spec)
		}
	}
}

func (p *packageComments) addType(spec *ast.TypeSpec, comment string) {
	name := spec.Name.Name
	p.types[name] = withoutName(comment, name)
	body, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	p.fields[name] = map[string]string{}
	for _, field := range body.Fields.List {
		for _, id := range field.Names {
			p.fields[name][id.Name] = withoutName(text(field.Doc)+text(field.Comment), id.Name)
		}
	}
}

// addConstant collects `Exact Confidence = "exact" // comment`.
func (p *packageComments) addConstant(spec *ast.ValueSpec) {
	of, typed := spec.Type.(*ast.Ident)
	if !typed || len(spec.Values) != 1 {
		return
	}
	literal, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return
	}
	if value, err := strconv.Unquote(literal.Value); err == nil {
		p.values[of.Name] = append(p.values[of.Name], constant{value, text(spec.Comment)})
	}
}

// text is a comment on one line.
func text(group *ast.CommentGroup) string {
	return strings.Join(strings.Fields(group.Text()), " ")
}

// withoutName takes "Name is" away from the beginning: a table has the name in its first column.
func withoutName(comment, name string) string {
	for _, verb := range []string{" is ", " are ", " says "} {
		if rest, found := strings.CutPrefix(comment, name+verb); found {
			return rest
		}
	}
	return comment
}
