package pg

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"avadb/internal/fault"
)

// listen answers each connection with a function.
func listen(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Cleanup
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				answer(c)
				_ = c.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

// TestOtherServices connects to what is no PostgreSQL.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	drain := func(c net.Conn) { _, _ = c.Read(make([]byte, 1000)) }
	for name, test := range map[string]struct{ address, says, extra string }{
		"http":         {strings.TrimPrefix(web.URL, "http://"), "no answer", " connect_timeout=1"},
		"http at once": {listen(t, func(c net.Conn) { drain(c); _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }), "does not speak", ""},
		"ssh":          {listen(t, func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")); drain(c) }), "does not speak", ""},
		"mail":         {listen(t, func(c net.Conn) { _, _ = c.Write([]byte("220 mail ESMTP\r\n")); drain(c) }), "does not speak", ""},
		"closes":       {listen(t, func(net.Conn) {}), "closed the connection", ""},
	} {
		host, port, _ := net.SplitHostPort(test.address)
		for _, mode := range []string{"prefer", "disable", "require"} {
			target := mustResolve(t, Sources{DSN: "user=u password=sEcret sslmode=" + mode + test.extra, Host: host, Port: port})
			_, err := Connect(t.Context(), target, Options{})
			e := wantFault(t, err, fault.Connect, "")
			if e.Hint == "" || strings.Contains(e.Message, "sEcret") || mode == "disable" && !strings.Contains(e.Message, test.says) {
				t.Errorf("%s, sslmode=%s: message %q, hint %q; should say %q", name, mode, e.Message, e.Hint, test.says)
			}
		}
	}
}
