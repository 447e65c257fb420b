package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdFreePort puts a port that nobody listens on into a variable: `freeport AT`.
func cmdFreePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeport VARIABLE")
	}
	ts.Setenv(args[0], strconv.Itoa(freePort(ts)))
}

// cmdFetched waits until GET of a URL gives the code: `fetched [-code 503] [-cacert FILE] URL`.
func cmdFetched(ts *testscript.TestScript, neg bool, args []string) {
	want, trusted := http.StatusOK, &tls.Config{MinVersion: tls.VersionTLS12}
	for len(args) > 2 {
		switch args[0] {
		case "-code":
			code, err := strconv.Atoi(args[1])
			ts.Check(err)
			want = code
		case "-cacert":
			trusted.RootCAs = x509.NewCertPool()
			trusted.RootCAs.AppendCertsFromPEM([]byte(ts.ReadFile(args[1])))
		default:
			ts.Fatalf("unknown option %s", args[0])
		}
		args = args[2:]
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fetched [-code CODE] [-cacert FILE] URL")
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: trusted, DisableKeepAlives: true}}
	until(ts, args[0]+" gives "+strconv.Itoa(want), func() bool {
		answer, err := client.Get(args[0]) //nolint:noctx // the client has a time limit
		if err != nil {
			return false
		}
		_ = answer.Body.Close() // the code says it all
		return answer.StatusCode == want
	})
}
