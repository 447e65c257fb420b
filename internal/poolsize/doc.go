// Package poolsize says how many connections each instance of an application should keep: from what the server allows, what
// its processors can work on, and how busy the application's sessions were seen. The arithmetic takes plain values and gives
// plain values; Read alone asks a server.
package poolsize
