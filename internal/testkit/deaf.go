package testkit

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Deaf is a TCP proxy on loopback that loses replies: it passes every request on, and where one is chosen it waits for the
// first byte of the reply, so that the request was executed, and closes both connections in place of passing it back.
type Deaf struct {
	listener net.Listener
	target   string
	loses    func(request []byte) bool
	lost     atomic.Int64
}

// StartDeaf puts a proxy before target (host:port) until the test ends. loses is asked about the bytes of each read from a
// client, on several goroutines; it knows a request by what stands near its beginning.
func StartDeaf(t testing.TB, target string, loses func(request []byte) bool) *Deaf {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &Deaf{listener: listener, target: target, loses: loses}
	ctx, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			} else if err == nil {
				serving.Go(func() { d.serve(ctx, client) })
			}
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		end()
		serving.Wait()
	})
	return d
}

// Addr is where it listens, host:port.
func (d *Deaf) Addr() string { return d.listener.Addr().String() }

// Lost is how many replies it has lost.
func (d *Deaf) Lost() int64 { return d.lost.Load() }

// serve joins a client and the target until either ends, a reply is lost, or the test is over.
func (d *Deaf) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", d.target)
	if err != nil {
		return // as if nobody listened
	}
	defer context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })()
	var chosen atomic.Bool
	var requests sync.WaitGroup
	requests.Go(func() {
		defer server.Close()
		pass(server, client, func(request []byte) bool {
			if d.loses(request) {
				chosen.Store(true)
			}
			return true
		})
	})
	pass(client, server, func([]byte) bool {
		if chosen.Load() {
			d.lost.Add(1)
		}
		return !chosen.Load()
	})
	_, _ = client.Close(), server.Close()
	requests.Wait()
}

// pass copies what comes until an end is closed or goesOn says no; that piece is not passed.
func pass(to io.Writer, from io.Reader, goesOn func([]byte) bool) {
	for buffer := make([]byte, 64<<10); ; {
		n, err := from.Read(buffer)
		if n > 0 && !goesOn(buffer[:n]) {
			return
		}
		if _, wrote := to.Write(buffer[:n]); err != nil || wrote != nil {
			return
		}
	}
}
