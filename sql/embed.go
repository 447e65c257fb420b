// Package sql holds every statement avadb sends, one to a file: <group>/<query>.sql, with variants for a server
// major and up (<query>.17.sql) or an extension version and up (<query>.x1.11.sql).
package sql

import "embed"

// Files are the statements. Package query is the only one that reads them.
//
//go:embed */*.sql
var Files embed.FS
