package pg

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"avadb/internal/fault"
)

// Probe asks a server whether it answers, on a connection of its own that it keeps.
//
// Ask never takes longer than its context. On the other connections the end of a context asks the server to stop, and waits for the
// answer, which a frozen server does not give: here there is nothing to stop, and the socket is closed at once.
type Probe struct {
	mutex   sync.Mutex // one question at a time
	config  *pgconn.Config
	refusal *refusal
	conn    *pgconn.PgConn
	sockets []net.Conn // all that were dialled for the present connection
}

// asking marks the context of a probe's own attempts. The driver dials once more when it gives a connection up, to cancel what runs
// there: nothing does.
type asking struct{}

var errNotAsked = errors.New("nothing runs that could be cancelled")

// NewProbe makes a probe; nothing is connected to.
func NewProbe(t *Target) *Probe {
	config := t.config.Copy().Config
	p := &Probe{config: &config, refusal: t.refusal}
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if ctx.Value(asking{}) == nil {
			return nil, errNotAsked
		}
		socket, err := dial(ctx, network, address)
		if err == nil {
			p.sockets = append(p.sockets, socket)
		}
		return socket, err
	}
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: c.Conn()}
	}
	return p
}

// Ask makes one round trip to the server. A connection that was closed meanwhile, by a restart or an idle_session_timeout, is opened
// anew within the same time. A login that was refused is not tried again for a while: the refusal is given once more.
func (p *Probe) Ask(ctx context.Context) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	ctx = context.WithValue(ctx, asking{}, true)
	if p.conn != nil {
		if err := p.roundTrip(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	if err := p.refusal.take(); err != nil {
		return err
	}
	conn, err := pgconn.ConnectConfig(ctx, p.config)
	p.refusal.note(err)
	if err != nil {
		p.drop()
		return err
	}
	p.conn = conn
	return p.roundTrip(ctx)
}

func (p *Probe) roundTrip(ctx context.Context) error {
	_, err := p.conn.Exec(ctx, aliveProbe).ReadAll()
	if err != nil {
		p.drop()
	}
	return err
}

// drop closes the sockets without a word to the server, which may not be listening.
func (p *Probe) drop() {
	for _, socket := range p.sockets {
		_ = socket.Close() // most are closed already
	}
	p.conn, p.sockets = nil, nil
}

// Close ends the connection; the server is told where it still listens.
//
//nolint:contextcheck // it must also work when the caller's context has ended
func (p *Probe) Close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.conn != nil {
		ctx, stop := context.WithTimeout(context.WithValue(context.Background(), asking{}, true), time.Second/2)
		defer stop()
		_ = p.conn.Close(ctx) // it held nothing
	}
	p.drop()
}

// noSocket tells whether the socket of a server is not there, which is what a server that has stopped leaves behind.
func noSocket(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial" && errors.Is(network, os.ErrNotExist)
}

// Reason says in one word of a fixed list why a server cannot be asked. It holds nothing of what the server or the network has said,
// which anybody may read where it is shown.
func Reason(err error) string {
	var name *net.DNSError
	states := serverErrors(err)
	has := func(fits func(code string) bool) bool {
		for _, e := range states {
			if fits(e.Code) {
				return true
			}
		}
		return false
	}
	switch {
	case has(func(code string) bool { return code == "53300" }):
		return "too_many_connections"
	case has(func(code string) bool { return code == "57P03" }):
		return "starting_or_stopping"
	case has(func(code string) bool { return strings.HasPrefix(code, "28") }):
		return "login_refused"
	case has(func(code string) bool { return code == "3D000" }):
		return "no_such_database"
	case len(states) > 0:
		return "server_error"
	case errors.As(err, &name) && !name.IsTimeout:
		return "host_not_found"
	case pgconn.Timeout(err), errors.Is(err, context.DeadlineExceeded), errors.As(err, &name):
		return "timeout"
	case isRefused(err), noSocket(err):
		return "connection_refused"
	}
	if f := fault.As(err); f != nil && f.Kind != fault.Connect && f.Kind != fault.Failed {
		return string(f.Kind)
	}
	return "connection_lost"
}
