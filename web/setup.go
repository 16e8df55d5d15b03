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

// setupPath is the prefix of the one-time link for creating the first account.
const setupPath = "/setup/"

// setupToken is the secret of the one-time link for creating the first account. Each start of the server creates a new one,
// in memory only. It is void once an account exists.
type setupToken string

// newSetupToken returns a token of at least 128 random bits.
func newSetupToken() setupToken { return setupToken(rand.Text()) }

// is reports whether token equals t, in constant time.
func (t setupToken) is(token string) bool {
	want, got := sha256.Sum256([]byte(t)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// SetupPath returns the path of the link with which the first account can be created from any computer.
func (s *Server) SetupPath() string { return setupPath + string(s.setup) + "/" }

// forwarding are the prefixes of header names that proxies add.
var forwarding = []string{"Forwarded", "X-Forwarded", "X-Real-", "Via", "Cf-", "True-Client-", "X-Client-", "X-Cluster-", "Client-Ip",
	"X-Original-", "X-Envoy-", "X-Amzn-", "Fly-", "Fastly-", "Tailscale-", "Ngrok-"}

// forwarded reports whether a request has a header that proxies add.
func forwarded(h http.Header) bool {
	for name := range h {
		if slices.ContainsFunc(forwarding, func(begin string) bool { return strings.HasPrefix(name, begin) }) {
			return true
		}
	}
	return false
}

// fromThisComputer reports whether a browser or a program on this computer sent the request. A loopback address is not enough: a
// proxy on this computer has one too. A proxy that adds no header speaks HTTP/1.0 or forwards the browser's Host, Origin or
// Referer.
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
