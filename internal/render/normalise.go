package render

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// normalise gives a copy in which nil slices are empty ([] in JSON, never null), nil maps too, and
// times are UTC, and numbers trimmed. The caller's value stays as it is. Types that write their own JSON are left alone.
func normalise(v reflect.Value) reflect.Value {
	if t, ok := v.Interface().(time.Time); ok {
		return reflect.ValueOf(t.UTC())
	}
	if writesItself(v.Type()) {
		return v
	}
	switch kind := v.Kind(); {
	case kind == reflect.Pointer && !v.IsNil():
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(normalise(v.Elem()))
		return c
	case kind == reflect.Interface && !v.IsNil():
		return normalise(v.Elem())
	case kind == reflect.Struct:
		return normaliseStruct(v)
	case kind == reflect.Slice:
		return normaliseSlice(v)
	case kind == reflect.Float64:
		c := reflect.New(v.Type()).Elem()
		c.SetFloat(trimmed(v.Float()))
		return c
	case kind == reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, normalise(value))
		}
		return c
	}
	return v
}

func normaliseStruct(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	normaliseFields(c)
	return c
}

// normaliseFields works on a copy, in place, because the fields that JSON takes from an embedded struct
// of an unexported type can only be set one by one.
func normaliseFields(c reflect.Value) {
	for i := range c.NumField() {
		field := c.Type().Field(i)
		leftOut := strings.Contains(field.Tag.Get("json"), ",omitzero") && c.Field(i).IsZero()
		switch {
		case leftOut:
		case field.IsExported():
			c.Field(i).Set(normalise(c.Field(i)))
		case field.Anonymous && field.Type.Kind() == reflect.Struct:
			normaliseFields(c.Field(i))
		}
	}
}

func normaliseSlice(v reflect.Value) reflect.Value {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return v // bytes are a string in JSON, and nil ones are unknown
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		c.Index(i).Set(normalise(v.Index(i)))
	}
	return c
}

func writesItself(t reflect.Type) bool {
	if t == reflect.TypeFor[*time.Time]() {
		return false // handled where it points to
	}
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t) // has the methods of both
	}
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
