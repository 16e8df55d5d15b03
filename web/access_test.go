package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// The access matrix: every way into a room, for everybody there is.
func TestAccess(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	admin, invited, user := s.SignUp(t, "admin"), s.SignUp(t, "invited"), s.SignUp(t, "user")
	for _, room := range []struct{ name, access string }{{"open", "open"}, {"closed", "closed"}, {"admins", "admins"}} {
		if r := admin.Post("/rooms/", "name", room.name, "topic", "of the test", "access", room.access); r.Status != http.StatusSeeOther {
			t.Fatalf("make %s: %d %s", room.name, r.Status, r.Body)
		}
	}
	if r := admin.Post("/chat/closed/members/", "name", "invited", "action", "add"); r.Status != http.StatusSeeOther {
		t.Fatalf("invite: %d", r.Status)
	}
	guest := s.Visitor(t)
	guest.Post("/guest/", "guest_name", "Gus")
	people := map[string]*hearthtest.Browser{"visitor": s.Visitor(t), "guest": guest, "user": user, "invited": invited, "admin": admin}

	const in, out, login = http.StatusOK, http.StatusForbidden, http.StatusSeeOther
	for _, c := range []struct {
		room string
		page map[string]int
	}{
		{"open", map[string]int{"visitor": in, "guest": in, "user": in, "invited": in, "admin": in}},
		{"not-made-yet", map[string]int{"visitor": in, "guest": in, "user": in, "invited": in, "admin": in}},
		{"closed", map[string]int{"visitor": login, "guest": login, "user": out, "invited": in, "admin": in}},
		{"admins", map[string]int{"visitor": login, "guest": login, "user": out, "invited": out, "admin": in}},
		{"@user", map[string]int{"visitor": login, "guest": login, "user": in, "invited": in, "admin": in}},
	} {
		for name, want := range c.page {
			who := people[name]
			if r := who.Get("/chat/" + c.room + "/"); r.Status != want {
				t.Errorf("%s at the page of %s: %d, want %d", name, c.room, r.Status, want)
			}
			api := want
			if want == login {
				api = http.StatusUnauthorized
			}
			if r := who.Get("/api/rooms/" + c.room + "/messages"); r.Status != api {
				t.Errorf("%s reads %s by the API: %d, want %d", name, c.room, r.Status, api)
			}
			say := api
			switch {
			case name == "visitor":
				say = http.StatusUnauthorized
			case api == in:
				say = http.StatusCreated
			}
			if r := who.PostJSON("/api/rooms/"+c.room+"/messages", map[string]string{"message": "hi from " + name}); r.Status != say {
				t.Errorf("%s speaks in %s by the API: %d, want %d (%s)", name, c.room, r.Status, say, r.Body)
			}
			sock, resp, err := who.TryDial("/ws/chat/"+c.room+"/", nil)
			switch {
			case want == in && err != nil:
				t.Errorf("%s at the socket of %s: %v", name, c.room, err)
			case want != in && (err == nil || resp.StatusCode != out):
				t.Errorf("%s at the socket of %s is let in, or refused with %v", name, c.room, resp)
			case want == in:
				sock.Until("user_list")
				_ = sock.Close()
			}
		}
	}
}

