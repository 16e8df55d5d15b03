package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestProfileDetails(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	wantGone(t, "saving", ada.Post("/profile/", "first_name", "Ada", "last_name", "Lund", "email", "ada@example.org"), "/profile/?saved=details")
	wantReply(t, "saved", ada.Get("/profile/?saved=details"), http.StatusOK, `value="Lund"`, `value="ada@example.org"`, "Saved.")
	wantReply(t, "a bad address", ada.Post("/profile/", "action", "details", "first_name", "Eda", "email", "x"), http.StatusUnprocessableEntity, `value="Eda"`, `value="x"`, "valid e-mail")
	wantGone(t, "appearance", ada.Post("/profile/", "action", "appearance", "lang", "ru", "theme", "dark"), "/profile/?saved=appearance")
	wantReply(t, "in Russian", ada.Get("/profile/"), http.StatusOK, `<html lang="ru" data-theme="dark"`)
	wantReply(t, "no such theme", ada.Post("/profile/", "action", "appearance", "lang", "ru", "theme", "pink"), http.StatusUnprocessableEntity)
	wantReply(t, "no such form", ada.Post("/profile/", "action", "x"), http.StatusUnprocessableEntity)
}

// The name is a field of its own. Clients that don't know it change the first and last name only.
func TestNameAsOthersSeeIt(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	tom := s.Visitor(t)
	wantGone(t, "sign-up", tom.Post("/sign_up/", "username", "tom", "password1", hearthtest.Password, "password2", hearthtest.Password, "name", "Tom of the Shop"), "/")
	for _, step := range []struct {
		fields []string
		want   string
	}{
		{nil, "Tom of the Shop"},
		{[]string{"name", "Tommy", "first_name", "Thomas", "last_name", "Berg"}, "Tommy"},
		{[]string{"first_name", "Tomas", "last_name", "Berg"}, "Tommy"},
		{[]string{"name", "", "first_name", "Tomas", "last_name", "Berg"}, "Tomas Berg"},
		{[]string{"name", "Tomas Berg", "first_name", "Tom", "last_name", "Berg"}, "Tom Berg"},
	} {
		if step.fields != nil {
			wantGone(t, "saving", tom.Post("/profile/", append([]string{"action", "details"}, step.fields...)...), "/profile/?saved=details")
		}
		wantReply(t, "the form", tom.Get("/profile/"), http.StatusOK, `name="name" type="text" value="`+step.want+`"`)
		wantReply(t, "the API", ada.Get("/api/users?q=tom"), http.StatusOK, `"display":"`+step.want+`"`)
		wantReply(t, "the lobby", ada.Get("/"), http.StatusOK, `<td class="full-name typed" dir="auto">`+step.want+`</td>`)
	}
	wantReply(t, "too long", tom.Post("/profile/", "name", strings.Repeat("x", 151)), http.StatusUnprocessableEntity, "name-error")

	wantGone(t, "an account by an admin", ada.Post("/admin/users/new/", "username", "mai", "password1", hearthtest.Password, "password2", hearthtest.Password, "name", "Mai"), "/admin/users/3/?done=user_created")
	wantGone(t, "a change by an admin", ada.Post("/admin/users/3/", "action", "details", "name", "Trần Mai"), "/admin/users/3/?done=details")
	watching := ada.Dial("/users/")
	wantGone(t, "a change by an admin", ada.Post("/admin/users/3/", "action", "details", "name", "Mai Trần"), "/admin/users/3/?done=details")
	watching.Find("mai's new name", func(f hearthtest.Frame) bool { return f.Text("username") == "mai" && f.Text("display") == "Mai Trần" })
}

// A form with the name changes what it contains. A form without it is an older client's: it replaces all but the name.
func TestFieldsThatAreNotPosted(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	for _, f := range []struct {
		who  *hearthtest.Browser
		path string
	}{{tom, "/profile/"}, {ada, "/admin/users/2/"}} {
		for _, step := range []struct {
			fields []string
			want   string // name, first name, last name, e-mail
		}{
			{[]string{"name", "Tommy", "first_name", "Thomas", "last_name", "Berg", "email", "tom@example.org"}, "Tommy Thomas Berg tom@example.org"},
			{[]string{"name", "Tom"}, "Tom Thomas Berg tom@example.org"},
			{[]string{"name", "Tom", "last_name", "Hill"}, "Tom Thomas Hill tom@example.org"},
			{[]string{"name", ""}, "Thomas Hill Thomas Hill tom@example.org"},
			{[]string{"name", "Tommy", "email", ""}, "Tommy Thomas Hill "},
			{[]string{"first_name", "Tomas", "email", "tom@example.org"}, "Tommy Tomas  tom@example.org"},
			{[]string{"email", "t@example.org"}, "Tommy   t@example.org"},
			{nil, "Tommy   "},
		} {
			if r := f.who.Post(f.path, append([]string{"action", "details"}, step.fields...)...); r.Status != http.StatusSeeOther {
				t.Fatalf("%s %q: %d", f.path, step.fields, r.Status)
			}
			page := f.who.Get(f.path).Body
			var got []string
			for _, name := range []string{"name", "first_name", "last_name", "email"} {
				got = append(got, regexp.MustCompile(`id="` + name + `" name="` + name + `" type="[a-z]+" value="([^"]*)"`).FindStringSubmatch(page)[1])
			}
			if strings.Join(got, " ") != step.want {
				t.Errorf("%s after %q: %q, want %q", f.path, step.fields, got, step.want)
			}
		}
	}
}

