package web

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// setupPath is the prefix of the one-time link that makes the first account.
const setupPath = "/setup/"

// setupToken is the secret of the one-time link that makes the first account. It is made anew at each
// start, is kept in memory only, and is worthless once an account exists.
type setupToken string

// newSetupToken makes a token of at least 128 random bits.
func newSetupToken() setupToken { return setupToken(rand.Text()) }

// is reports whether token is t. The time it takes tells nothing about t.
func (t setupToken) is(token string) bool {
	want, got := sha256.Sum256([]byte(t)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// SetupPath is the path of the link with which the first account can be made from any computer, for
// as long as there is none.
func (s *Server) SetupPath() string { return setupPath + string(s.setup) + "/" }

// forwarding are the beginnings of the names of headers that proxies add.
var forwarding = []string{"Forwarded", "X-Forwarded", "X-Real-", "Via", "Cf-", "True-Client-", "X-Client-", "X-Cluster-", "Client-Ip",
	"X-Original-", "X-Envoy-", "X-Amzn-", "Fly-", "Fastly-", "Tailscale-", "Ngrok-"}

// forwarded reports whether a proxy says in a header that it passes the request on.
func forwarded(h http.Header) bool {
	for name := range h {
		if slices.ContainsFunc(forwarding, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
			return true
		}
	}
	return false
}

// fromThisComputer reports whether the request was made by a browser or a program on this computer. A
// loopback address alone is not enough: a proxy on this computer has one too. A proxy that adds no
// header speaks HTTP/1.0 or passes on the browser's Host, Origin or Referer.
func fromThisComputer(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !at.Addr().Unmap().IsLoopback() || r.ProtoMajor != 1 || r.ProtoMinor != 1 || forwarded(r.Header) {
		return false
	}
	if host := hostName(r.Host); host != "localhost" && !loopback(host) {
		return false
	}
	for _, name := range []string{"Origin", "Referer"} {
		for _, value := range r.Header.Values(name) {
			if u, err := url.Parse(value); err != nil || !sameHost(u, r.Host, false) {
				return false
			}
		}
	}
	return true
}

// loopback reports whether host is a loopback address.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
