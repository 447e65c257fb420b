package cmd

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// listFlag is a list of names parted by commas, which can be given more than once. It is one line of csv, so that a name
// can hold anything. The flag package's own kind reads the first line and drops the rest without a word: a list that a
// script made of a query's lines would lose all names but the first.
type listFlag struct {
	names *[]string
	set   bool // the first value takes the default's place
}

func listVar(flags *pflag.FlagSet, names *[]string, name, usage string) {
	flags.Var(&listFlag{names: names}, name, usage)
}

// Set is part of pflag.Value.
func (l *listFlag) Set(text string) error {
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	names, err := reader.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return errors.New(`a name with a quote or a comma in it is written as in csv: "a ""quoted"" name"`)
	}
	if _, err := reader.Read(); !errors.Is(err, io.EOF) {
		return errors.New("it has a line break: part the names by commas")
	}
	if !l.set {
		*l.names, l.set = nil, true
	}
	*l.names = append(*l.names, names...)
	return nil
}

// String is part of pflag.Value.
func (l *listFlag) String() string {
	if l.names == nil || len(*l.names) == 0 {
		return "" // no default to speak of, and an empty value where it was given
	}
	return "[" + strings.Join(*l.names, ",") + "]"
}

// Type is part of pflag.Value: what help and the documents call it.
func (l *listFlag) Type() string { return "strings" }
