package hearthtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"hearth/web/label"
)

// Probe is a client that sends arbitrary frames to a server and checks the answers against PROTOCOL.md. It is not safe for
// concurrent use.
type Probe struct {
	handler http.Handler
	dial    string // the start of the URLs of sockets
	cookie  string
	conn    *websocket.Conn // nil: none is open
	marks   int             // how many marks it has sent; a mark is a message after which earlier effects have arrived
	said    map[int64]bool  // the ids of the messages that were accepted from it
}

// NewProbe returns a probe that is signed in as b. h is the handler of b's server.
func NewProbe(b *Browser, h http.Handler) *Probe {
	return &Probe{handler: h, dial: "ws" + strings.TrimPrefix(b.server.URL, "http"), cookie: b.Cookie(), said: map[int64]bool{}}
}

// Open opens a socket as a plain client.
func (p *Probe) Open(t testing.TB, path string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(p.dial+path, http.Header{"Cookie": {p.cookie}})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// Next returns the next frame that a plain client gets. It fails the test if the frame does not conform to PROTOCOL.md.
func (p *Probe) Next(t testing.TB, conn *websocket.Conn) (Frame, error) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, b, err := conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	var f Frame
	if err := json.Unmarshal(b, &f); err != nil || f.Type() == "" {
		t.Fatalf("the server says %q: %v", b, err)
	}
	if _, text := f["message"].(string); !text || !utf8.Valid(b) {
		t.Fatalf("the server says %q", b)
	}
	return f, nil
}

// Tell sends a frame. It returns the events that the frame causes for this client, or the close code.
func (p *Probe) Tell(t *testing.T, frame []byte) (events []Frame, code int) {
	t.Helper()
	if p.conn == nil {
		p.conn = p.Open(t, "/ws/chat/r/")
	}
	_ = p.conn.WriteMessage(websocket.TextMessage, frame) // if it fails, the next read returns the reason
	// Errors and repeated receipts are sent after the messages of the same commit. That commit may have the first mark; the
	// second mark is in a later one. A repeated receipt waits for further receipts, so it may take more marks.
	most := 2
	if bytes.Contains(frame, []byte("nonce")) {
		most = 200
	}
	for mark := 0; mark < most && code == 0 && len(events) == 0; mark++ {
		events, code = p.settle(t)
	}
	if bytes.Contains(frame, []byte("enter")) && p.conn != nil { // the socket may be in another room now
		_ = p.conn.Close()
		p.conn = nil
	}
	return events, code
}

// settle sends a mark. It returns the events before the mark, or the close code.
func (p *Probe) settle(t *testing.T) (events []Frame, code int) {
	t.Helper()
	p.marks++
	mark := fmt.Sprint("mark ", p.marks)
	_ = p.conn.WriteJSON(map[string]string{"message": mark})
	for {
		f, err := p.Next(t, p.conn)
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			_ = p.conn.Close()
			p.conn = nil
			return nil, closed.Code
		}
		if err != nil {
			t.Fatalf("the server hangs up: %v", err)
		}
		if f["message"] == mark {
			return events, 0
		}
		if slices.Contains([]string{"chat_message", "error", "private_message_delivered", "command", "pong"}, f.Type()) && f["history"] != true {
			events = append(events, f)
		}
	}
}

// depth returns how deep the objects and arrays of v are nested.
func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, in := range v {
			deepest = max(deepest, depth(in))
		}
	case []any:
		for _, in := range v {
			deepest = max(deepest, depth(in))
		}
	default:
		return 0
	}
	return deepest + 1
}

// sayable reports whether PROTOCOL.md allows text as a message.
func sayable(text string) bool {
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && r != '\t' && r != '\n' }
	shows := func(r rune) bool { return !unicode.IsSpace(r) && label.Visible(r) }
	return strings.ContainsFunc(text, shows) && utf8.RuneCountInString(text) <= 4000 && !strings.ContainsFunc(text, bad)
}

// slashed reports whether the first visible character is a slash, so that text may be a command.
func slashed(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "／")
}

// Judge checks the events that a frame caused against PROTOCOL.md.
func (p *Probe) Judge(t *testing.T, frame []byte, events []Frame) {
	t.Helper()
	var v map[string]any
	proper := json.Unmarshal(frame, &v) == nil && v != nil && depth(v) <= 16
	text, isText := v["message"].(string)
	text = strings.ReplaceAll(text, "\r\n", "\n")
	typ, typed := v["type"].(string)
	says := proper && isText && (!typed && v["type"] == nil || typ == "" || typ == "chat_message")
	if typ == "enter" && proper {
		return // the events can be those of another room
	}
	if len(events) > 1 {
		t.Fatalf("%q has many answers: %v", frame, events)
	}
	if len(events) == 0 {
		if !slices.Contains([]string{"edit", "delete", "react", "read", "typing"}, typ) {
			t.Fatalf("%q has no answer", frame)
		}
		return
	}
	got := events[0]
	if got.Type() == "pong" {
		if typ != "ping" {
			t.Fatalf("%q is answered with %v", frame, got)
		}
		return
	}
	if got.Type() == "command" {
		if !says || !slashed(text) {
			t.Fatalf("%q is answered with %v", frame, got)
		}
		return
	}
	if got.Type() == "error" {
		if says && sayable(text) && len(v) == 1 && !slashed(text) {
			t.Fatalf("%q is refused: %v", frame, got)
		}
		if !proper && got["code"] != "bad_frame" {
			t.Fatalf("%q is refused with %v", frame, got)
		}
		return
	}
	p.accepted(t, frame, says, text, got)
}

// accepted checks the receipt of a message and the message that is stored.
func (p *Probe) accepted(t *testing.T, frame []byte, says bool, text string, got Frame) {
	t.Helper()
	if !says {
		t.Fatalf("%q is said: %v", frame, got)
	}
	if p.said[got.Int("id")] { // the nonce is repeated, so the receipt is that of the first message
		if got.Text("nonce") == "" {
			t.Fatalf("%q is said twice: %v", frame, got)
		}
		return
	}
	p.said[got.Int("id")] = true
	if got.Type() == "private_message_delivered" {
		if !strings.HasSuffix(text, got.Text("message")) || !sayable(got.Text("message")) {
			t.Fatalf("%q is delivered as %v", frame, got)
		}
		return
	}
	said := got.Text("message")
	shrugs := strings.HasSuffix(said, `¯\_(ツ)_/¯`)
	if slashed(text) && (strings.HasSuffix(text, said) || shrugs) { // "//word" says "/word"
		text = said
	}
	if got["message"] != text || !sayable(text) {
		t.Fatalf("%q is said as %v", frame, got)
	}
	var page struct{ Messages []Frame }
	r := p.Get("/api/rooms/r/messages", url.Values{"after": {strconv.FormatInt(got.Int("id")-1, 10)}, "limit": {"1"}})
	if err := json.Unmarshal(r.Body.Bytes(), &page); err != nil || len(page.Messages) != 1 || page.Messages[0]["message"] != text && page.Messages[0]["action"] != true {
		t.Fatalf("%q is kept as %s", frame, r.Body)
	}
}

// Get requests a path from the handler, without a network.
func (p *Probe) Get(path string, query url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "localhost"
	r.URL.RawQuery = query.Encode()
	r.Header.Set("Cookie", p.cookie)
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}
