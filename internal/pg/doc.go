// Package pg is the one connection helper of avadb. It decides which server a command talks to, opens
// the connection, gives the session its defaults without overriding the user's, reads the facts about
// the server once, stops the server's query when the command is cancelled, and turns every error of the
// driver into one with a kind and a next step.
//
// A target is resolved in two steps: one base is chosen (a DSN, a service, a named target, libpq's
// environment, or its defaults), then the connection flags are laid over it. The driver would merge
// PGHOST and its kin into any base by itself; so everything that names a place is handed to it
// explicitly.
package pg
