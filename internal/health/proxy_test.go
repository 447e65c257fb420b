package health

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// network is a stretch of it between avadb and a server that can be cut, and counts who comes through.
type network struct {
	net.Listener
	to string

	mutex    sync.Mutex
	open     []net.Conn
	silent   bool // nothing passes, and nobody is told
	accepted int
	now      int // connections that pass
	most     int // at the same time
}

func newNetwork(t *testing.T, port int) *network {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Cleanup
	if err != nil {
		t.Fatal(err)
	}
	n := &network{Listener: listener, to: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	go n.serve()
	t.Cleanup(func() {
		_ = n.Close()
		n.mutex.Lock()
		defer n.mutex.Unlock()
		for _, c := range n.open {
			_ = c.Close()
		}
	})
	return n
}

func (n *network) dsn() string {
	_, port, _ := net.SplitHostPort(n.Addr().String())
	return "host=127.0.0.1 port=" + port + " user=postgres dbname=postgres sslmode=disable"
}

func (n *network) serve() {
	for {
		client, err := n.Accept()
		if err != nil {
			return
		}
		go n.pass(client)
	}
}

func (n *network) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	upstream, err := net.Dial("tcp", n.to) //nolint:noctx // of the test's life
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	n.mutex.Lock()
	n.open = append(n.open, client, upstream)
	n.accepted, n.now = n.accepted+1, n.now+1
	n.most = max(n.most, n.now)
	n.mutex.Unlock()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, upstream}, {upstream, client}} {
		go func() {
			n.copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.now--
}

// copy loses what comes while the network is silent, as one that is cut does.
func (n *network) copy(from io.Reader, to io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		count, err := from.Read(buffer)
		n.mutex.Lock()
		lost := n.silent
		n.mutex.Unlock()
		if err != nil {
			return
		}
		if lost {
			continue
		}
		if _, err := to.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func (n *network) setSilent(silent bool) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.silent = silent
}

func (n *network) counts() (accepted, most int) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.accepted, n.most
}

func (n *network) forget() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.accepted, n.most = 0, n.now
}
