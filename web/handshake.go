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

// errHandshake refuses a handshake that does not follow RFC 6455, 4.1.
var errHandshake = &chat.Error{Code: "bad_frame", Key: "upgrade"}

// upgrade refuses requests that cannot become a socket. It checks in the order in which a client can fix them.
func (s *Server) upgrade(r *request) error {
	// RFC 9110, 7.8: an Upgrade header in HTTP/1.0 is ignored.
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

// strippedHandshakes are handshakes without Upgrade or Connection. These headers are for one hop (RFC 9110, 7.6.1): a proxy
// forwards them only if it is configured to. Sec-WebSocket-Key passes every proxy.
var strippedHandshakes = logging.NewKind(slog.LevelWarn, "a WebSocket handshake came without its Upgrade header: "+
	"live updates do not work until the proxy passes it on (README, Behind a reverse proxy)", 1)

// logStripped logs which setting a proxy lacks, if r is such a handshake. An Upgrade header in HTTP/1.0 is ignored (RFC 9110,
// 7.8).
func logStripped(r *request) {
	asks := r.ProtoAtLeast(1, 1) && slices.Contains(listed(r, "Upgrade"), "websocket") && slices.Contains(listed(r, "Connection"), "upgrade")
	if asks || r.Method != http.MethodGet || !keyed(r) {
		return
	}
	strippedHandshakes.Log("path", r.URL.Path, "from", r.RemoteAddr, "proto", r.Proto,
		"nginx", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;")
}

// tellUpgrade adds to a refusal the headers that the client should have sent (RFC 6455, 4.4; RFC 9110, 7.8).
func tellUpgrade(h http.Header) {
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Version", "13")
}

// keyed reports whether the request has exactly one well-formed key (RFC 6455, 11.3.1).
func keyed(r *request) bool {
	keys := r.Header.Values("Sec-WebSocket-Key")
	if len(keys) != 1 {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(keys[0])
	return err == nil && len(key) == keySize
}

// listed returns the elements of a header in lower case. The header may be a list and may be repeated.
func listed(r *request, name string) []string {
	all := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	for i, s := range all {
		all[i] = strings.ToLower(strings.TrimSpace(s))
	}
	return all
}

// joinSubprotocols joins repeated headers into one, which means the same (RFC 6455, 11.3.4). The WebSocket library reads only
// the first header.
func joinSubprotocols(h http.Header) {
	const name = "Sec-WebSocket-Protocol"
	if all := h.Values(name); len(all) > 1 {
		h.Set(name, strings.Join(all, ", "))
	}
}
