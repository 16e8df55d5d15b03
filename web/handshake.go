package web

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"hearth/web/chat"
	"hearth/web/logging"
)

// keySize is the length of the key in a handshake, in bytes (RFC 6455, 4.1).
const keySize = 16

// errHandshake refuses a request for a socket that isn't put together as RFC 6455, 4.1 wants it.
var errHandshake = &chat.Error{Code: "bad_frame", Key: "upgrade"}

// upgrade refuses what can't become a socket, in the order in which a client can mend it.
func (s *Server) upgrade(r *request) error {
	// RFC 9110, 7.8: in HTTP/1.0 nobody asks for an upgrade, whatever the header says.
	if !r.ProtoAtLeast(1, 1) || !slices.Contains(listed(r, "Upgrade"), "websocket") {
		return chat.Errorf("upgrade")
	}
	if !slices.Equal(r.Header.Values("Sec-WebSocket-Version"), []string{"13"}) {
		return chat.Errorf("upgrade")
	}
	if r.Method != http.MethodGet || !slices.Contains(listed(r, "Connection"), "upgrade") || !keyed(r) {
		return errHandshake
	}
	if !s.sameOrigin(r.Request) {
		return errOtherSite
	}
	return nil
}

// strippedHandshakes are those that a proxy has left without Upgrade or Connection: those headers are for one hop
// (RFC 9110, 7.6.1), and a proxy passes them on only if it is told to. The key of the handshake passes every proxy.
var strippedHandshakes = logging.NewKind(slog.LevelWarn, "a WebSocket handshake came without its Upgrade header: "+
	"live updates do not work until the proxy passes it on (README, Behind a reverse proxy)", 1)

// logStripped logs the setting that a proxy lacks, if r is such a handshake. In HTTP/1.0 nobody asks for an upgrade,
// whatever the headers say (RFC 9110, 7.8).
func logStripped(r *request) {
	asks := r.ProtoAtLeast(1, 1) && slices.Contains(listed(r, "Upgrade"), "websocket") && slices.Contains(listed(r, "Connection"), "upgrade")
	if asks || r.Method != http.MethodGet || !keyed(r) {
		return
	}
	strippedHandshakes.Log("path", r.URL.Path, "from", r.RemoteAddr, "proto", r.Proto,
		"nginx", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;")
}

// tellUpgrade adds to a refusal what the client should have asked for (RFC 6455, 4.4; RFC 9110, 7.8).
func tellUpgrade(h http.Header) {
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Version", "13")
}

// keyed reports whether the request has a key, one and well-formed (RFC 6455, 11.3.1).
func keyed(r *request) bool {
	keys := r.Header.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(key) == keySize
}

// listed are the elements of a header that may be a list, and may come more than once, in small letters.
func listed(r *request, name string) []string {
	all := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	for i, s := range all {
		all[i] = strings.ToLower(strings.TrimSpace(s))
	}
	return all
}

// joinSubprotocols makes one header of those that the client sent: RFC 6455, 11.3.4 has them mean
// the same, but the library reads the first alone.
func joinSubprotocols(h http.Header) {
	const name = "Sec-WebSocket-Protocol"
	if all := h.Values(name); len(all) > 1 {
		h.Set(name, strings.Join(all, ", "))
	}
}
