package main

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"avadb/cmd"
)

// manPages gives one man page of section 1 for each command, by its file name. They are written here and not by
// cobra/doc, which knows neither exit codes nor privileges, puts a date in, and brings two libraries along.
func manPages(root *cobra.Command) map[string]string {
	pages := map[string]string{}
	for _, c := range tree(root) {
		pages[manName(c)+".1"] = manPage(c)
	}
	return pages
}

func manName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func manPage(c *cobra.Command) string {
	return strings.Join([]string{
		`.TH "` + strings.ToUpper(manName(c)) + `" "1" "" "avadb" "avadb"`,
		".SH NAME",
		roff(manName(c)) + ` \- ` + roff(c.Short),
		manBlock("SYNOPSIS", c.UseLine()),
		manText("DESCRIPTION", c.Long),
		manBlock("EXAMPLES", unindent(c.Example)),
		manBlock("OPTIONS", unindent(c.NonInheritedFlags().FlagUsages())),
		manBlock("COMMON OPTIONS", unindent(c.InheritedFlags().FlagUsages())),
		manBlock("LEAST PRIVILEGE", unindent(c.Annotations[cmd.AnnotationPrivileges])),
		manBlock("EXIT STATUS", unindent(c.Annotations[cmd.AnnotationExits])),
		manText("SEE ALSO", seeAlso(c)),
	}, "\n") + "\n"
}

// manBlock keeps the lines as they are; manText lets the reader's terminal break them.
func manBlock(title, text string) string {
	if text == "" {
		return `.\"`
	}
	return `.SH "` + title + "\"\n.nf\n" + roff(text) + "\n.fi"
}

func manText(title, text string) string {
	if text == "" {
		return `.\"`
	}
	return `.SH "` + title + "\"\n" + strings.ReplaceAll(roff(text), "\n\n", "\n.PP\n")
}

func seeAlso(c *cobra.Command) string {
	var names []string
	if c.HasParent() {
		names = append(names, manName(c.Parent())+"(1)")
	}
	for _, sub := range c.Commands() {
		if documented(sub) {
			names = append(names, manName(sub)+"(1)")
		}
	}
	return strings.Join(names, ", ")
}

// control is a line that roff would take for a request.
var control = regexp.MustCompile(`(?m)^[.']`)

// roff escapes a text. A plain - would become a hyphen that cannot be pasted into a shell.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(text)
	return control.ReplaceAllString(text, `\&$0`)
}
