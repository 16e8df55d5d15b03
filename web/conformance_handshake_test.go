package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// header is one line of a request's head.
type header struct{ name, value string }

// shakeCase is a handshake, and how it must be answered.
type shakeCase struct {
	rfc, name string
	line      string              // the request line, if it isn't the usual
	head      map[string][]string // headers that differ from the usual; none: left out
	extra     string              // sent right behind the head
	anonymous bool                // without ada's cookie

	status int               // 0: no answer at all
	answer map[string]string // headers of the answer; "": must not be there
}

// request returns the usual handshake of 4.1 with what differs.
func (k shakeCase) request(host, cookie string) string {
	line := k.line
	if line == "" {
		line = "GET " + conformancePath + " HTTP/1.1"
	}
	usual := []header{{"Host", host}, {"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Key", theKey},
		{"Sec-WebSocket-Version", "13"}, {"Origin", ""}, {"Sec-WebSocket-Protocol", ""}, {"Sec-WebSocket-Extensions", ""}, {"Content-Length", ""}}
	if !k.anonymous {
		usual = append(usual, header{"Cookie", cookie})
	}
	var b strings.Builder
	b.WriteString(line + "\r\n")
	for _, h := range usual {
		values, differs := k.head[h.name]
		if !differs && h.value != "" {
			values = []string{h.value}
		}
		for _, v := range values {
			b.WriteString(h.name + ": " + strings.ReplaceAll(v, "HOST", host) + "\r\n")
		}
	}
	return b.String() + "\r\n" + k.extra
}

