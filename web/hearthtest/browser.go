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

// Browser keeps cookies and doesn't follow redirects, so that tests see them.
type Browser struct {
	Name   string
	Header http.Header // sent along with each request
	Host   string      // the Host that is sent, "" for the server's address
	server *Server
	t      testing.TB
	http   *http.Client
}

// Reply is an answer, read whole.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the answer into v.
func (r Reply) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		t.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
}

// Get fetches a path.
func (b *Browser) Get(path string) Reply {
	b.t.Helper()
	return b.do("GET", path, "", "")
}

// Post sends a form of name, value pairs, as a page of the site does.
func (b *Browser) Post(path string, pairs ...string) Reply {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form.Encode(), "application/x-www-form-urlencoded")
}

// PostJSON sends v to the API.
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

// TryDial opens a socket, or returns the answer that refused it.
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
	d := websocket.Dialer{Subprotocols: subprotocols, HandshakeTimeout: patience}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(b.server.URL, "http")+path, h)
	if err != nil {
		return nil, resp, err
	}
	s := &Socket{Conn: conn, t: b.t, Name: b.Name}
	b.t.Cleanup(func() { _ = conn.Close() })
	return s, resp, nil
}

// Dial opens a socket of the plain dialect.
func (b *Browser) Dial(path string) *Socket { b.t.Helper(); return b.dial(path) }

// DialBatched opens a socket of the dialect hearth.1.
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

// Frame is one event, decoded.
type Frame map[string]any

// Type returns the frame's type.
func (f Frame) Type() string { s, _ := f["type"].(string); return s }

// Text returns a field that is a string, "" if it is none.
func (f Frame) Text(field string) string { s, _ := f[field].(string); return s }

// Int returns a field that is a number, 0 if it is none.
func (f Frame) Int(field string) int64 { n, _ := f[field].(float64); return int64(n) }

// Socket is a client's end of a socket.
type Socket struct {
	*websocket.Conn
	Name  string
	Raw   int // frames on the wire so far
	t     testing.TB
	lines []string
}

// Send sends v as a frame of JSON.
func (s *Socket) Send(v any) {
	s.t.Helper()
	if err := s.WriteJSON(v); err != nil {
		s.t.Fatalf("%s: send: %v", s.Name, err)
	}
}

// Say says text in the socket's room.
func (s *Socket) Say(text string) { s.t.Helper(); s.Send(map[string]string{"message": text}) }

// Next returns the next event.
func (s *Socket) Next() Frame {
	s.t.Helper()
	f, err := s.TryNext(patience)
	if err != nil {
		s.t.Fatalf("%s: %v", s.Name, err)
	}
	return f
}

// TryNext returns the next event within wait, or why there is none.
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

// Until skips events until one of that type, and returns it.
func (s *Socket) Until(typ string) Frame {
	s.t.Helper()
	return s.Find("a "+typ, func(f Frame) bool { return f.Type() == typ })
}

// Find skips events until one that fits, and returns it.
func (s *Socket) Find(what string, fits func(Frame) bool) Frame {
	s.t.Helper()
	var seen []string
	for {
		f, err := s.TryNext(patience)
		if err != nil {
			s.t.Fatalf("%s: waiting for %s: %v; there came %s", s.Name, what, err, strings.Join(seen, ", "))
		}
		if fits(f) {
			return f
		}
		seen = append(seen, fmt.Sprint(f))
	}
}

// Settled says something and returns all events up to its own copy: after it, whatever was caused
// before has arrived.
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
		_, err := s.TryNext(patience)
		if err == nil {
			continue
		}
		if e, ok := err.(*websocket.CloseError); ok {
			return e.Code
		}
		s.t.Fatalf("%s: closed without a code: %v", s.Name, err)
	}
}
