package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// both runs a test with a queue that writes without waiting if the peer can take the data, and with one that always writes in
// the background, as on systems other than Unix.
func both(t *testing.T, test func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn))) {
	t.Run("at once", func(t *testing.T) {
		test(t, func(limits queueLimits) (*outQueue, net.Conn) { return pair(t, limits) })
	})
	t.Run("never at once", func(t *testing.T) {
		test(t, func(limits queueLimits) (*outQueue, net.Conn) {
			l, peer := pair(t, limits)
			l.try = attempt{}
			return l, peer
		})
	})
}

// pair returns a queue on a connection with small buffers, and the other end of the connection.
func pair(t *testing.T, limits queueLimits) (*outQueue, net.Conn) {
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
	line := newOutQueue(conn, limits)
	t.Cleanup(func() { _ = peer.Close(); _ = line.Abort() })
	return line, peer
}

func minute(bytes int) queueLimits { return queueLimits{bytes: bytes, writeTimeout: time.Minute} }

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

// piece returns a text frame of 1000 bytes, whose payload depends on i.
func piece(i int) []byte {
	return append([]byte{0x81, 126, 996 >> 8, 996 & 0xff}, bytes.Repeat([]byte{byte(i % 100)}, 996)...)
}

func TestAStalledPeerGetsAllInOrderOnceItReads(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(64 << 20))
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
	})
}

func TestTheBoundIsInBytesAndNothingFollowsAGap(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(10_000))
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
		if waits(l) > 0 {
			t.Error("what nobody will get is kept")
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
	})
}

func TestAnswersAreNotBounded(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(10))
		long := frames(8000)
		l.SendAny(long)
		l.SendAny([]byte("the end"))
		if got := read(t, peer, len(long)+7); string(got[len(long):]) != "the end" {
			t.Error("something else came")
		}
	})
}

func TestNothingFollowsACloseFrame(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(1000))
		l.Send([]byte("before"))
		read(t, peer, 6) // a close frame overtakes frames that are still in the queue
		if _, err := l.Write([]byte{0x88, 0}); err != nil {
			t.Fatal(err)
		}
		l.Send([]byte("after"))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(peer); err != nil || string(got) != "\x88\x00" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestControlFramesGoBetweenFrames(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(64 << 20))
		const pieces = 5000
		for i := range pieces {
			l.Send(piece(i))
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
	})
}

func TestAClientThatReadsNothingIsDisconnected(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, _ := pair(queueLimits{bytes: 64 << 20, writeTimeout: 50 * time.Millisecond})
		for i := range 20_000 {
			l.Send(piece(i))
		}
		if _, err := l.Conn.Read(make([]byte, 1)); err == nil {
			t.Error("it is still there")
		}
	})
}

func TestSendingDoesNotAllocateWhileThePeerKeepsUp(t *testing.T) {
	l, peer := pair(t, minute(1<<20))
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	p := []byte("a message")
	if n := testing.AllocsPerRun(100, func() { l.Send(p) }); n >= 1 {
		t.Errorf("%v allocations", n)
	}
}

// frames returns n pieces, one after the other.
func frames(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, piece(i)...)
	}
	return b
}

func size(pieces net.Buffers) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// waits returns how many bytes are in the queue.
func waits(l *outQueue) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return size(l.waiting)
}

// stall sends so many frames that the buffers of the kernel are full and more than a chunk is in the queue. It returns the
// number of frames. The queue then stays stalled until the peer reads.
func stall(t *testing.T, l *outQueue) (sent int) {
	t.Helper()
	for sent = 1; sent <= 20_000; sent++ {
		l.SendAny(frames(1))
		if sent >= 3000 && waits(l) > chunk {
			return sent
		}
	}
	t.Fatal("the peer is never behind")
	return 0
}

// Frames of SendAny do not count against the limit: a client that has not read a long answer is not cut for that.
func TestAnswersTakeNoRoom(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(10_000))
		sent := stall(t, l)
		l.SendAny(frames(2000))
		for range 5 {
			if !l.Send(frames(1)) {
				t.Fatal("there is no room for an event")
			}
		}
		l.SendAny(frames(1))
		if l.Send(frames(10)) {
			t.Error("there is no bound")
		}
		read(t, peer, sent) // the peer gets data although the queue was dropped
	})
}

