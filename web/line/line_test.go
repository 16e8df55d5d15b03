package line

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// pair is a line with small buffers, and its peer.
func pair(t *testing.T, limits Limits) (*Line, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{conn.(*net.TCPConn).SetWriteBuffer(64 << 10), peer.(*net.TCPConn).SetReadBuffer(256 << 10)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	line := New(conn, limits)
	t.Cleanup(func() { _ = peer.Close(); _ = line.Abort() })
	return line, peer
}

func minute(bytes int) Limits { return Limits{Bytes: bytes, Patience: time.Minute} }

func read(t *testing.T, peer net.Conn, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if err := peer.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(peer, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// piece is the i-th of many that differ.
func piece(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1000) }

func TestAStalledPeerGetsAllInOrderOnceItReads(t *testing.T) {
	l, peer := pair(t, minute(64<<20))
	var want []byte
	for i := range 20_000 {
		if !l.Send(piece(i)) {
			t.Fatalf("no room for piece %d", i)
		}
		want = append(want, piece(i)...)
	}
	l.mu.Lock()
	behind := l.bytes
	l.mu.Unlock()
	if behind == 0 {
		t.Fatal("the peer was never behind, so nothing is proved")
	}
	if !bytes.Equal(read(t, peer, len(want)), want) {
		t.Error("what came is not what was sent")
	}
	l.Send([]byte("again at once"))
	if got := read(t, peer, 13); string(got) != "again at once" {
		t.Errorf("got %q", got)
	}
}

func TestTheBoundIsInBytesAndNothingFollowsAGap(t *testing.T) {
	l, peer := pair(t, minute(10_000))
	sent := 0
	for l.Send(piece(sent)) {
		sent++
	}
	l.SendAny(piece(0))
	if !l.Send(piece(0)) {
		t.Error("after the overrun nobody is behind any more")
	}
	if l.Stop() {
		t.Error("an overrun stops the line")
	}
	if _, err := l.Write([]byte{0x88, 0}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(peer)
	if err != nil {
		t.Fatal(err)
	}
	frames, end := got[:len(got)-2], got[len(got)-2:]
	if !bytes.Equal(end, []byte{0x88, 0}) {
		t.Errorf("it ends with %v", end)
	}
	if len(frames)%1000 != 0 || len(frames) > sent*1000 {
		t.Fatalf("%d bytes of %d pieces", len(frames), sent)
	}
	for i := range len(frames) / 1000 {
		if !bytes.Equal(frames[i*1000:(i+1)*1000], piece(i)) {
			t.Fatalf("piece %d is not what was sent", i)
		}
	}
}

func TestAnswersAreNotBounded(t *testing.T) {
	l, peer := pair(t, minute(10))
	long := bytes.Repeat([]byte("x"), 8<<20)
	l.SendAny(long)
	l.SendAny([]byte("the end"))
	if got := read(t, peer, len(long)+7); string(got[len(long):]) != "the end" {
		t.Error("something else came")
	}
}

func TestNothingFollowsACloseFrame(t *testing.T) {
	l, peer := pair(t, minute(1000))
	l.Send([]byte("before"))
	if _, err := l.Write([]byte{0x88, 0}); err != nil {
		t.Fatal(err)
	}
	l.Send([]byte("after"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(peer); err != nil || string(got) != "before\x88\x00" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestControlFramesGoBetweenFrames(t *testing.T) {
	l, peer := pair(t, minute(64<<20))
	const pieces = 5000
	for i := range pieces {
		l.Send(piece(1 + i%100))
	}
	wrote := make(chan error)
	go func() {
		_, err := l.Write([]byte{0x89, 0})
		wrote <- err
	}()
	got := read(t, peer, pieces*1000+2)
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if at := bytes.IndexByte(got, 0x89); at < 0 || at%1000 != 0 {
		t.Errorf("the ping came at byte %d", at)
	}
}

func TestAPeerThatTakesNothingIsHungUpOn(t *testing.T) {
	l, _ := pair(t, Limits{Bytes: 64 << 20, Patience: 50 * time.Millisecond})
	for i := range 20_000 {
		l.Send(piece(i))
	}
	if _, err := l.Conn.Read(make([]byte, 1)); err == nil {
		t.Error("it is still there")
	}
}

func TestSendingDoesNotAllocateWhileThePeerKeepsUp(t *testing.T) {
	l, peer := pair(t, minute(1<<20))
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	p := []byte("a message")
	if n := testing.AllocsPerRun(100, func() { l.Send(p) }); n >= 1 {
		t.Errorf("%v allocations", n)
	}
}
