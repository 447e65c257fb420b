package query

import (
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
)

// collect gives each row as a T, as pgx.RowToStructByName does, which looks the columns up for each row anew: with thousands of rows that
// takes longer than all the rest, and the server waits meanwhile. So the first row alone goes that way, which also finds what does not fit.
func collect[T any](rows pgx.Rows) ([]T, error) {
	defer rows.Close()
	if !rows.Next() {
		return []T{}, rows.Err()
	}
	first, err := pgx.RowToStructByName[T](rows)
	if err != nil {
		return nil, err
	}
	out := []T{first}
	paths := columnPaths(reflect.TypeFor[T](), rows)
	targets := make([]any, len(paths))
	for rows.Next() {
		var row T
		out = append(out, row)
		value := reflect.ValueOf(&out[len(out)-1]).Elem()
		for i, path := range paths {
			targets[i] = value.FieldByIndex(path).Addr().Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// columnPaths gives for each column the struct's field that takes it.
func columnPaths(t reflect.Type, rows pgx.Rows) [][]int {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		tag, tagged := f.Tag.Lookup("db")
		switch {
		case !f.IsExported() || f.Anonymous || tag == "-":
		case tagged:
			fields[tag] = f.Index
		default:
			fields[normalised(f.Name)] = f.Index
		}
	}
	var paths [][]int
	for _, column := range rows.FieldDescriptions() {
		path, found := fields[column.Name]
		if !found {
			path = fields[normalised(column.Name)]
		}
		paths = append(paths, path)
	}
	return paths
}

// normalised is a name as columns and untagged fields are compared.
func normalised(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
