package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/logging"
)

// anyHost are the paths that are served under every host name: the pages for signing in, what these pages need, and monitoring.
// A path that ends in a slash stands for all paths below it.
var anyHost = []string{"/login/", "/log_in/", setupPath, signinPath, "/language/", "/static/", "/favicon.ico", "/healthz", "/metrics"}

// jsonPaths are the paths below which errors are JSON.
var jsonPaths = []string{"/api/", "/ws/", "/users/", "/new-user/"}

// below reports whether path is one of those in list, or below one that ends in a slash.
func below(path string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) })
}

var (
	unknownHosts = logging.NewKind(slog.LevelWarn, "refused a request for an unknown host", 1)
	unlearned    = logging.NewKind(slog.LevelError, "store a host name", 1)
	otherSites   = logging.NewKind(slog.LevelWarn, "refused a request of another site", 1)
)

// hostName returns the name in a Host header in lower case, without port, brackets and final dot.
func hostName(host string) string {
	u := url.URL{Host: host}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// host returns the Host under which the client reached the server: the last one in X-Forwarded-Host if a trusted proxy sent it,
// else that of the request.
func (s *Server) host(r *http.Request) string {
	if s.viaProxy(r) {
		all := strings.Join(r.Header.Values("X-Forwarded-Host"), ",")
		if last := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:]); last != "" {
			return last
		}
	}
	return r.Host
}

// checkHost refuses requests under names that the server does not know, unless the client is signed
// in. A page of a foreign domain whose name resolves to this server (DNS rebinding) could otherwise
// read and write here with the rights of its visitor's network, since to the browser it is the same site.
func (s *Server) checkHost(next http.Handler) http.Handler {
	guard := func(w http.ResponseWriter, r *request) error {
		if err := s.admit(r, hostName(s.host(r.Request))); err != nil {
			return cmp.Or(s.take(r, limits.Requests), err)
		}
		next.ServeHTTP(w, r.Request)
		return nil
	}
	page, api := s.serve(guard, s.failPage), s.serve(guard, failAPI) // next counts the requests that it answers
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.ownHost(hostName(s.host(r))) || below(r.URL.Path, anyHost):
			next.ServeHTTP(w, r)
		case below(r.URL.Path, jsonPaths):
			api(w, r)
		default:
			page(w, r)
		}
	})
}

// ownHost reports whether name certainly is one of this server. Only programs send no name at all; browsers always send one.
func (s *Server) ownHost(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil || name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") || strings.HasSuffix(name, ".local") ||
		slices.Contains(s.names, name)
}

// admit accepts a request if an admin has signed in under this host name, or if the caller is signed in. Error: unknown_host.
func (s *Server) admit(r *request, name string) error {
	known, err := s.chat.KnowsHost(r.Context(), name)
	switch {
	case known || err != nil:
		return err
	case r.caller.Admin(): // an admin who signed in before host names were stored
		if s.learning.CompareAndSwap(false, true) {
			go func() {
				defer s.learning.Store(false)
				s.learnHost(context.WithoutCancel(r.Context()), name)
			}()
		}
		return nil
	case r.caller.SignedIn():
		return nil
	}
	some, err := s.chat.HasUsers(r.Context())
	if err != nil {
		return err
	}
	shown := name
	if !chat.ValidHost(name) {
		shown = "NAME"
	}
	unknownHosts.Log("host", brief(name), "from", s.address(r.Request),
		"hint", "if it is this server's, start Hearth with -hosts "+shown+", or let an admin log in there"+s.proxyHint(r.Request))
	refused := chat.Errorf("unknown_host", "host", shown)
	if !some {
		refused.Key = "unknown_host_first"
	}
	return refused
}

// learnHost stores a host name under which an admin is signed in. If that fails, the admin is served nevertheless.
func (s *Server) learnHost(ctx context.Context, name string) {
	known, err := s.chat.KnowsHost(ctx, name)
	if err == nil && !known && !s.ownHost(name) {
		err = s.chat.LearnHost(ctx, name)
	}
	if err != nil {
		unlearned.Log("host", name, "err", err)
	}
}

// proxyHint returns advice about a proxy that forwarded the request and is not trusted, or "" if there is no such proxy.
func (s *Server) proxyHint(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !forwarded(r.Header) || s.viaProxy(r) {
		return ""
	}
	return "; if the request came through your proxy, start Hearth with -proxies " + at.Addr().Unmap().String()
}

// serverNames returns the names of this computer and those in hosts.
func serverNames(hosts []string) []string {
	names := slices.Clone(hosts)
	own, err := os.Hostname()
	if err != nil {
		slog.Warn("this computer's name is unknown; name it with -hosts", "err", err)
		return names
	}
	own = hostName(own)
	short, _, _ := strings.Cut(own, ".")
	return append(names, own, short)
}

// sameHost reports whether the origin u has the host and port of a request with this Host header. A
// missing port is the default one of u's scheme, since a proxy may have ended TLS. secure says that
// the request certainly came by HTTPS; then u must be of that scheme.
func sameHost(u *url.URL, host string, secure bool) bool {
	standard, known := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if !known || u.Host == "" || secure && u.Scheme != "https" {
		return false
	}
	port := func(host string) string {
		if p := (&url.URL{Host: host}).Port(); p != "" {
			return p
		}
		return standard
	}
	return hostName(u.Host) == hostName(host) && port(u.Host) == port(host)
}

// sameOrigin reports whether the request comes from a page of this site, or from no page at all.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err == nil && sameHost(u, s.host(r), s.secure(r)) {
		return true
	}
	s.logOtherSite(r)
	return false
}

// brief returns the beginning of a client's text, for the log.
func brief(s string) string {
	const most = 255 // longer than the longest host name, which has 253 characters
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// logOtherSite logs that a request from a page of another site was refused.
func (s *Server) logOtherSite(r *http.Request) {
	otherSites.Log("origin", brief(r.Header.Get("Origin")), "host", brief(s.host(r)), "from", s.address(r),
		"hint", "if they are the same site, its proxy must pass on the Host that the browser asked for"+s.proxyHint(r))
}
