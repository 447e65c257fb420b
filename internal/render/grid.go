package render

import (
	"fmt"
	"reflect"
	"slices"
)

// grid is rows on their way to table, plain or csv.
type grid struct {
	columns []column
	values  [][]reflect.Value
	cells   [][]string // set by fill
	pairs   bool       // one struct, a line a column
}

// newGrid picks the values of the columns out of rows: a slice of structs or of pointers to them, or
// one struct, whose columns become rows.
func newGrid(rows any) (*grid, error) {
	v := reflect.Indirect(reflect.ValueOf(rows))
	if v.IsValid() && v.Kind() == reflect.Struct {
		return newPairs(v)
	}
	if !v.IsValid() || v.Kind() != reflect.Slice {
		return nil, notRows(rows)
	}
	columns, err := columnsOf(v.Type().Elem())
	if err != nil {
		return nil, err
	}
	g := &grid{columns: columns}
	for i := range v.Len() {
		row := reflect.Indirect(v.Index(i))
		if !row.IsValid() {
			return nil, fmt.Errorf("row %d of %T is nil", i, rows)
		}
		line := make([]reflect.Value, len(columns))
		for j, c := range columns {
			line[j] = row.FieldByIndex(c.index)
		}
		g.values = append(g.values, line)
	}
	return g, nil
}

func notRows(rows any) error {
	return fmt.Errorf("rows of type %T are neither a slice of structs nor a struct", rows)
}

// newPairs lists a struct's columns downwards, each with the format its own tag asks for.
func newPairs(v reflect.Value) (*grid, error) {
	fields, err := columnsOf(v.Type())
	if err != nil {
		return nil, err
	}
	g := &grid{columns: []column{{name: "name"}, {name: "value", decimals: -1}}, pairs: true}
	for _, f := range fields {
		g.columns[1].elastic = g.columns[1].elastic || f.elastic
		g.columns[1].status = g.columns[1].status || f.status
		value := v.FieldByIndex(f.index)
		if f.decimals >= 0 {
			value = reflect.ValueOf(fixed(value, f.decimals))
		}
		g.values = append(g.values, []reflect.Value{reflect.ValueOf(f.name), value})
	}
	return g, nil
}

// cellText turns a value into what a format shows of it.
type cellText func(reflect.Value, column) string

// fill turns the values into text.
func (g *grid) fill(text cellText) {
	g.cells = make([][]string, len(g.values))
	for i, line := range g.values {
		g.cells[i] = make([]string, len(line))
		for j, v := range line {
			g.cells[i][j] = text(v, g.columns[j])
		}
	}
}

// lead puts a column of the same value in front of the filled grid.
func (g *grid) lead(name, value string) {
	g.columns = slices.Insert(g.columns, 0, column{name: name})
	for n, line := range g.cells {
		g.cells[n] = slices.Insert(line, 0, value)
	}
}

// drop leaves out a column of the filled grid; -1 is none.
func (g *grid) drop(i int) {
	if i < 0 {
		return
	}
	g.columns = slices.Delete(g.columns, i, i+1)
	for n, line := range g.cells {
		g.cells[n] = slices.Delete(line, i, i+1)
	}
}

func (g *grid) headers() []string {
	names := make([]string, len(g.columns))
	for i, c := range g.columns {
		names[i] = c.name
	}
	return names
}

// widths is the display width of each column's widest cell.
func (g *grid) widths(headers bool) []int {
	widest := make([]int, len(g.columns))
	for i, c := range g.columns {
		if headers {
			widest[i] = width(c.name)
		}
		for _, line := range g.cells {
			widest[i] = max(widest[i], width(line[i]))
		}
	}
	return widest
}
