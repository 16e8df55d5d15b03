package faults

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// historyProxy stands between clients and a server that comes and goes. A rough one spoils the
// connections that it carries: it cuts them, closes them in one direction, goes silent for a
// while, and hands data on late and in pieces.
type historyProxy struct {
	listener net.Listener
	seed     uint64
	work     sync.WaitGroup

	mu     sync.Mutex
	moved  *sync.Cond // target or closed has changed
	target string     // the server's address, "" while there is none
	closed bool
	rough  bool
	carry  map[*historyLine]struct{}
	count  uint64 // connections so far

	cuts, halves, silences atomic.Int64
}

// newHistoryProxy starts a proxy that ends with the test. What it does to its n-th connection
// depends on seed and n alone; when the bytes of that arrive does not.
func newHistoryProxy(t *testing.T, seed uint64, rough bool) *historyProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &historyProxy{listener: l, seed: seed, rough: rough, carry: map[*historyLine]struct{}{}}
	p.moved = sync.NewCond(&p.mu)
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.closed = true
		p.moved.Broadcast()
		p.mu.Unlock()
		p.cutAll()
		p.work.Wait()
	})
	return p
}

func (p *historyProxy) addr() string { return p.listener.Addr().String() }

// point has new connections go to the server at target. While that is "" they wait.
func (p *historyProxy) point(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	p.moved.Broadcast()
}

// calm ends the roughness: connections so far are cut, later ones are left alone.
func (p *historyProxy) calm() {
	p.mu.Lock()
	p.rough = false
	p.mu.Unlock()
	p.cutAll()
}

func (p *historyProxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.carry {
		l.cut()
	}
}

func (p *historyProxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.serve(c.(*net.TCPConn)) })
	}
}

// serve carries one connection until both its directions have ended.
func (p *historyProxy) serve(client *net.TCPConn) {
	p.mu.Lock()
	for p.target == "" && !p.closed {
		p.moved.Wait()
	}
	target, rough, n := p.target, p.rough, p.count
	p.count++
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		breakOff(client)
		return
	}
	l := &historyLine{proxy: p, client: client, server: server.(*net.TCPConn), rough: rough, over: make(chan struct{})}
	p.mu.Lock()
	p.carry[l] = struct{}{}
	p.mu.Unlock()
	l.run(n)
	p.mu.Lock()
	delete(p.carry, l)
	p.mu.Unlock()
}

// breakOff closes a connection so that the peer finds it broken, not ended.
func breakOff(c *net.TCPConn) {
	_ = c.SetLinger(0) // it may be broken already, which is just as well
	_ = c.Close()
}

// smallBuffer bounds what the kernel keeps between a server and a client that doesn't read, in bytes:
// more than a segment on loopback, less than what a reader may be behind.
const smallBuffer = 128 << 10

// historyLine is one connection through the proxy.
type historyLine struct {
	proxy          *historyProxy
	client, server *net.TCPConn
	rough          bool
	silent         atomic.Int64 // until then nothing passes, in Unix milliseconds
	over           chan struct{}
}

func (l *historyLine) run(n uint64) {
	_ = l.server.SetReadBuffer(smallBuffer) // merely smaller buffers: no matter if it fails
	_ = l.client.SetWriteBuffer(smallBuffer)
	dice := func(what uint64) *rand.Rand { return rand.New(rand.NewPCG(l.proxy.seed, 3*n+what)) }
	var spoiler, pumps sync.WaitGroup
	if l.rough {
		spoiler.Go(func() { l.spoil(dice(0)) })
	}
	pumps.Go(func() { l.pump(l.server, l.client, dice(1)) })
	pumps.Go(func() { l.pump(l.client, l.server, dice(2)) })
	pumps.Wait()
	close(l.over)
	spoiler.Wait()
	_ = l.client.Close()
	_ = l.server.Close()
}

func (l *historyLine) cut() {
	breakOff(l.client)
	breakOff(l.server)
}

// spoil does something bad to the connection every now and then.
func (l *historyLine) spoil(dice *rand.Rand) {
	for {
		select {
		case <-l.over:
			return
		case <-time.After(randomUpTo(dice, 800*time.Millisecond)):
		}
		switch dice.IntN(8) {
		case 0, 1, 2:
			l.proxy.cuts.Add(1)
			l.cut()
		case 3:
			l.proxy.halves.Add(1)
			_ = l.client.CloseWrite() // the server still hears the client
		case 4:
			l.proxy.halves.Add(1)
			_ = l.server.CloseWrite() // the client still hears the server
		default:
			l.proxy.silences.Add(1)
			l.silent.Store(time.Now().Add(randomUpTo(dice, 150*time.Millisecond)).UnixMilli())
		}
	}
}

// randomUpTo returns a random time below most.
func randomUpTo(dice *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(most)))
}

// pump hands on one direction. Where its way out was closed, what still comes is lost, as in any
// network that has closed half a connection.
func (l *historyLine) pump(to, from *net.TCPConn, dice *rand.Rand) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.forward(to, buf[:n], dice)
		if errors.Is(err, io.EOF) {
			_ = to.CloseWrite()
			return
		}
		if err != nil {
			l.cut()
			return
		}
	}
}

// forward writes b, whole and at once unless the connection is a rough one.
func (l *historyLine) forward(to *net.TCPConn, b []byte, dice *rand.Rand) {
	for len(b) > 0 {
		n := len(b)
		if l.rough && dice.IntN(3) == 0 {
			n = 1 + dice.IntN(n)
			time.Sleep(randomUpTo(dice, 3*time.Millisecond))
		}
		l.wait()
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
		if l.rough && dice.IntN(300) == 0 { // in the middle of a frame, as likely as not
			l.proxy.cuts.Add(1)
			l.cut()
			return
		}
	}
}

// wait sits out a silence.
func (l *historyLine) wait() {
	for d := l.silent.Load() - time.Now().UnixMilli(); d > 0; d = l.silent.Load() - time.Now().UnixMilli() {
		time.Sleep(time.Duration(d) * time.Millisecond)
	}
}

// dialHistoryProxy connects to a proxy with little room for what waits to be read.
func dialHistoryProxy(p *historyProxy) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, p.addr())
		if err == nil {
			_ = c.(*net.TCPConn).SetReadBuffer(smallBuffer)
		}
		return c, err
	}
}
