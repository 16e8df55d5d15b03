package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// adminPages are all addresses of the admin site that show something.
var adminPages = []string{"/admin/", "/admin/users/", "/admin/users/new/", "/admin/users/1/", "/admin/invites/", "/admin/rooms/", "/admin/rooms/1/",
	"/admin/messages/", "/admin/settings/", "/admin/log/"}

// adminForms are all that change something, with a form that would.
var adminForms = map[string][]string{
	"/admin/users/new/": {"username", "eve", "password1", hearthtest.Password, "password2", hearthtest.Password},
	"/admin/users/1/":   {"action", "disable"},
	"/admin/invites/":   {"action", "create", "uses", "1", "days", "1"},
	"/admin/rooms/1/":   {"action", "delete", "confirm", "tea"},
	"/admin/messages/":  {"id", "4294967297"},
	"/admin/settings/":  {"place", "Stolen"},
}

func TestAdminSiteIsForAdmins(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	admin, user, guest := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.Visitor(t)
	admin.Post("/rooms/", "name", "tea", "topic", "x")
	admin.Dial("/ws/chat/tea/").Settled()
	wantReply(t, "a guest's name", guest.Post("/guest/", "guest_name", "wanderer"), http.StatusSeeOther)
	for _, path := range adminPages {
		for who, b := range map[string]*hearthtest.Browser{"visitor": s.Visitor(t), "guest": guest} {
			wantGone(t, who+" "+path, b.Get(path), "/login/?next="+strings.ReplaceAll(path, "/", "%2F"))
		}
		wantReply(t, "user "+path, user.Get(path), http.StatusForbidden, "not allowed")
	}
	for path, form := range adminForms {
		wantReply(t, "visitor's form "+path, s.Visitor(t).Post(path, form...), http.StatusUnauthorized)
		wantReply(t, "guest's form "+path, guest.Post(path, form...), http.StatusUnauthorized)
		wantReply(t, "user's form "+path, user.Post(path, form...), http.StatusForbidden)
	}
	wantGone(t, "the door", admin.Get("/admin/"), "/admin/users/")
	for _, path := range adminPages[1:] {
		wantReply(t, "admin "+path, admin.Get(path), http.StatusOK, `aria-current="page"`)
	}
	wantReply(t, "nothing was done", admin.Get("/admin/log/"), http.StatusOK, "No admin has done anything yet")
	for _, path := range []string{"/admin/users/99/", "/admin/users/x/", "/admin/rooms/99/", "/admin/rooms/x/", "/admin/x/"} {
		wantReply(t, path, admin.Get(path), http.StatusNotFound)
	}
}

func TestAdminUsers(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin := s.SignUp(t, "ada")
	const path = "/admin/users/new/"
	wantReply(t, "no name", admin.Post(path, "first_name", "Mai", "email", "mai@example.org"), http.StatusUnprocessableEntity, "Choose a name first", `value="Mai"`)
	wantReply(t, "a bad address", admin.Post(path, "username", "mai", "email", "x"), http.StatusUnprocessableEntity, "valid e-mail address")
	wantReply(t, "two passwords", admin.Post(path, "username", "mai", "password1", hearthtest.Password, "password2", "x"), http.StatusUnprocessableEntity, "differ")
	wantReply(t, "taken", admin.Post(path, "username", "ADA", "password1", hearthtest.Password, "password2", hearthtest.Password), http.StatusUnprocessableEntity, "taken")
	r := admin.Post(path, "username", "mai", "first_name", "Mai", "last_name", "Trần", "email", "mai@example.org", "password1", hearthtest.Password, "password2", hearthtest.Password)
	wantGone(t, "create", r, "/admin/users/2/?done=user_created")
	wantReply(t, "her page", admin.Get("/admin/users/2/?done=user_created"), http.StatusOK, "The account has been created.", "Mai Trần", `value="mai@example.org"`)
	for _, q := range []string{"MAI", "trần", "Mai+Tr", "example.org"} {
		wantReply(t, "search "+q, admin.Get("/admin/users/?q="+q), http.StatusOK, `href="/admin/users/2/"`, "1 user")
	}
	wantReply(t, "search in vain", admin.Get("/admin/users/?q=nobody"), http.StatusOK, "Nobody matches")

	mai := s.LogIn(t, "mai")
	socket := mai.Dial("/ws/chat/tea/")
	wantReply(t, "a bad edit", admin.Post("/admin/users/2/", "action", "details", "first_name", "May", "email", "x"), http.StatusUnprocessableEntity, `value="May"`, "valid e-mail")
	wantGone(t, "edit", admin.Post("/admin/users/2/", "action", "details", "first_name", "May"), "/admin/users/2/?done=details")
	wantReply(t, "a session", admin.Get("/admin/users/2/"), http.StatusOK, "127.0.0.1", "Sign out everywhere")
	wantGone(t, "sign out", admin.Post("/admin/users/2/", "action", "signout"), "/admin/users/2/?done=signout")
	wantClosed(t, "signed out", socket)
	wantReply(t, "signed out", mai.Get("/profile/"), http.StatusSeeOther)

	mai = s.LogIn(t, "mai")
	socket = mai.Dial("/ws/chat/tea/")
	wantReply(t, "a weak password", admin.Post("/admin/users/2/", "action", "password", "password1", "12345678", "password2", "12345678"), http.StatusUnprocessableEntity, "Digits alone")
	wantGone(t, "password", admin.Post("/admin/users/2/", "action", "password", "password1", "another fire 8", "password2", "another fire 8"), "/admin/users/2/?done=password")
	wantClosed(t, "after a new password", socket)
	wantReply(t, "the old one", s.Visitor(t).Post("/login/", "username", "mai", "password", hearthtest.Password), http.StatusUnauthorized)
	wantReply(t, "no such action", admin.Post("/admin/users/2/", "action", "x"), http.StatusUnprocessableEntity)
	wantReply(t, "the log", admin.Get("/admin/log/"), http.StatusOK, "Created a user", "Set a user’s password", "Signed a user out everywhere")
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	for _, action := range []string{"unadmin", "disable"} {
		wantReply(t, action, admin.Post("/admin/users/1/", "action", action), http.StatusUnprocessableEntity, "no admin left")
	}
	wantGone(t, "make bob one", admin.Post("/admin/users/2/", "action", "admin"), "/admin/users/2/?done=admin")
	wantReply(t, "bob is one", bob.Get("/admin/users/"), http.StatusOK)
	socket := admin.Dial("/ws/chat/tea/")
	wantGone(t, "bob disables ada", bob.Post("/admin/users/1/", "action", "disable"), "/admin/users/1/?done=disable")
	wantClosed(t, "disabled", socket)
	wantReply(t, "ada is out", admin.Get("/profile/"), http.StatusSeeOther)
	wantReply(t, "bob is the last", bob.Post("/admin/users/2/", "action", "unadmin"), http.StatusUnprocessableEntity, "no admin left")
	wantGone(t, "bob enables ada", bob.Post("/admin/users/1/", "action", "enable"), "/admin/users/1/?done=enable")
	wantGone(t, "bob steps down", bob.Post("/admin/users/2/", "action", "unadmin"), "/")
	wantReply(t, "bob is a user", bob.Get("/admin/"), http.StatusForbidden)
}

