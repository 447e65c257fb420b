// Package render prints a result struct as table, plain, json, jsonl or csv.
//
// A command hands over its whole document and the rows of it that a table shows. The columns are the
// row's fields that carry a `col` tag, in their order, under the names of their JSON keys:
//
//	Calls   int64    `json:"calls" col:""`         // numbers stand right, all else left
//	MeanMS  float64  `json:"mean_ms" col:"num.2"`  // two decimals in table and plain
//	Action  string   `json:"action" col:"status"`  // known words are coloured
//	Query   string   `json:"query" col:"elastic"`  // cut with … to fit the terminal
//	Full    string   `json:"full"`                 // no tag: only in json and jsonl
//
// Options are joined by commas: left, right, num.N, elastic, status. Presentation changes with the
// terminal, the data never does: nothing is cut in plain, csv and json, nor where Width is 0.
// Everything printed by table and plain passes through Safe, because text from a server may hold
// escape sequences for the terminal.
package render