// A client that was behind and has caught up has the whole limit available again, and no more.
func TestRoomComesBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(100_000))
		for round := range 10 {
			n := stall(t, l) + 50
			for range 50 {
				if !l.Send(frames(1)) {
					t.Fatalf("there is no room in round %d", round)
				}
			}
			read(t, peer, n*1000)
		}
		stall(t, l)
		l.SendAny(frames(8000)) // more than the kernel takes
		l.take()                // as flush does
		l.mu.Lock()
		defer l.mu.Unlock()
		if got := size(l.waiting); got == 0 || got != l.bytes {
			t.Errorf("%d bytes wait, and %d are counted", got, l.bytes)
		}
	})
}

// Nothing follows a close frame, also without a call of Stop before it, as when a peer broke a rule.
func TestNothingThatWaitsFollowsACloseFrame(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(1 << 20))
		stall(t, l)
		l.SendAny(frames(1000))
		ended := make(chan error)
		go func() {
			_, err := l.Write([]byte{0x88, 0})
			for waits(l) > 0 {
				time.Sleep(time.Millisecond)
			}
			ended <- errors.Join(err, l.Close())
		}()
		time.Sleep(50 * time.Millisecond) // so that Write is called before the peer reads; otherwise the test checks less
		got, err := io.ReadAll(peer)
		if err := errors.Join(err, <-ended); err != nil {
			t.Fatal(err)
		}
		if at := bytes.IndexByte(got, 0x88); at != len(got)-2 {
			t.Errorf("the close frame came at byte %d of %d", at, len(got))
		}
	})
}

// A peer that has taken everything before is not cut because of a single burst that is longer than the limit.
func TestAClientThatKeepsUpIsNotCut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(10_000))
		burst := frames(8000)
		if !l.Send(burst) {
			t.Fatal("there is no room for a burst")
		}
		if !bytes.Equal(read(t, peer, len(burst)), burst) {
			t.Error("what came is not what was sent")
		}
	})
}

// A slow peer gets a long answer in parts, with control frames in between. The write timeout applies to each part.
func TestASlowPeerGetsALongAnswer(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		t.Parallel()
		l, peer := pair(queueLimits{bytes: 1 << 20, writeTimeout: 10 * time.Second})
		answer := frames(16_000)
		l.SendAny(answer)
		pinged := make(chan error)
		go func() {
			_, err := l.Write([]byte{0x89, 0})
			pinged <- err
		}()
		var got []byte
		for range 16 {
			got = append(got, read(t, peer, 1_000_000)...)
			time.Sleep(700 * time.Millisecond) // together longer than the write timeout
		}
		got = append(got, read(t, peer, 2)...)
		if err := <-pinged; err != nil {
			t.Error(err)
		}
		at := bytes.IndexByte(got, 0x89)
		if at < 0 || at%1000 != 0 || at > len(answer)/2 {
			t.Fatalf("the ping came at byte %d of %d", at, len(got))
		}
		if !bytes.Equal(append(got[:at:at], got[at+2:]...), answer) {
			t.Error("what came is not what was sent")
		}
	})
}

// After Abort, the kernel does not keep the data that the peer has not read.
func TestAClosedQueueHoldsNothing(t *testing.T) {
	t.Parallel()
	l, peer := pair(t, minute(64<<20))
	stall(t, l)
	if err := l.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := peer.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(peer); err == nil {
		t.Error("it was offered to the peer until the end")
	}
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	all := append([]byte{0x81, 0}, 0x81, 3, 'a', 'b', 'c')                               // two frames, which end at 2 and 7
	all = append(append(all, 0x81, 126, 0, 200), make([]byte, 200)...)                   // ends at 211
	all = append(append(all, 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0), make([]byte, 65536)...) // ends at 65757
	for n, want := range map[int]int{1: 2, 2: 2, 3: 7, 7: 7, 8: 211, 210: 211, 212: 65757, 65757: 65757} {
		if got := boundary(all, n); got != want {
			t.Errorf("the frame at byte %d ends at %d, not at %d", n, want, got)
		}
	}
}

// Drain waits until the peer has taken what was sent, at most for the given time.
func TestDrain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, pair func(queueLimits) (*outQueue, net.Conn)) {
		l, peer := pair(minute(10_000))
		if !l.Drain(time.Nanosecond) {
			t.Error("it waits though nothing was sent")
		}
		sent := stall(t, l)
		if l.Drain(10 * time.Millisecond) {
			t.Error("it does not wait for a peer that reads nothing")
		}
		drained := make(chan bool)
		go func() { drained <- l.Drain(time.Minute) }()
		read(t, peer, sent*len(frames(1)))
		if !<-drained {
			t.Error("the peer has taken everything, and yet it has not")
		}
		stall(t, l)
		go func() { drained <- l.Drain(time.Minute) }()
		l.Stop()
		if <-drained || l.Drain(time.Minute) {
			t.Error("a outQueue that was stopped has sent everything")
		}
	})
}
