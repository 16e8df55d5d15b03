package web_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"hearth/web/hearthtest"
)

// leastCases is how many cases the conformance test must have.
const leastCases = 150

const conformancePath = "/ws/chat/conformance/"

// frameCase is what a client sends after the handshake, and what must come of it.
type frameCase struct {
	rfc, name string // section of RFC 6455, and what is tried
	send      []rawFrame
	cut       int  // leave out so many bytes at the end
	pieces    int  // write so many bytes at a time; 0: all at once
	hangUp    bool // then end the client's half of the TCP connection

	said   []string // what the room is told
	pongs  []string // payloads that come back
	errors []string // codes of error frames
	// code is what the server closes with. 0: it doesn't, and the client closes in the end; the
	// server just hangs up if the client did.
	code int
}

func (c frameCase) wire() []byte {
	var b bytes.Buffer
	for _, f := range c.send {
		b.Write(f.wire())
	}
	return b.Bytes()[:b.Len()-c.cut]
}

// arena is where all cases run: one server, and a room where somebody listens.
type arena struct {
	server  *hearthtest.Server
	cookie  string // of her who tries
	witness *hearthtest.Socket
	marks   int
}

func newArena(t *testing.T) *arena {
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a := &arena{server: s, cookie: ada.Cookie(), witness: bob.Dial(conformancePath)}
	a.witness.Until("user_join")       // he is in: who comes now he is told of
	go read(ada.Dial(conformancePath)) // stays, so that nobody comes and goes
	a.witness.Find("ada's coming", func(f hearthtest.Frame) bool { return f.Type() == "user_join" && f["user"] == "ada" })
	return a
}

// read reads until the end, and so answers pings.
func read(s *hearthtest.Socket) {
	for {
		if _, _, err := s.ReadMessage(); err != nil {
			return
		}
	}
}

func (a *arena) dial(t *testing.T) *rawConn {
	t.Helper()
	c := dialRaw(t, a.server)
	c.handshake(conformancePath, a.cookie)
	return c
}

// settle proves that a new connection is served as ever, and that the room was told of nothing else.
func (a *arena) settle(t *testing.T, said []string) {
	t.Helper()
	a.marks++
	mark := fmt.Sprint("mark ", a.marks)
	c, h := a.dial(t), heard{}
	c.send(frame(opText, saying(mark)).wire(), 0)
	for !slices.Contains(h.said, mark) && !h.ended { // the case's last words may still come before
		h.next(c)
	}
	if h.ended || len(h.errors) > 0 {
		t.Errorf("a new connection says %q and hears %+v", mark, h)
	}
	var seen []string
	a.witness.Find(mark, func(f hearthtest.Frame) bool {
		if f.Text("message") == mark {
			return true
		}
		seen = append(seen, f.Text("message"))
		return false
	})
	if !slices.Equal(seen, said) {
		t.Errorf("the room was told %.200q instead of %.200q", seen, said)
	}
	_ = c.Close()
}

func (a *arena) run(t *testing.T, k frameCase) {
	c, h := a.dial(t), heard{}
	c.send(k.wire(), k.pieces)
	if k.hangUp {
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	stays := k.code == 0 && !k.hangUp
	for stays && !h.ended && (len(h.said) < len(k.said) || len(h.pongs) < len(k.pongs) || len(h.errors) < len(k.errors)) {
		h.next(c)
	}
	want := k.code
	if stays {
		want = 1000
		c.send(closing(1000, "").wire(), 0)
	}
	for !h.ended {
		h.next(c)
	}
	if h.code != want {
		t.Errorf("closed with %d instead of %d", h.code, want)
	}
	if !slices.Equal(h.pongs, k.pongs) {
		t.Errorf("the pongs are %.200q instead of %.200q", h.pongs, k.pongs)
	}
	// The receipts of what was said just before a close may come too late for it.
	if stays && (!slices.Equal(h.said, k.said) || !slices.Equal(h.errors, k.errors)) {
		t.Errorf("heard %.200q and errors %q instead of %.200q and %q", h.said, h.errors, k.said, k.errors)
	}
	a.settle(t, k.said)
}

var section = regexp.MustCompile(`^\d+(\.\d+)*$`)

// The server is held to RFC 6455 by a client that writes frames byte by byte.
func TestConformance(t *testing.T) {
	a := newArena(t)
	named := map[string]bool{}
	run := func(rfc, name string, f func(*testing.T)) {
		if !section.MatchString(rfc) || named[rfc+name] {
			t.Errorf("%s %s: there is no such section, or the name is there twice", rfc, name)
		}
		named[rfc+name] = true
		t.Run(rfc+" "+name, f)
	}
	for _, k := range handshakeCases() {
		run(k.rfc, k.name, func(t *testing.T) { a.shake(t, k) })
	}
	for _, k := range slices.Concat(headerCases(), fragmentCases(), controlCases(), closeCases(), textCases(), transportCases()) {
		run(k.rfc, k.name, func(t *testing.T) { a.run(t, k) })
	}
	if len(named) < leastCases {
		t.Errorf("there are %d cases, and %d are wanted", len(named), leastCases)
	}
	t.Logf("%d cases", len(named))
}
