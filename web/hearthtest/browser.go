package hearthtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Browser is an HTTP client with cookies. It does not follow redirects, so that tests see them.
type Browser struct {
	Name   string      // of its account; "" for a visitor
	Header http.Header // sent with each request
	Host   string      // the Host header; "": the server's address
	server *Server
	t      testing.TB
	http   *http.Client
}

// Reply is a response with its whole body.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the body into v.
func (r Reply) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		t.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
}

// Get requests a path.
func (b *Browser) Get(path string) Reply {
	b.t.Helper()
	return b.do("GET", path, "", "")
}

// Post sends a form as a page of the site does. pairs are names, each with a value after it.
func (b *Browser) Post(path string, pairs ...string) Reply {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form.Encode(), "application/x-www-form-urlencoded")
}

// PostJSON sends v as JSON.
func (b *Browser) PostJSON(path string, v any) Reply {
	b.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do("POST", path, string(body), "application/json")
}

func (b *Browser) do(method, path, body, contentType string) Reply {
	b.t.Helper()
	r, err := http.NewRequest(method, b.server.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, values := range b.Header {
		r.Header[name] = values
	}
	r.Host = b.Host
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return Reply{resp.StatusCode, resp.Header, string(text)}
}

// Cookie returns the Cookie header that the browser sends.
func (b *Browser) Cookie() string {
	u, err := url.Parse(b.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	var parts []string
	for _, c := range b.http.Jar.Cookies(u) {
		parts = append(parts, c.Name+"="+c.Value)
	}
	return strings.Join(parts, "; ")
}

// TryDial opens a socket. If the server refuses it, TryDial returns the response and an error.
func (b *Browser) TryDial(path string, header http.Header, subprotocols ...string) (*Socket, *http.Response, error) {
	h := http.Header{"Cookie": {b.Cookie()}, "Origin": {b.server.URL}}
	for name, values := range b.Header {
		h[name] = values
	}
	for name, values := range header {
		h[name] = values
	}
	if b.Host != "" {
		h.Set("Host", b.Host)
	}
	d := websocket.Dialer{Subprotocols: subprotocols, HandshakeTimeout: timeout}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(b.server.URL, "http")+path, h)
	if err != nil {
		return nil, resp, err
	}
	s := &Socket{Conn: conn, t: b.t, Name: b.Name}
	b.t.Cleanup(func() { _ = conn.Close() })
	return s, resp, nil
}

// Dial opens a socket as a plain client, which requests no subprotocol.
func (b *Browser) Dial(path string) *Socket { b.t.Helper(); return b.dial(path) }

// DialBatched opens a socket with the subprotocol hearth.1.
func (b *Browser) DialBatched(path string) *Socket { b.t.Helper(); return b.dial(path, "hearth.1") }

func (b *Browser) dial(path string, subprotocols ...string) *Socket {
	b.t.Helper()
	s, resp, err := b.TryDial(path, nil, subprotocols...)
	if err != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		b.t.Fatalf("%s: dial %s: %v (%d)", b.Name, path, err, status)
	}
	return s
}

// Frame is a decoded event.
type Frame map[string]any

// Type returns the type of the event.
func (f Frame) Type() string { s, _ := f["type"].(string); return s }

// Text returns the value of a field, or "" if it is not a string.
func (f Frame) Text(field string) string { s, _ := f[field].(string); return s }

// Int returns the value of a field, or 0 if it is not a number.
func (f Frame) Int(field string) int64 { n, _ := f[field].(float64); return int64(n) }

// Socket is the client's side of a socket.
type Socket struct {
	*websocket.Conn
	Name  string
	Raw   int // the number of WebSocket messages that were received, each with one event or several
	t     testing.TB
	lines []string // events that were received and not returned yet
}

// Send sends v as JSON.
func (s *Socket) Send(v any) {
	s.t.Helper()
	if err := s.WriteJSON(v); err != nil {
		s.t.Fatalf("%s: send: %v", s.Name, err)
	}
}

// Say sends a chat message to the socket's room.
func (s *Socket) Say(text string) { s.t.Helper(); s.Send(map[string]string{"message": text}) }

// Next returns the next event.
func (s *Socket) Next() Frame {
	s.t.Helper()
	f, err := s.TryNext(timeout)
	if err != nil {
		s.t.Fatalf("%s: %v", s.Name, err)
	}
	return f
}

// TryNext returns the next event, or an error if none arrives within wait.
func (s *Socket) TryNext(wait time.Duration) (Frame, error) {
	for len(s.lines) == 0 {
		if err := s.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return nil, err
		}
		_, b, err := s.ReadMessage()
		if err != nil {
			return nil, err
		}
		s.Raw++
		s.lines = strings.Split(string(b), "\n")
	}
	var f Frame
	line := s.lines[0]
	s.lines = s.lines[1:]
	if err := json.Unmarshal([]byte(line), &f); err != nil {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	return f, nil
}

// Until skips events up to one of the type typ, and returns that one.
func (s *Socket) Until(typ string) Frame {
	s.t.Helper()
	return s.Find("a "+typ, func(f Frame) bool { return f.Type() == typ })
}

// Find skips events up to one for which fits returns true, and returns that one. what describes the event in the error message.
func (s *Socket) Find(what string, fits func(Frame) bool) Frame {
	s.t.Helper()
	var seen []string
	for {
		f, err := s.TryNext(timeout)
		if err != nil {
			s.t.Fatalf("%s: waiting for %s: %v; there came %s", s.Name, what, err, strings.Join(seen, ", "))
		}
		if fits(f) {
			return f
		}
		seen = append(seen, fmt.Sprint(f))
	}
}

// Settled sends a chat message and returns the events that arrive before its own copy. All effects of earlier actions have
// arrived then.
func (s *Socket) Settled() []Frame {
	s.t.Helper()
	mark := fmt.Sprintf("mark %d", time.Now().UnixNano())
	s.Say(mark)
	var seen []Frame
	s.Find("the mark", func(f Frame) bool {
		seen = append(seen, f)
		return f.Text("message") == mark
	})
	return seen[:len(seen)-1]
}

// Closed reads until the socket is closed, and returns the close code.
func (s *Socket) Closed() int {
	s.t.Helper()
	for {
		_, err := s.TryNext(timeout)
		if err == nil {
			continue
		}
		if e, ok := err.(*websocket.CloseError); ok {
			return e.Code
		}
		s.t.Fatalf("%s: closed without a code: %v", s.Name, err)
	}
}
