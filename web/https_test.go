package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestCookieUnderHTTPS(t *testing.T) {
	s := hearthtest.Start(t, "-proxies", "127.0.0.1")
	b := s.Visitor(t)
	b.Header = http.Header{"X-Forwarded-Proto": {"https"}}
	r := b.Post("/sign_up/", "username", "ada", "password1", hearthtest.Password, "password2", hearthtest.Password)
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

	direct := hearthtest.Start(t).Visitor(t)
	direct.Header = http.Header{"X-Forwarded-Proto": {"https"}}
	r = direct.Post("/sign_up/", "username", "ada", "password1", hearthtest.Password, "password2", hearthtest.Password)
	if set := r.Header.Get("Set-Cookie"); !strings.HasPrefix(set, "hearth=") {
		t.Errorf("anybody's word is taken for TLS: %q", set)
	}
}