func TestAdminListsHavePages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	admin := s.SignUp(t, "ada")
	for i := range 101 {
		admin.Post("/rooms/", "name", fmt.Sprintf("room-%03d", i), "topic", "x")
		if i < 51 {
			admin.Post("/admin/rooms/"+fmt.Sprint(i+1)+"/", "action", "archive")
			admin.Post("/admin/rooms/"+fmt.Sprint(i+1)+"/", "action", "restore")
		}
	}
	first, second := admin.Get("/admin/rooms/"), admin.Get("/admin/rooms/?page=2")
	wantReply(t, "rooms", first, http.StatusOK, "101 rooms", "room-000", "room-099", `/admin/rooms/?q=&page=2`)
	if strings.Contains(mainPart(first.Body), "room-100") || !strings.Contains(mainPart(second.Body), "room-100") {
		t.Error("the last room isn't on page 2")
	}
	wantReply(t, "a search", admin.Get("/admin/rooms/?q=ROOM-10"), http.StatusOK, "1 room", "room-100")
	log := admin.Get("/admin/log/?page=2")
	wantReply(t, "log", log, http.StatusOK, "Archived a room", "Page 2 of 2")
	if n := len(regexp.MustCompile(`<th scope="row"`).FindAllString(log.Body, -1)); n != 2 {
		t.Errorf("page 2 of the log has %d lines", n)
	}
}

func TestAdminSettings(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read", "-signup", "")
	admin := s.SignUp(t, "ada")
	wantReply(t, "settings", admin.Get("/admin/settings/"), http.StatusOK, "Set when the server was started (-guests)")
	wantReply(t, "too long", admin.Post("/admin/settings/", "place", strings.Repeat("x", 81), "signup", "closed"), http.StatusUnprocessableEntity, "80 characters", `value="closed" checked`)
	wantReply(t, "no such choice", admin.Post("/admin/settings/", "signup", "x"), http.StatusUnprocessableEntity, "That choice doesn’t exist")
	wantGone(t, "change", admin.Post("/admin/settings/", "place", "The Lunds", "signup", "closed", "guests", "write"), "/admin/settings/?done=settings")
	wantReply(t, "changed", admin.Get("/admin/settings/?done=settings"), http.StatusOK, "The Lunds", "Saved.", `value="closed" checked`, `value="read" checked`)
	wantReply(t, "nobody signs up", s.Visitor(t).Post("/sign_up/", "username", "eve", "password1", hearthtest.Password, "password2", hearthtest.Password), http.StatusForbidden)
	wantReply(t, "the log", admin.Get("/admin/log/"), http.StatusOK, "Changed the settings")
}