// The table for pages of others' making has first and last names in cells of their own, whatever the name is.
func TestTableHasFirstAndLastNames(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	table := ada.Dial("/new-user/")
	ada.Post("/profile/", "name", "Countess", "first_name", "Ada", "last_name", "Lund", "email", "ada@example.org")
	table.Find("the row", func(f hearthtest.Frame) bool {
		return strings.HasPrefix(f.Text("html_users"), "<tr><td>ada</td><td>Ada</td><td>Lund</td><td>ada@example.org</td><td>")
	})
	if html := ada.Dial("/new-user/").Next().Text("html_users"); strings.Contains(html, "Countess") || strings.Count(html, "<td>") != 5 {
		t.Errorf("the table: %s", html)
	}
}

// The fields of the first and last name are in the order of the reader's language.
func TestOrderOfNames(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for lang, familyFirst := range map[string]bool{"en": false, "vi": true, "ru": false, "pt-BR": false, "zh-Hans": true, "zh-Hant": true} {
		wantGone(t, "language", ada.Post("/profile/", "action", "appearance", "lang", lang), "/profile/?saved=appearance")
		page := ada.Get("/profile/").Body
		name, first, last := strings.Index(page, `id="name"`), strings.Index(page, `id="first_name"`), strings.Index(page, `id="last_name"`)
		if name < 0 || first < name || last < name || (last < first) != familyFirst {
			t.Errorf("%s: name at %d, first name at %d, last name at %d", lang, name, first, last)
		}
	}
}

func TestPasswordChangeSignsOutElsewhere(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	here := s.SignUp(t, "ada")
	there := s.LogIn(t, "ada")
	socket := there.Dial("/ws/chat/tea/")
	next := "another fire 8"
	wantReply(t, "wrong old one", here.Post("/profile/", "action", "password", "old_password", "x", "password1", next, "password2", next), http.StatusUnprocessableEntity, "isn’t your current password")
	wantReply(t, "common", here.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", "password1", "password2", "password1"), http.StatusUnprocessableEntity, "too common")
	wantReply(t, "still there", there.Get("/profile/"), http.StatusOK)
	wantGone(t, "changing", here.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", next, "password2", next), "/profile/?saved=password")
	wantClosed(t, "after a new password", socket)
	wantReply(t, "here", here.Get("/profile/"), http.StatusOK)
	wantReply(t, "there", there.Get("/profile/"), http.StatusSeeOther)
	wantReply(t, "the old one", s.Visitor(t).Post("/login/", "username", "ada", "password", hearthtest.Password), http.StatusUnauthorized)
	wantReply(t, "the new one", s.Visitor(t).Post("/login/", "username", "ada", "password", next), http.StatusSeeOther)
}

func TestSignOutThere(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	here := s.SignUp(t, "ada")
	there, third := s.LogIn(t, "ada"), s.LogIn(t, "ada")
	socket := third.Dial("/ws/chat/tea/")
	page := here.Get("/profile/").Body
	ids := regexp.MustCompile(`name="session" value="(\d+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) != 2 {
		t.Fatalf("%d other browsers are listed", len(ids))
	}
	linh := s.SignUp(t, "linh")
	linh.Post("/profile/", "action", "signout", "session", ids[0][1])
	wantReply(t, "linh can't", third.Get("/profile/"), http.StatusOK)
	wantGone(t, "one", here.Post("/profile/", "action", "signout", "session", ids[0][1]), "/profile/?saved=signout")
	wantClosed(t, "signed out there", socket)
	wantReply(t, "the other", there.Get("/profile/"), http.StatusOK)
	here.Post("/profile/", "action", "signout", "session", "others")
	wantReply(t, "the other", there.Get("/profile/"), http.StatusSeeOther)
	wantReply(t, "here", here.Get("/profile/"), http.StatusOK)
}

func TestLogOutAndDisablingCloseSockets(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	linh := s.SignUp(t, "linh")
	socket := linh.Dial("/ws/chat/tea/")
	linh.Post("/logout/")
	wantClosed(t, "after logging out", socket)
	linh = s.LogIn(t, "linh")
	socket = linh.Dial("/ws/chat/tea/")
	socket.Until("user_list") // so that it is the command that ends it, and not his coming in late
	if out, status := s.Command(t, hearthtest.Password+" new\n", "user", "passwd", "linh", "-password-stdin"); status != 0 {
		t.Fatalf("user passwd: %s", out)
	}
	wantClosed(t, "after a new password by the command line", socket)
	linh = s.Visitor(t)
	linh.Post("/login/", "username", "linh", "password", hearthtest.Password+" new")
	socket = linh.Dial("/ws/chat/tea/")
	socket.Until("user_list") // so that it is the command that ends it, and not his coming in late
	if out, status := s.Command(t, "", "user", "disable", "linh"); status != 0 {
		t.Fatalf("user disable: %s", out)
	}
	wantClosed(t, "after the command line", socket)
	wantReply(t, "disabled", linh.Get("/profile/"), http.StatusSeeOther)
	wantReply(t, "disabled", s.Visitor(t).Post("/login/", "username", "linh", "password", hearthtest.Password+" new"), http.StatusUnauthorized, "deactivated")
}
