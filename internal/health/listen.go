package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"avadb/internal/fault"
)

// Listen says where a service is to be found, and what keeps others out.
type Listen struct {
	Address           string // host:port
	CertFile, KeyFile string // of TLS; empty: none
	TokenFile         string // holds the token
	Token             string // of the environment, where no file is given
	Insecure          bool   // whoever listens on other addresses than the machine's own wants neither
}

// Endpoint is a socket that is listened on.
type Endpoint struct {
	net.Listener
	Token        string
	Warning      string // what is unwise about it; empty: nothing
	certificates *tls.Config
}

// shortestToken keeps out what can be guessed.
const shortestToken = 16

// Open begins to listen. Its errors are of the kinds Usage, Config (the token or the certificate) and Failed (the address).
func (l Listen) Open(ctx context.Context) (*Endpoint, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	token, err := l.readToken()
	if err != nil {
		return nil, err
	}
	if !l.Insecure && !onlyHere(l.Address) && (l.CertFile == "" || token == "") {
		return nil, fault.New(fault.Usage, "--listen %s can be reached by other machines, for which TLS and a token are required", l.Address).
			WithHint("give --tls-cert, --tls-key and --token-file (or AVADB_SERVE_TOKEN), listen on 127.0.0.1, or say --insecure where something else keeps strangers out")
	}
	e := &Endpoint{Token: token, Warning: OpenToOthers(l.TokenFile)}
	if l.CertFile != "" {
		c := &certificate{certFile: l.CertFile, keyFile: l.KeyFile}
		if _, err := c.get(nil); err != nil {
			return nil, fault.New(fault.Config, "read the certificate of --tls-cert and --tls-key: %w", err)
		}
		e.certificates = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
	}
	if e.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", l.Address); err != nil {
		return nil, cannotListen(l.Address, err)
	}
	return e, nil
}

func (l Listen) check() error {
	_, port, err := net.SplitHostPort(l.Address)
	number, bad := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || bad != nil || number > 65535:
		return fault.New(fault.Usage, "--listen %q is no address with a port", l.Address).WithHint("write 127.0.0.1:8000, [::1]:8000 or :8000")
	case (l.CertFile == "") != (l.KeyFile == ""):
		return fault.New(fault.Usage, "--tls-cert and --tls-key go together")
	}
	return nil
}

// readToken gives the token of the file, else that of the environment; empty where there is neither.
func (l Listen) readToken() (string, error) {
	token, from := l.Token, "AVADB_SERVE_TOKEN" //nolint:gosec // the name of a variable
	if l.TokenFile != "" {
		raw, err := os.ReadFile(l.TokenFile)
		if err != nil {
			return "", fault.New(fault.Config, "read the token: %w", err)
		}
		token, from = string(raw), l.TokenFile
	}
	token = strings.TrimSpace(token)
	switch {
	case token == "" && l.TokenFile == "":
		return "", nil
	case len(token) < shortestToken || strings.ContainsAny(token, " \t\r\n"):
		return "", fault.New(fault.Config, "the token in %s is no single word of %d characters or more", from, shortestToken).
			WithHint("make one: openssl rand -hex 32")
	}
	return token, nil
}

// OpenToOthers says that other users of this machine may read a secret; empty where they may not. Windows has no such modes.
func OpenToOthers(file string) string {
	info, err := os.Stat(file)
	if file == "" || err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("the token file %s has mode %04o: others than its owner may read it; chmod 600 makes it the owner's alone", file, info.Mode().Perm())
}

// onlyHere tells an address that only this machine can reach. A name that is not localhost may lead anywhere.
func onlyHere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func cannotListen(address string, err error) error {
	const wsaeaddrinuse = syscall.Errno(10048) // Windows has a number of its own, which Go does not map
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeaddrinuse) {
		return fault.New(fault.Failed, "cannot listen on %s: something else does already", address).
			WithHint("choose another port with --listen, such as --listen 127.0.0.1:8001; `ss -ltnp` tells who has this one")
	}
	reason := err.Error()
	var system syscall.Errno
	if errors.As(err, &system) {
		reason = system.Error()
	}
	return fault.New(fault.Failed, "cannot listen on %s: %s", address, reason).WithHint("give an address of this machine and a free port with --listen")
}

// URL is where the endpoint is found.
func (e *Endpoint) URL() string {
	if e.certificates != nil {
		return "https://" + e.Addr().String()
	}
	return "http://" + e.Addr().String()
}

// certificate reads a certificate again when its file has changed: whoever renews it need not restart anything.
type certificate struct {
	certFile, keyFile string

	mutex   sync.Mutex
	loaded  *tls.Certificate
	changed time.Time // of certFile when it was read
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && c.loaded != nil && info.ModTime().Equal(c.changed) {
		return c.loaded, nil
	}
	if err == nil {
		var fresh tls.Certificate
		if fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.loaded, c.changed = &fresh, info.ModTime()
			return c.loaded, nil
		}
	}
	if c.loaded != nil { // half renewed: the old one still serves
		return c.loaded, nil
	}
	return nil, err
}
