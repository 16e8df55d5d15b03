package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// under returns a visitor's browser to which the server has that name.
func under(t *testing.T, s *hearthtest.Server, host string) *hearthtest.Browser {
	b := s.Visitor(t)
	b.Host = host
	return b
}

// A domain of an attacker that resolves to this server: to a browser its pages and the server's are
// the same site, so only the name tells that they are not.
func TestForeignNameIsRefused(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write", "-hosts", "Chat.Example.org, other.example")
	s.SignUp(t, "ada")
	guest := s.Visitor(t)
	wantGone(t, "a guest", guest.Post("/guest/", "guest_name", "eve"), "/")
	refused := 0
	for _, host := range []string{"evil.example", "evil.example:8000", "chat.example.org.evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "local", "xlocal", "example.org", "evil.example."} {
		for _, cookie := range []string{"", guest.Cookie()} {
			b := under(t, s, host)
			b.Header = http.Header{"Origin": {"http://" + host}, "Sec-Fetch-Site": {"same-origin"}}
			if cookie != "" {
				b.Header.Set("Cookie", cookie)
			}
			for _, path := range []string{"/", "/chat/tea/", "/sign_up/", "/guest/", "/profile/", "/nowhere"} {
				wantReply(t, host+path, b.Get(path), http.StatusMisdirectedRequest, "-hosts")
				wantReply(t, host+path, b.Post(path, "message", "x", "guest_name", "eve2"), http.StatusMisdirectedRequest, "-hosts")
				refused += 2
			}
			for _, path := range []string{"/api/rooms", "/api/users", "/api/rooms/tea/messages"} {
				wantReply(t, host+path, b.Get(path), http.StatusMisdirectedRequest, `"code":"unknown_host"`, "-hosts")
				refused++
			}
			for _, path := range []string{"/ws/chat/tea/", "/users/", "/new-user/"} {
				if _, resp, err := b.TryDial(path, nil); err == nil || resp == nil || resp.StatusCode != http.StatusMisdirectedRequest {
					t.Errorf("%s%s: a socket: %v, %v", host, path, resp, err)
				}
				refused++
			}
			wantReply(t, host+" log-in", b.Get("/login/"), http.StatusOK)
			wantReply(t, host+" metrics", b.Get("/metrics"), http.StatusOK)
			wantReply(t, host+" health", b.Get("/healthz"), http.StatusOK)
			wantReply(t, host+" one-time link", b.Get("/setup/x/"), http.StatusNotFound)
			wantReply(t, host+" a picture", b.Get("/favicon.ico"), http.StatusOK)
		}
	}
	t.Logf("%d requests under foreign names were refused", refused)
	for _, host := range []string{"chat.example.org", "CHAT.example.ORG.", "chat.example.org:8443", "other.example", "192.0.2.7", "[2001:db8::1]:80", "2130706433.local", "box.local:8000", "LOCALHOST", "my.localhost"} {
		wantReply(t, host, under(t, s, host).Get("/"), http.StatusOK)
	}
	waitLog(t, s, regexp.MustCompile(`unknown host.*host=evil\.example .*-hosts evil\.example`))
	if n := strings.Count(s.Log(), "unknown host"); n > 2 { // the test may take more than a minute
		t.Errorf("%d lines in the log", n)
	}
}

// The name under which an admin signs in is the server's from then on.
func TestNamesOfAdminsAreLearned(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	login := func(host, name string) *hearthtest.Browser {
		b := under(t, s, host)
		wantGone(t, name+" at "+host, b.Post("/login/", "username", name, "password", hearthtest.Password), "/")
		return b
	}
	bob := login("bob.example", "bob")
	wantReply(t, "bob, who is signed in", bob.Get("/"), http.StatusOK)
	wantReply(t, "bob's API", bob.Get("/api/rooms"), http.StatusOK)
	wantReply(t, "others there", under(t, s, "bob.example").Get("/"), http.StatusMisdirectedRequest)

	login("chat.example.org", "ada")
	wantReply(t, "others there", under(t, s, "chat.example.org:80").Get("/"), http.StatusOK)
	s.Stop(t)
	s.Restart(t)
	wantReply(t, "after a restart", under(t, s, "chat.example.org").Get("/"), http.StatusOK)
	wantReply(t, "another name", under(t, s, "example.org").Get("/"), http.StatusMisdirectedRequest)

	ada := s.LogIn(t, "ada")
	wantReply(t, "the names", ada.Get("/admin/settings/"), http.StatusOK, `value="chat.example.org"`)
	wantGone(t, "forget one", ada.Post("/admin/settings/", "forget_host", "chat.example.org"), "/admin/settings/?done=settings")
	wantReply(t, "a forgotten name", under(t, s, "chat.example.org").Get("/"), http.StatusMisdirectedRequest)

	// A session of before names were learned.
	old := under(t, s, "old.example.org")
	old.Header = http.Header{"Cookie": {s.LogIn(t, "ada").Cookie()}}
	for deadline := time.Now().Add(time.Minute); under(t, s, "old.example.org").Get("/").Status != http.StatusOK; time.Sleep(time.Millisecond) {
		wantReply(t, "the admin", old.Get("/"), http.StatusOK)
		if time.Now().After(deadline) {
			t.Fatal("the name is not learned")
		}
	}
}

