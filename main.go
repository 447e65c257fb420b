// Command avadb is a toolkit for PostgreSQL DBAs: safe, measured and reversible changes from the command line.
package main

import (
	"os"

	"avadb/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
