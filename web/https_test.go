package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestCookieUnderHTTPS(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-proxies", "127.0.0.1")
	s.SignUp(t, "ada")
	b := s.Visitor(t)
	b.Header = http.Header{"X-Forwarded-Proto": {"https"}}
	r := b.Post("/login/", "username", "ada", "password", hearthtest.Password)
	set := r.Header.Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-hearth=") || !strings.Contains(set, "Secure") || strings.Contains(set, "Domain") {
		t.Errorf("the cookie behind a proxy with TLS: %q", set)
	}
	cookie, _, _ := strings.Cut(set, ";")
	for name, status := range map[string]int{cookie: http.StatusOK, strings.TrimPrefix(cookie, "__Host-"): http.StatusSeeOther} {
		b := s.Visitor(t)
		b.Header = http.Header{"X-Forwarded-Proto": {"https"}, "Cookie": {name}}
		wantReply(t, "with "+name, b.Get("/profile/"), status)
	}

	unproxied := hearthtest.Start(t)
	unproxied.SignUp(t, "ada")
	direct := unproxied.Visitor(t)
	direct.Header = http.Header{"X-Forwarded-Proto": {"https"}}
	r = direct.Post("/login/", "username", "ada", "password", hearthtest.Password)
	if set := r.Header.Get("Set-Cookie"); !strings.HasPrefix(set, "hearth=") {
		t.Errorf("anybody's word is taken for TLS: %q", set)
	}
}
