package pg

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// resolved remembers what the names of a target's hosts led to while connecting.
type resolved map[string][]string

// watch makes a configuration's lookups known.
func (r resolved) watch(config *pgx.ConnConfig) {
	lookup := config.LookupFunc
	config.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		found, err := lookup(ctx, host)
		r[host] = found
		return found, err
	}
}

// pinned is the target with nothing left but the server that answered: a list of hosts, or a name with several
// addresses, could lead the next connection to another server than the one that the first has read. A target that
// can only lead to one place stays as it is. What the command line gave is still what CommandFlags repeats.
func (t *Target) pinned(answered net.Conn, r resolved) (*Target, error) {
	places := t.places()
	i := slices.IndexFunc(places, func(e endpoint) bool { return r.leadsTo(e, answered) })
	if i < 0 {
		return t, nil
	}
	e, addresses := places[i], r[places[i].host]
	if len(places) == 1 && len(addresses) <= 1 {
		return t, nil
	}
	const from = "the server that answered"
	other := *t
	other.settings = maps.Clone(t.settings)
	other.settings["host"] = setting{e.host, from}
	other.settings["port"] = setting{e.port, from}
	delete(other.settings, "hostaddr")
	if peer, isTCP := answered.RemoteAddr().(*net.TCPAddr); isTCP {
		other.settings["hostaddr"] = setting{peer.AddrPort().Addr().Unmap().String(), from}
	}
	if t.config.Password != "" && t.settings.get("password") == "" { // the password file is read for the first host only
		other.settings["password"] = setting{t.config.Password, "the password file"}
	}
	config, err := other.settings.config()
	if err != nil {
		return nil, err
	}
	other.config, other.Values = config, other.values()
	return &other, nil
}

// places are the servers that the target may lead to, in the order they are tried.
func (t *Target) places() []endpoint {
	places := []endpoint{{host: t.config.Host, port: strconv.Itoa(int(t.config.Port))}}
	for _, f := range t.config.Fallbacks { // the driver has one for each host and each way to encrypt
		if e := (endpoint{host: f.Host, port: strconv.Itoa(int(f.Port))}); !slices.Contains(places, e) {
			places = append(places, e)
		}
	}
	return places
}

// leadsTo tells whether the other end of a connection is this endpoint.
func (r resolved) leadsTo(e endpoint, answered net.Conn) bool {
	peer, isTCP := answered.RemoteAddr().(*net.TCPAddr)
	if !isTCP {
		port, err := strconv.ParseUint(e.port, 10, 16)
		_, socket := pgconn.NetworkAddress(e.host, uint16(port))
		return err == nil && answered.RemoteAddr().String() == socket
	}
	return strconv.Itoa(peer.Port) == e.port && slices.ContainsFunc(r[e.host], func(address string) bool {
		a, err := netip.ParseAddr(address)
		return err == nil && a.Unmap() == peer.AddrPort().Addr().Unmap()
	})
}
