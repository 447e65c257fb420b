package checks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"avadb/internal/fault"
)

// Endpoints are the HTTP endpoints of avadb serve or of an application.
type Endpoints struct {
	base   *url.URL // of health: liveness, readiness and stats are below it
	given  string
	token  string
	client *http.Client
	stats  *answer // read once for all checks
}

const (
	requestLimit = 3 * time.Second
	bodyLimit    = 16 << 20 // bytes; metrics of a large server are a few MB
)

// NewEndpoints takes the address of a service, for which /api/health is added, or that of its health endpoints themselves. The token
// goes with each request, and so never over an unencrypted connection to another machine. Its errors are of the kind Usage.
func NewEndpoints(text, token string) (*Endpoints, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fault.New(fault.Usage, "--health-url is no address of a service").WithHint("write http://127.0.0.1:8000, or https://app.example/api/health")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fault.New(fault.Usage, "--health-url takes no user, password or query").WithHint("a token goes into AVADB_SERVE_TOKEN or --health-token-file")
	case token != "" && u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fault.New(fault.Usage, "--health-url %s is not encrypted, and the token would be seen on the way", text).WithHint("use https://")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if u.Path == "" {
		u.Path = "/api/health"
	}
	return &Endpoints{base: u, given: text, token: token, client: &http.Client{
		Timeout:       requestLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // elsewhere the token is nobody's business
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answer is what an endpoint gave.
type answer struct {
	url  string
	code int
	body []byte
	took time.Duration
	err  string // why there was none, as in: no answer within 3s
	fix  string // where that is another than to look at it
}

func (e *Endpoints) health(ctx context.Context, what string) answer {
	return e.get(ctx, e.base.JoinPath(what))
}

// metrics stand at the root, wherever health is.
func (e *Endpoints) metrics(ctx context.Context) answer {
	u := *e.base
	u.Path = "/metrics"
	return e.get(ctx, &u)
}

func (e *Endpoints) get(ctx context.Context, u *url.URL) answer {
	a := answer{url: u.String()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		a.err = "no answer: no such address"
		return a
	}
	request.Header.Set("User-Agent", "avadb")
	if e.token != "" {
		request.Header.Set("Authorization", "Bearer "+e.token)
	}
	began := time.Now()
	response, err := e.client.Do(request)
	if err != nil {
		a.err, a.fix = whyNoAnswer(err)
		return a
	}
	defer func() { _ = response.Body.Close() }() // all that counts was read
	a.code = response.StatusCode
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, bodyLimit)); err != nil {
		a.err, a.fix = whyNoAnswer(err)
	}
	a.took = time.Since(began)
	return a
}

// whyNoAnswer keeps of an error what a user can use, and gives the next step where looking at the endpoint is none.
func whyNoAnswer(err error) (why, fix string) {
	var system syscall.Errno
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var dns *net.DNSError
	var inner *url.Error
	switch {
	case errors.As(err, &authority):
		return "no answer: its certificate is signed by an authority that is not trusted here", "export SSL_CERT_FILE=FILE, which holds the certificate of that authority"
	case errors.As(err, &certificate):
		return "no answer: its certificate is not accepted: " + certificate.Err.Error(), ""
	case errors.As(err, &dns):
		return "no answer: no such host", ""
	case errors.As(err, &system):
		return "no answer: " + system.Error(), ""
	case errors.As(err, &inner) && inner.Timeout():
		return fmt.Sprintf("no answer within %s", requestLimit), ""
	case errors.As(err, &inner):
		return "no answer: " + inner.Err.Error(), ""
	}
	return "no answer: " + err.Error(), ""
}

// failed says what is wrong with an answer that is no 200; empty where nothing is.
func (a answer) failed() string {
	switch {
	case a.err != "":
		return a.err
	case a.code != http.StatusOK:
		text := fmt.Sprintf("status %d", a.code)
		if line, _, _ := bytes.Cut(bytes.TrimSpace(a.body), []byte("\n")); len(line) > 0 {
			text += fmt.Sprintf(": %.100s", line)
		}
		return text
	}
	return ""
}

func (a answer) locked() bool {
	return a.err == "" && (a.code == http.StatusUnauthorized || a.code == http.StatusForbidden)
}

func (a answer) lockedOutcome() Outcome {
	return unseen(fmt.Sprintf("%s wants another token (status %d)", a.url, a.code), "export AVADB_SERVE_TOKEN=..., or avadb verify --health-token-file FILE")
}

// look is the next step where an endpoint is not as it should be.
func (a answer) look() string {
	if a.fix != "" {
		return a.fix
	}
	return "curl -si " + shellWord(a.url)
}
