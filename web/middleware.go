package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"hearth/web/chat"
)

// errOtherSite refuses a change that a page of another site requests with the visitor's cookies.
var errOtherSite = chat.Errorf("other_site")

const (
	// maxForm bounds the body of every request, in bytes: a message of 4000 characters in
	// percent-encoding is at most 48 000.
	maxForm = 256 << 10

	// policy is the Content-Security-Policy. The placeholder is for the hash of the script that pages contain.
	policy = "default-src 'none'; script-src 'self' %s; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)

// protect wraps all handlers: it sets security headers, bounds bodies and the number of requests in progress, and refuses unknown
// host names and changes that pages of other sites request.
func (s *Server) protect(next http.Handler) http.Handler {
	policy := fmt.Sprintf(policy, s.assets.scriptHash(earlySocket))
	checked := s.bounded(s.checkHost(s.checkSite(next)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		checked.ServeHTTP(w, r)
	})
}

// checkSite refuses changes that a page of another site requests. Browsers that send no Sec-Fetch-Site, as on plain HTTP, send
// Origin.
func (s *Server) checkSite(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	refuse := s.page(func(http.ResponseWriter, *request) error { return errOtherSite })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		switch {
		case !read && r.Header.Get("Sec-Fetch-Site") == "":
			if !s.sameOrigin(r) {
				refuse(w, r)
				return
			}
		case cross.Check(r) != nil:
			s.logOtherSite(r)
			refuse(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secure reports whether the browser came by HTTPS, here or at a trusted proxy.
func (s *Server) secure(r *http.Request) bool {
	return r.TLS != nil || s.viaProxy(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// viaProxy reports whether the request comes from a trusted proxy.
func (s *Server) viaProxy(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && s.trusted(at.Addr())
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.options.Proxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// address returns the address of the client: if a trusted proxy sends the request, the last address in X-Forwarded-For that is
// not a trusted proxy's.
func (s *Server) address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := at.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(from); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		from = hop.Unmap()
	}
	return from
}

// Network returns the network of one customer of a provider: the address itself, or the /64 of an IPv6 address (RFC 6177).
// Limits count by it. It returns the zero Prefix for the zero Addr.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails only for the zero Addr
	return p
}

func queryEscape(s string) string { return url.QueryEscape(s) }
