package listen

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"hearth/web/limits"
)

// accepting returns a Listener on loopback that keeps what it accepts.
func accepting(t *testing.T, all, each int64, key func(netip.Addr) limits.Key) (address string, accepted chan net.Conn, refused *atomic.Int64) {
	t.Helper()
	under, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = under.Close() })
	refused = new(atomic.Int64)
	l := New(under, Options{Connections: limits.NewCounter(all, each), Key: key, Refused: func(netip.Addr) { refused.Add(1) }})
	accepted = make(chan net.Conn, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	return under.Addr().String(), accepted, refused
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConnectionsAreBounded(t *testing.T) {
	byAddress := func(from netip.Addr) limits.Key { return limits.Key{From: netip.PrefixFrom(from, from.BitLen())} }
	inAll := func(netip.Addr) limits.Key { return limits.Key{} }
	for name, c := range map[string]struct {
		all, each int64
		key       func(netip.Addr) limits.Key
		status    int
	}{
		"from one address": {100, 3, byAddress, http.StatusTooManyRequests},
		"in all":           {3, 100, byAddress, http.StatusServiceUnavailable},
		"of a proxy":       {3, 1, inAll, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, accepted, refused := accepting(t, c.all, c.each, c.key)
			var open []net.Conn
			for range 3 {
				dial(t, address)
				open = append(open, <-accepted)
			}
			resp, err := http.ReadResponse(bufio.NewReader(dial(t, address)), nil)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status || resp.Header.Get("Retry-After") == "" || len(text) == 0 {
				t.Errorf("one too many gets %d %q: %v", resp.StatusCode, text, err)
			}
			if refused.Load() != 1 {
				t.Errorf("%d are told as refused", refused.Load())
			}
			for range 2 { // a second Close gives nothing back
				_ = open[0].Close()
			}
			dial(t, address)
			<-accepted
			if _, err := http.ReadResponse(bufio.NewReader(dial(t, address)), nil); err != nil {
				t.Errorf("the next one too many: %v", err)
			}
		})
	}
}

func TestBoundsFor(t *testing.T) {
	for files, want := range map[uint64]Bounds{
		0: {32768, 2048}, 80: {40, 256}, 1024: {960, 256}, 20_000: {19_936, 1246}, 1 << 20: {32768, 2048},
	} {
		if got := BoundsFor(files); got != want {
			t.Errorf("with %d files %+v instead of %+v", files, got, want)
		}
	}
}
