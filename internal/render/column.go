package render

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// column is what the tags of a row's field say.
type column struct {
	name     string // the JSON key
	index    []int  // for reflect's FieldByIndex
	right    bool
	decimals int // of num.N; -1 = as many as it has
	elastic  bool
	spare    bool // left out where a terminal is too narrow for all
	status   bool
}

// columnsOf reads the tags of a row type. Fields of embedded structs count as the row's own, as they
// do in JSON.
func columnsOf(t reflect.Type) ([]column, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("rows of %s are no structs", t)
	}
	var columns []column
	for i := range t.NumField() {
		field := t.Field(i)
		tag, tagged := field.Tag.Lookup("col")
		switch {
		case tagged:
			c, err := newColumn(field, tag)
			if err != nil {
				return nil, fmt.Errorf("field %s of %s: %w", field.Name, t, err)
			}
			columns = append(columns, c)
		case field.Anonymous && field.Type.Kind() == reflect.Struct:
			inner, err := columnsOf(field.Type)
			if err != nil {
				return nil, err
			}
			for _, c := range inner {
				c.index = append([]int{i}, c.index...)
				columns = append(columns, c)
			}
		}
	}
	return columns, nil
}

func newColumn(field reflect.StructField, tag string) (column, error) {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		name = field.Name
	}
	c := column{name: name, index: field.Index, right: isNumber(field.Type), decimals: -1}
	if !field.IsExported() || name == "-" {
		return c, fmt.Errorf("a column must be an exported field with a JSON key")
	}
	for option := range strings.SplitSeq(tag, ",") {
		if err := c.set(option); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *column) set(option string) error {
	digits, isNum := strings.CutPrefix(option, "num.")
	switch {
	case option == "":
	case option == "left":
		c.right = false
	case option == "right":
		c.right = true
	case option == "elastic":
		c.elastic = true
	case option == "spare":
		c.spare = true
	case option == "status":
		c.status = true
	case isNum:
		n, err := strconv.ParseUint(digits, 10, 4)
		if err != nil {
			return fmt.Errorf("col option %q wants a number of decimals, as in num.2", option)
		}
		c.right, c.decimals = true, int(n)
	default:
		return fmt.Errorf("unknown col option %q", option)
	}
	return nil
}

func isNumber(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64
}
