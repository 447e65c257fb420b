package pg

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// describeConnect turns the error of an attempt to connect into one of kind Connect. What a server has
// answered goes before what the network said: with several addresses or TLS modes there is one error each.
func describeConnect(ctx context.Context, t *Target, err error) error {
	if fault.As(err) != nil {
		return err
	}
	awaitEnd(ctx)
	if ctx.Err() != nil && endedBy(err) {
		return contextFault(ctx, err)
	}
	where := t.where()
	if e := mostTelling(serverErrors(err)); e != nil {
		f := describeServer(e, err)
		if f.Kind == fault.Failed || f.Kind == fault.Privilege || f.Kind == fault.Timeout {
			f.Kind = fault.Connect
		}
		if e.Code == "28P01" && t.config.Password == "" {
			f.Hint = "no password was found for it: " + f.Hint
		}
		f.Message = fmt.Sprintf("cannot connect to %s: %s", where, f.Message)
		return f
	}
	reason, hint := networkReasons(t, err)
	f := fault.New(fault.Connect, "cannot connect to %s: %w", where, &brief{reason, err})
	f.Hint = hint
	return f
}

// awaitEnd lets a context end whose time is over: the network keeps the same deadline and can be the first to notice, and
// the end of the command would pass for a server that does not answer.
func awaitEnd(ctx context.Context) {
	if deadline, bounded := ctx.Deadline(); bounded && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
}

// networkReasons says why each attempt failed: the same reason once, and one about TLS only where no later
// attempt without TLS has told more.
func networkReasons(t *Target, err error) (reasons, hint string) {
	var all []string
	for _, attempt := range attempts(err) {
		reason, next := networkReason(t, attempt)
		if slices.Contains(all, reason) || reason == noTLS && t.config.TLSConfig != nil && len(t.config.Fallbacks) > 0 {
			continue
		}
		all, hint = append(all, reason), next
	}
	if len(all) == 0 {
		return networkReason(t, err)
	}
	return strings.Join(all, ", "), hint
}

// attempts are the errors of the single attempts: the driver joins them.
func attempts(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

const noTLS = "the server does not offer TLS"

// mostTelling prefers the refusal of a login: a second attempt without TLS only hides it.
func mostTelling(found []*pgconn.PgError) *pgconn.PgError {
	for _, e := range found {
		if strings.HasPrefix(e.Code, "28") {
			return e
		}
	}
	if len(found) > 0 {
		return found[0]
	}
	return nil
}

// where names the server for a message: "db1 port 5432", or the path of the socket.
func (t *Target) where() string {
	var places []string
	for _, e := range t.settings.endpoints() {
		host := e.host
		if host == "" {
			host = t.config.Host
		}
		port := e.port
		if port == "" {
			port = "5432"
		}
		places = append(places, host+" port "+port)
	}
	return strings.Join(places, ", ")
}

// networkReason says in words why no server has answered.
func networkReason(t *Target, err error) (reason, hint string) {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var certificate x509.CertificateInvalidError
	text := err.Error()
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "no such host", "check the name given with -h or in the target"
	case errors.As(err, &authority):
		return "the server's certificate is signed by an authority that is not trusted", "name its certificate with sslrootcert=FILE in the DSN or PGSSLROOTCERT"
	case errors.As(err, &hostname):
		return fmt.Sprintf("the server's certificate is for %s, not for %s", certified(hostname.Certificate), hostname.Host),
			"connect by the name that stands in the certificate, or have it renewed"
	case errors.As(err, &certificate):
		return "the server's certificate is not valid: " + certificate.Error(), "look at its dates with openssl s_client -starttls postgres, and have it renewed"
	case isRefused(err):
		return "connection refused", "is the server running, and does it listen on that port? `pg_lsclusters` or `ss -ltn` tells"
	case errors.Is(err, os.ErrNotExist):
		return "there is no such socket", "is the server running there? give the folder of its socket or a host name with -h, the port with -p"
	case errors.Is(err, os.ErrPermission):
		return "the socket may not be opened by this user", "try -h localhost, or run as a user who may"
	case pgconn.Timeout(err), errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s", t.patience()), "check -h and -p and the firewalls in between; connect_timeout in the DSN or PGCONNECT_TIMEOUT waits longer"
	case strings.Contains(text, "server refused TLS connection"):
		return noTLS, "turn ssl on in the server, or allow an unencrypted connection with sslmode=prefer"
	case notAccepted(err):
		return "no server of the list is what target_session_attrs asks for", "check which of them is the primary, or ask for target_session_attrs=any"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "what listens there closed the connection during start-up", "check that the port given with -p is PostgreSQL's, then look into the server's log"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return short(err).Error(), "check -h and -p and the firewalls in between"
	}
	return "what listens there does not speak PostgreSQL's protocol", "check the port given with -p"
}

// certified lists what a certificate is for.
func certified(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, address := range c.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return "no host"
	}
	return strings.Join(names, ", ")
}

func notAccepted(err error) bool {
	return errors.Is(err, pgconn.ErrReadOnlyConnection) || errors.Is(err, pgconn.ErrReadWriteConnection) ||
		errors.Is(err, pgconn.ErrPrimaryConnection) || errors.Is(err, pgconn.ErrStandbyConnection)
}

func (t *Target) patience() time.Duration { return t.config.ConnectTimeout }
