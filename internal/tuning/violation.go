package tuning

import (
	"fmt"
	"slices"
	"strings"

	"avadb/internal/fault"
)

// violation is one reason not to write a set of values.
type violation struct {
	message string
	hint    string
	byUser  bool // a value from the command line has its part in it
}

type violations []violation

func (v *violations) add(one violation) { *v = append(*v, one) }

// err puts all of them into one error, so that a command line is mended in one go; nil for none.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	var messages, hints []string
	kind := fault.Prerequisite
	for _, one := range v {
		messages = append(messages, one.message)
		if one.hint != "" && !slices.Contains(hints, one.hint) {
			hints = append(hints, one.hint)
		}
		if one.byUser {
			kind = fault.Usage
		}
	}
	text := messages[0]
	if len(messages) > 1 {
		text = fmt.Sprintf("nothing was written, for %d reasons:\n  %s", len(messages), strings.Join(messages, "\n  "))
	}
	return fault.New(kind, "%s", text).WithHint("%s", strings.Join(hints, "\n"))
}
