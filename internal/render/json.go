package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf16"
	"unicode/utf8"
)

// writeJSON prints a document, indented by two blanks, empty lists as [] and times in UTC.
func writeJSON(out *bytes.Buffer, doc any) error {
	return encode(out, reflect.ValueOf(doc), "  ")
}

// stampName is the key of Printer.Stamp: that of a document's time.
const stampName = "generated_at"

// writeJSONLines prints each row as one compact object a line, which begins with the stamp where there is one; rows as newGrid takes them.
func writeJSONLines(out *bytes.Buffer, rows any, stamp string) error {
	v := reflect.Indirect(reflect.ValueOf(rows))
	switch {
	case v.IsValid() && v.Kind() == reflect.Struct:
		return encodeStamped(out, v, stamp)
	case !v.IsValid() || v.Kind() != reflect.Slice:
		return notRows(rows)
	}
	for i := range v.Len() {
		if err := encodeStamped(out, v.Index(i), stamp); err != nil {
			return err
		}
	}
	return nil
}

// encodeStamped puts the stamp in front of an object's own keys.
func encodeStamped(out *bytes.Buffer, v reflect.Value, stamp string) error {
	if stamp == "" {
		return encode(out, v, "")
	}
	var object bytes.Buffer
	if err := encode(&object, v, ""); err != nil {
		return err
	}
	rest, isObject := bytes.CutPrefix(object.Bytes(), []byte("{"))
	if !isObject {
		return fmt.Errorf("a row of %s is no object", v.Type())
	}
	fmt.Fprintf(out, `{%q:%q`, stampName, stamp)
	if !bytes.HasPrefix(rest, []byte("}")) {
		out.WriteByte(',')
	}
	out.Write(rest)
	return nil
}

func encode(out *bytes.Buffer, v reflect.Value, indent string) error {
	var doc any
	if v.IsValid() {
		doc = normalise(v).Interface()
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("writing json: %w", err)
	}
	escapeControls(out, text.Bytes())
	return nil
}

// escapeControls copies JSON and writes as \uXXXX what encoding/json leaves as it is although a
// terminal obeys it: DEL, C1 and the invisible characters. They occur inside strings only, where the
// escape means the same.
func escapeControls(out *bytes.Buffer, text []byte) {
	copied := 0
	for i := 0; i < len(text); {
		if text[i] < 0x7f { // C0 is already escaped; this is nearly every byte
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if unsafeRune(r) {
			out.Write(text[copied:i])
			writeEscape(out, r)
			copied = i + size
		}
		i += size
	}
	out.Write(text[copied:])
}

func writeEscape(out *bytes.Buffer, r rune) {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		fmt.Fprintf(out, `\u%04x\u%04x`, high, low)
		return
	}
	fmt.Fprintf(out, `\u%04x`, r)
}