// shake tries a handshake. A socket that opens must work, one that doesn't must change nothing.
func (a *arena) shake(t *testing.T, k shakeCase) {
	c := dialRaw(t, a.server)
	resp, err := c.ask(k.request(c.RemoteAddr().String(), a.cookie))
	if k.status == 0 {
		if err == nil {
			t.Errorf("answered with %s", resp.Status)
		}
		a.settle(t, nil)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != k.status {
		t.Errorf("answered with %s instead of %d", resp.Status, k.status)
	}
	for name, want := range k.answer {
		if got := strings.Join(resp.Header.Values(name), ","); !strings.EqualFold(got, want) || name == "Sec-WebSocket-Accept" && got != want {
			t.Errorf("%s is %q instead of %q", name, got, want)
		}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		h := heard{}
		c.send(slices.Concat(frame(opPing, "open?").wire(), closing(1000, "").wire()), 0)
		for !h.ended {
			h.next(c)
		}
		if !slices.Equal(h.pongs, []string{"open?"}) || h.code != 1000 {
			t.Errorf("the socket is open, but answers with %+v", h)
		}
	}
	a.settle(t, nil)
}

// not returns one header that differs: these values, or none at all.
func not(name string, values ...string) map[string][]string { return map[string][]string{name: values} }

func handshakeCases() []shakeCase {
	const opens, malformed, upgrade, foreign = http.StatusSwitchingProtocols, http.StatusBadRequest, http.StatusUpgradeRequired, http.StatusForbidden
	post := "POST " + conformancePath + " HTTP/1.1"
	plain := map[string]string{"Sec-WebSocket-Protocol": "", "Sec-WebSocket-Extensions": "", "Sec-WebSocket-Accept": theAccept}
	batched := map[string]string{"Sec-WebSocket-Protocol": "hearth.1", "Sec-WebSocket-Accept": theAccept}
	asks := map[string]string{"Sec-WebSocket-Version": "13", "Upgrade": "websocket", "Connection": "Upgrade"}
	accept := func(s string) map[string]string { return map[string]string{"Sec-WebSocket-Accept": s} }
	return []shakeCase{
		{rfc: "4.2.2", name: "the answer's Upgrade and Connection", status: opens, answer: map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"}},
		{rfc: "1.3", name: "the example's key", status: opens, answer: accept(theAccept)},
		{rfc: "4.2.2", name: "a key of zeros", head: not("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), status: opens, answer: accept("ICX+Yqv66kxgM0FcWaLWlFLwTAI=")},
		{rfc: "4.2.2", name: "a key of ones, slashes in base64", head: not("Sec-WebSocket-Key", "/////////////////////w=="), status: opens, answer: accept("XXpj4jYzLM2yUE0C7TIgMwTQh2g=")},
		{rfc: "4.2.2", name: "a key of 1 to 16", head: not("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEA=="), status: opens, answer: accept("C/0nmHhBztSRGR1CwL6Tf4ZjwpY=")},
		{rfc: "4.2.2", name: "a key with white space around", head: not("Sec-WebSocket-Key", "  aGVhcnRoLCBjb25mb3JtIQ==  "), status: opens, answer: accept("pLNws5H7WKm8DK4GwnRd016kWxU=")},

		{rfc: "4.2.1", name: "no Upgrade", head: not("Upgrade"), status: upgrade, answer: asks},
		{rfc: "4.2.1", name: "another Upgrade", head: not("Upgrade", "h2c"), status: upgrade, answer: asks},
		{rfc: "4.2.1", name: "an Upgrade that begins alike", head: not("Upgrade", "websocket2"), status: upgrade, answer: asks},
		{rfc: "4.2.1", name: "Upgrade in capitals", head: not("Upgrade", "WebSocket"), status: opens, answer: plain},
		{rfc: "4.1", name: "Upgrade as a list", head: not("Upgrade", "h2c, websocket"), status: opens, answer: plain},
		{rfc: "4.1", name: "Upgrade twice", head: not("Upgrade", "h2c", "websocket"), status: opens, answer: plain},
		{rfc: "4.2.1", name: "Upgrade with a Kelvin sign for its k", head: not("Upgrade", "websoc\u212Aet"), status: malformed},
		{rfc: "4.2.1", name: "no Connection", head: not("Connection"), status: malformed, answer: asks},
		{rfc: "4.2.1", name: "another Connection", head: not("Connection", "keep-alive"), status: malformed, answer: asks},
		{rfc: "4.2.1", name: "Connection in capitals", head: not("Connection", "UPGRADE"), status: opens, answer: plain},
		{rfc: "4.2.1", name: "Connection as a list", head: not("Connection", "keep-alive, Upgrade"), status: opens, answer: plain},
		{rfc: "4.2.1", name: "Connection twice", head: not("Connection", "keep-alive", "Upgrade"), status: opens, answer: plain},
		{rfc: "4.2.1", name: "no Host", head: not("Host"), status: malformed},
		{rfc: "4.2.1", name: "HTTP/1.0", line: "GET " + conformancePath + " HTTP/1.0", status: upgrade, answer: map[string]string{"Sec-WebSocket-Version": "13", "Upgrade": "websocket"}},
		{rfc: "4.2.1", name: "POST", line: post, head: not("Content-Length", "0"), status: http.StatusNotFound, answer: accept("")},
		{rfc: "4.2.1", name: "HEAD", line: "HEAD " + conformancePath + " HTTP/1.1", status: malformed},

		{rfc: "4.4", name: "no version", head: not("Sec-WebSocket-Version"), status: upgrade, answer: asks},
		{rfc: "4.4", name: "version 8", head: not("Sec-WebSocket-Version", "8"), status: upgrade, answer: asks},
		{rfc: "4.4", name: "version 14", head: not("Sec-WebSocket-Version", "14"), status: upgrade, answer: asks},
		{rfc: "4.4", name: "version 0", head: not("Sec-WebSocket-Version", "0"), status: upgrade, answer: asks},
		{rfc: "4.3", name: "version 013", head: not("Sec-WebSocket-Version", "013"), status: upgrade, answer: asks},
		{rfc: "4.3", name: "version thirteen", head: not("Sec-WebSocket-Version", "thirteen"), status: upgrade, answer: asks},
		{rfc: "11.3.5", name: "two versions in a list", head: not("Sec-WebSocket-Version", "13, 8"), status: upgrade, answer: asks},
		{rfc: "11.3.5", name: "the version twice", head: not("Sec-WebSocket-Version", "13", "8"), status: upgrade, answer: asks},

		{rfc: "4.2.1", name: "no key", head: not("Sec-WebSocket-Key"), status: malformed},
		{rfc: "4.2.1", name: "an empty key", head: not("Sec-WebSocket-Key", " "), status: malformed},
		{rfc: "4.2.1", name: "a key of 15 bytes", head: not("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4P"), status: malformed},
		{rfc: "4.2.1", name: "a key of 17 bytes", head: not("Sec-WebSocket-Key", "AQIDBAUGBwgJCgsMDQ4PEBE="), status: malformed},
		{rfc: "4.2.1", name: "a key that is not base64", head: not("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ*="), status: malformed},
		{rfc: "4.2.1", name: "a key without padding", head: not("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"), status: malformed},
		{rfc: "4.2.1", name: "a key in the alphabet of URLs", head: not("Sec-WebSocket-Key", "_____________________w=="), status: malformed},
		{rfc: "11.3.1", name: "two keys", head: not("Sec-WebSocket-Key", theKey, "AQIDBAUGBwgJCgsMDQ4PEA=="), status: malformed},
		{rfc: "11.3.1", name: "the same key twice", head: not("Sec-WebSocket-Key", theKey, theKey), status: malformed},

		{rfc: "4.2.2", name: "no subprotocol", status: opens, answer: plain},
		{rfc: "4.2.2", name: "the subprotocol", head: not("Sec-WebSocket-Protocol", "hearth.1"), status: opens, answer: batched},
		{rfc: "4.2.2", name: "an unknown subprotocol", head: not("Sec-WebSocket-Protocol", "soap"), status: opens, answer: plain},
		{rfc: "4.2.2", name: "several subprotocols", head: not("Sec-WebSocket-Protocol", "soap, hearth.1,wamp"), status: opens, answer: batched},
		{rfc: "4.2.2", name: "several unknown subprotocols", head: not("Sec-WebSocket-Protocol", "soap, hearth.2"), status: opens, answer: plain},
		{rfc: "11.3.4", name: "subprotocols in several headers", head: not("Sec-WebSocket-Protocol", "soap", "hearth.1"), status: opens, answer: batched},
		{rfc: "4.2.2", name: "the subprotocol in capitals is another", head: not("Sec-WebSocket-Protocol", "HEARTH.1"), status: opens, answer: plain},

		{rfc: "9.1", name: "compression is offered", head: not("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"), status: opens, answer: plain},
		{rfc: "9.1", name: "unknown extensions are offered", head: not("Sec-WebSocket-Extensions", "x-webkit-deflate-frame, foo; bar=1"), status: opens, answer: plain},
		{rfc: "9.1", name: "extensions in several headers", head: not("Sec-WebSocket-Extensions", "foo", "permessage-deflate"), status: opens, answer: plain},
		{rfc: "9.1", name: "a malformed extension", head: not("Sec-WebSocket-Extensions", ";;="), status: opens, answer: plain},

		{rfc: "4.2.2", name: "no Origin, as of a script", head: not("Origin"), status: opens, answer: plain},
		{rfc: "10.2", name: "this site's Origin", head: not("Origin", "http://HOST"), status: opens, answer: plain},
		{rfc: "10.2", name: "a foreign Origin", head: not("Origin", "http://evil.example"), status: foreign, answer: accept("")},
		{rfc: "10.2", name: "an Origin that ends alike", head: not("Origin", "http://evil.HOST"), status: foreign, answer: accept("")},
		{rfc: "10.2", name: "an Origin that begins alike", head: not("Origin", "http://HOST.evil.example"), status: foreign, answer: accept("")},
		{rfc: "10.2", name: "an Origin with another port", head: not("Origin", "http://127.0.0.1:1"), status: foreign, answer: accept("")},
		{rfc: "10.2", name: "the Origin null", head: not("Origin", "null"), status: foreign, answer: accept("")},
		{rfc: "10.2", name: "an Origin that is no URL", head: not("Origin", "://"), status: foreign, answer: accept("")},

		{rfc: "4.2.2", name: "nobody signed in", anonymous: true, status: http.StatusForbidden, answer: accept("")},
		{rfc: "4.2.2", name: "an unknown path", line: "GET /ws/nothing/ HTTP/1.1", status: http.StatusNotFound, answer: accept("")},
		{rfc: "4.2.2", name: "a name that no room can have", line: "GET /ws/chat/%2F/ HTTP/1.1", status: http.StatusNotFound, answer: accept("")},
		{rfc: "3", name: "a query", line: "GET " + conformancePath + "?after=0&x=%F0%9F%94%A5 HTTP/1.1", status: opens, answer: plain},
		{rfc: "4.1", name: "a frame before the answer", extra: string(frame(opText, saying("too early")).wire()), status: 0},
	}
}