func TestListsShowOnlyRoomsThatMayBeEntered(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	admin, invited, user, visitor := s.SignUp(t, "admin"), s.SignUp(t, "invited"), s.SignUp(t, "user"), s.Visitor(t)
	admin.Post("/rooms/", "name", "hearthside", "topic", "x", "access", "open")
	admin.Post("/rooms/", "name", "cellar", "access", "closed")
	admin.Post("/rooms/", "name", "attic", "access", "admins")
	admin.Post("/chat/cellar/members/", "name", "invited", "action", "add")
	for _, c := range []struct {
		who  *hearthtest.Browser
		sees string
	}{{visitor, "hearthside"}, {user, "hearthside"}, {invited, "hearthside cellar"}, {admin, "hearthside cellar attic"}} {
		for _, path := range []string{"/", "/chat/", "/api/rooms", "/chat/hearthside/"} {
			body := c.who.Get(path).Body
			for _, room := range []string{"hearthside", "cellar", "attic"} {
				if got, want := strings.Contains(body, room), strings.Contains(c.sees, room); got != want {
					t.Errorf("%s at %s: %s is shown: %v, want %v", c.who.Name, path, room, got, want)
				}
			}
		}
	}
	user.Post("/profile/", "action", "details", "email", "user@example.org")
	for _, path := range []string{"/", "/api/users"} {
		if body := visitor.Get(path).Body; strings.Contains(body, "user@example.org") || !strings.Contains(body, "invited") {
			t.Errorf("what a visitor sees at %s: %s", path, body)
		}
		if body := invited.Get(path).Body; !strings.Contains(body, "user@example.org") {
			t.Errorf("users don't see addresses at %s", path)
		}
	}
	if r := visitor.Get("/api/users?q=example.org").Body; strings.Contains(r, "user") && strings.Contains(r, `"username":"user"`) {
		t.Error("a visitor finds people by their addresses")
	}
}

// Whoever loses a right is shown out of what it opened, at once.
func TestRightsThatEndWhileASocketIsOpen(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "")
	admin, bob, eve := s.SignUp(t, "admin"), s.SignUp(t, "bob"), s.SignUp(t, "eve")
	admin.Post("/rooms/", "name", "cellar", "access", "closed")
	for _, name := range []string{"bob", "eve"} {
		admin.Post("/chat/cellar/members/", "name", name, "action", "add")
	}
	b, e := bob.Dial("/ws/chat/cellar/"), eve.Dial("/ws/chat/cellar/")
	b.Until("user_list")
	e.Until("user_list")
	admin.Post("/chat/cellar/members/", "name", "bob", "action", "remove")
	if code := b.Closed(); code != 1008 {
		t.Errorf("a removed member: %d", code)
	}
	e.Settled()
	admin.Post("/chat/cellar/settings/", "topic", "ours", "access", "admins")
	if code := e.Closed(); code != 1008 {
		t.Errorf("a room became the admins': %d", code)
	}
	admin.Post("/admin/settings/", "place", "", "signup", "open", "guests", "read")
	v := s.Visitor(t).Dial("/ws/chat/r/")
	v.Until("user_list")
	admin.Post("/admin/settings/", "place", "", "signup", "open", "guests", "off")
	if code := v.Closed(); code != 1008 {
		t.Errorf("guests are no longer let in: %d", code)
	}
	phone := s.LogIn(t, "eve").Dial("/ws/chat/r/")
	phone.Until("user_list")
	eve.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", "a louder fire 8", "password2", "a louder fire 8")
	if code := phone.Closed(); code != 1008 {
		t.Errorf("the password was changed elsewhere: %d", code)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for _, h := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Sec-Fetch-Site": nil, "Origin": {"http://evil.example"}}} {
		ada.Header = h
		for _, path := range []string{"/logout/", "/rooms/", "/chat/r/", "/profile/", "/language/", "/admin/settings/"} {
			if r := ada.Post(path, "name", "x", "message", "x"); r.Status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, h, r.Status)
			}
		}
		if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "x"}); r.Status != http.StatusForbidden {
			t.Errorf("the API with %v: %d", h, r.Status)
		}
	}
	ada.Header = nil
	if r := ada.Get("/profile/"); r.Status != http.StatusOK {
		t.Errorf("ada was signed out: %d", r.Status)
	}
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for _, path := range []string{"/", "/login/", "/sign_up/", "/chat/r/", "/profile/", "/admin/", "/nowhere", "/api/rooms", "/healthz"} {
		h := ada.Get(path).Header
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, h.Get(name))
			}
		}
		if h.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no Permissions-Policy", path)
		}
	}
}
