package main

import (
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// network is what lies between clients and a server: it counts attempts to connect, and each way takes its time.
type network struct {
	net.Listener
	to    string
	delay time.Duration // one way

	mutex    sync.Mutex
	attempts []time.Time
}

func newNetwork(port int, delay time.Duration) (*network, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &network{Listener: listener, to: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), delay: delay}
	go n.serve()
	return n, nil
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
		n.mutex.Lock()
		n.attempts = append(n.attempts, time.Now())
		n.mutex.Unlock()
		go n.pass(client)
	}
}

// pass closes the client's connection at once where nobody listens behind it, as a server that is down refuses it.
func (n *network) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", n.to)
	if err != nil {
		return
	}
	defer server.Close()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			n.copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}

func (n *network) copy(from io.Reader, to io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		count, err := from.Read(buffer)
		if err != nil {
			return
		}
		time.Sleep(n.delay)
		if _, err := to.Write(buffer[:count]); err != nil {
			return
		}
	}
}

// forget begins to count anew.
func (n *network) forget() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.attempts = nil
}

// between gives the attempts of a span of time.
func (n *network) between(from, to time.Time) (found []time.Time) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, at := range n.attempts {
		if !at.Before(from) && at.Before(to) {
			found = append(found, at)
		}
	}
	return found
}