func TestOriginAndHostAreCompared(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-proxies", "127.0.0.1", "-hosts", "chat.example.org")
	untrusting := hearthtest.Start(t, "-hosts", "chat.example.org")
	ada, lone := s.SignUp(t, "ada"), untrusting.SignUp(t, "ada")
	for _, c := range []struct {
		host, origin, forwardedHost, forwardedProto string
		trusted, untrusted                          bool
	}{
		{"chat.example.org", "https://chat.example.org", "", "", true, true}, // TLS ended at a proxy that says nothing
		{"chat.example.org", "https://chat.example.org", "", "https", true, true},
		{"chat.example.org:443", "https://chat.example.org", "", "https", true, true},
		{"chat.example.org:80", "http://chat.example.org", "", "", true, true},
		{"chat.example.org", "https://chat.example.org:443", "", "", true, true},
		{"CHAT.example.org.", "https://chat.example.org", "", "", true, true},
		{"chat.example.org", "https://Chat.Example.Org.", "", "", true, true},
		{"127.0.0.1:8000", "https://chat.example.org", "chat.example.org", "https", true, false},
		{"127.0.0.1:8000", "https://chat.example.org:8443", "chat.example.org:8443", "https", true, false},
		{"127.0.0.1:8000", "https://chat.example.org", "evil.example, chat.example.org", "https", true, false},
		{"127.0.0.1:8000", "http://127.0.0.1:8000", "chat.example.org", "", false, true},
		{"chat.example.org", "http://chat.example.org", "", "https", false, true},
		{"chat.example.org:80", "https://chat.example.org", "", "", false, false},
		{"chat.example.org", "https://chat.example.org:8443", "", "", false, false},
		{"chat.example.org", "https://example.org", "", "", false, false},
		{"chat.example.org", "https://chat.example.org.evil.example", "", "", false, false},
		{"chat.example.org", "null", "", "", false, false},
		{"chat.example.org", "//chat.example.org", "", "", false, false},
		{"chat.example.org", "ftp://chat.example.org", "", "", false, false},
		{"127.0.0.1:8000", "https://chat.example.org", "", "", false, false},
		{"127.0.0.1:8000", "https://chat.example.org", "chat.example.org, evil.example", "", false, false},
	} {
		h := http.Header{"Origin": {c.origin}, "Sec-Fetch-Site": nil}
		if c.forwardedHost != "" {
			h.Set("X-Forwarded-Host", c.forwardedHost)
		}
		if c.forwardedProto != "" {
			h.Set("X-Forwarded-Proto", c.forwardedProto)
		}
		for b, same := range map[*hearthtest.Browser]bool{ada: c.trusted, lone: c.untrusted} {
			h.Set("Cookie", b.Cookie()+"; __Host-"+b.Cookie())
			b.Header, b.Host = h, c.host
			status := b.Post("/language/", "lang", "en").Status
			if (status == http.StatusSeeOther) != same || status != http.StatusSeeOther && status != http.StatusForbidden {
				t.Errorf("Host %s, Origin %s, X-Forwarded-Host %q, proto %q, trusted %v: a form gets %d", c.host, c.origin, c.forwardedHost, c.forwardedProto, b == ada, status)
			}
			if _, resp, err := b.TryDial("/ws/chat/tea/", nil); (err == nil) != same {
				t.Errorf("Host %s, Origin %s, X-Forwarded-Host %q, proto %q, trusted %v: a socket gets %v, %v", c.host, c.origin, c.forwardedHost, c.forwardedProto, b == ada, resp.Status, err)
			}
		}
	}
	waitLog(t, untrusting, regexp.MustCompile(`another site.*-proxies 127\.0\.0\.1`))
}
