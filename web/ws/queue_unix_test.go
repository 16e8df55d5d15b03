//go:build unix

package ws

import (
	"net"
	"testing"
	"time"
)

// The deadline of a write that had to wait for the peer does not apply to later writes.
func TestADeadlineIsForOneWrite(t *testing.T) {
	t.Parallel()
	const patience = 2 * time.Second
	for name, wait := range map[string]func(*outQueue, net.Conn){
		"frames": func(l *outQueue, peer net.Conn) { read(t, peer, stall(t, l)*1000) },
		"a control frame": func(l *outQueue, peer net.Conn) {
			raw := l.try.raw
			l.try.raw = nil                                  // as when the client is behind
			_ = l.SetWriteDeadline(time.Now().Add(patience)) // never fails
			if _, err := l.Write([]byte{0x89, 0}); err != nil {
				t.Fatal(err)
			}
			l.try.raw = raw
			read(t, peer, 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, peer := pair(t, queueLimits{bytes: 1 << 20, writeTimeout: patience})
			wait(l, peer)
			time.Sleep(patience + patience/10)
			l.Send(frames(1))
			read(t, peer, 1000)
		})
	}
}
