// Package health tells over HTTP how a server and the pool of connections to it are: liveness, readiness, statistics and metrics. All
// of it works, and says so, while the database is down.
package health
