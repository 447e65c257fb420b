package pgtest

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"

	"avadb/internal/fault"
)

// The ports to choose from lie below every system's range of ephemeral ports. In that range a client's outgoing
// connection could take the port while the server restarts.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePort finds a port on 127.0.0.1 that nobody listens on at this moment.
func freePort(ctx context.Context) (int, error) {
	var listen net.ListenConfig
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // chance against collisions, not a secret
		l, err := listen.Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, fault.New(fault.Failed, "finding a free port between %d and %d: all tried are in use", firstPort, lastPort)
}
