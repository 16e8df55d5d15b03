package web_test

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"hearth/web/hearthtest"
)

// inDatabase changes the database of a server that is stopped meanwhile, to what an earlier version could
// have stored.
func inDatabase(t *testing.T, s *hearthtest.Server, queries ...string) {
	t.Helper()
	s.Stop(t)
	db, err := sql.Open("sqlite", filepath.Join(s.Data, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(q, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
}

// TestNobodyTakesAnothersPrivateMessages by a username that begins with the sign before a name.
func TestNobodyTakesAnothersPrivateMessages(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	s.SignUp(t, "mallory")
	for _, name := range []string{"@bob", "bob.", "-bob", "bob@", "_", "@"} {
		r := s.Visitor(t).Post("/sign_up/", "username", name, "password1", hearthtest.Password, "password2", hearthtest.Password)
		wantReply(t, "sign up as "+name, r, http.StatusUnprocessableEntity, "letter or a digit")
	}
	inDatabase(t, s, "UPDATE user SET name = '@bob', name_key = '@bob', name_look = '@bob' WHERE name = 'mallory'")
	ada, bob, mallory := s.LogIn(t, "ada"), s.LogIn(t, "bob"), s.LogIn(t, "@bob")
	a, b, m := ada.Dial("/ws/chat/r/"), bob.Dial("/ws/chat/r/"), mallory.Dial("/ws/chat/r/")
	for _, sock := range []*hearthtest.Socket{a, b, m} {
		sock.Settled()
	}
	for text, to := range map[string]string{"/pm bob one": "bob", "/pm @bob two": "bob", "/pm @@bob three": "@bob"} {
		a.Say(text)
		if f := a.Until("private_message_delivered"); f["target"] != to {
			t.Errorf("%q went to %v", text, f)
		}
	}
	got := map[string]int{}
	for name, sock := range map[string]*hearthtest.Socket{"bob": b, "@bob": m} {
		for _, f := range sock.Settled() {
			if f.Type() == "private_message" {
				got[name]++
			}
		}
	}
	if got["bob"] != 2 || got["@bob"] != 1 {
		t.Errorf("they received %v", got)
	}
	wantReply(t, "the old account's page", ada.Get("/chat/@@bob/"), http.StatusOK, "three")
	a.Say("/pm @nobody hi")
	if f := a.Until("error"); f["code"] != "no_such_user" {
		t.Errorf("nobody: %v", f)
	}
}

// TestNamesakesAreToldApart in pages and in frames, from the moment that they become namesakes until one
// of them is not any more.
func TestNamesakesAreToldApart(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, mallory, bob := s.SignUp(t, "ada"), s.SignUp(t, "mallory"), s.SignUp(t, "bob")
	watcher := bob.DialBatched("/ws/chat/r/")
	a, m := ada.Dial("/ws/chat/r/"), mallory.Dial("/ws/chat/r/")
	display := func(sock *hearthtest.Socket) string {
		t.Helper()
		sock.Say("who am I?")
		return watcher.Until("chat_message").Text("display")
	}
	named := func(b *hearthtest.Browser, first, last string) {
		t.Helper()
		wantGone(t, "rename", b.Post("/profile/", "action", "details", "first_name", first, "last_name", last), "/profile/?saved=details")
	}
	want := func(what, ofAda, ofMallory string) {
		t.Helper()
		if got := []string{display(a), display(m)}; !slices.Equal(got, []string{ofAda, ofMallory}) {
			t.Errorf("%s they are shown as %q", what, got)
		}
		page := bob.Get("/chat/r/").Body
		for _, name := range []string{ofAda, ofMallory} {
			if !strings.Contains(page, `<bdi class="name">`+strings.ReplaceAll(name, "+", "&#43;")+"<") && name != "" {
				t.Errorf("%s the page doesn't show %q", what, name)
			}
		}
	}
	named(ada, "Ada", "Lund")
	want("before", "Ada Lund", "")
	named(mallory, "Аdа", "Lund") // with two Cyrillic letters
	want("with the same name", "Ada Lund (@ada)", "Аdа Lund (@mallory)")
	named(mallory, "Mal", "Lory (@ada)")
	want("with another one", "Ada Lund", "Mal Lory (ada)")
	named(mallory, "Bob", "")
	want("with the username of somebody", "Ada Lund", "Bob (@mallory)")
	watcher.Say("and I?")
	if f := watcher.Until("chat_message"); f.Text("display") != "bob (@bob)" {
		t.Errorf("whose username it is, is shown as %v", f)
	}
	eve := s.SignUp(t, "ada-lund")
	e := eve.Dial("/ws/chat/r/")
	want("with an account that is called so", "Ada Lund (@ada)", "Bob (@mallory)")
	if got := display(e); got != "ada-lund (@ada-lund)" {
		t.Errorf("the new account is shown as %q", got)
	}

	call := func(b *hearthtest.Browser, name string) {
		t.Helper()
		wantGone(t, "rename", b.Post("/profile/", "action", "details", "name", name), "/profile/?saved=details")
	}
	call(mallory, "ADA  Lund") // the first name goes on being Bob
	want("with the name of somebody", "Ada Lund (@ada)", "ADA Lund (@mallory)")
	call(ada, "Countess")
	want("with a name whose first and last name are another's", "Countess", "ADA Lund (@mallory)") // of ada-lund
	call(mallory, "Mal (@ada)")
	want("with one that looks like a username", "Countess", "Mal (ada)")
	call(ada, "")
	call(mallory, "")
	want("without a name of their own", "Ada Lund (@ada)", "Bob (@mallory)")

	inDatabase(t, s, "DELETE FROM user_look", "UPDATE user SET first_name = 'A\u202eda' WHERE name = 'ada'") // of an earlier version
	watcher, a, m = s.LogIn(t, "bob").DialBatched("/ws/chat/r/"), s.LogIn(t, "ada").Dial("/ws/chat/r/"), s.LogIn(t, "mallory").Dial("/ws/chat/r/")
	watcher.Settled()
	if got := []string{display(a), display(m)}; !slices.Equal(got, []string{"Ada Lund (@ada)", "Bob (@mallory)"}) {
		t.Errorf("after a start with old accounts they are shown as %q", got)
	}
}

// hostile has what no label may have: control characters, bidirectional controls, invisible characters.
const hostile = "\u202e\u2066\u200b\u200f\u00ad\u2060\ufeff\u3164\x1b\u009b\u2028\u200c\U000e0041"

// TestNoLabelIsHostile however it was entered, and wherever it is shown.
func TestNoLabelIsHostile(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	ada.Header = http.Header{"User-Agent": {"browser" + strings.ReplaceAll(hostile, "\x1b", "")}}
	ada.Post("/login/", "username", "ada", "password", hearthtest.Password)
	for what, r := range map[string]hearthtest.Reply{
		"profile": ada.Post("/profile/", "action", "details", "name", "Coun"+hostile+"tess", "first_name", "A"+hostile+"da", "last_name", hostile, "email", "ada@example.org"),
		"room":    ada.Post("/rooms/", "name", "tea", "topic", "Lea"+hostile+"ves", "access", "open"),
		"place":   ada.Post("/admin/settings/", "place", "Work"+hostile+"shop", "signup", "open", "guests", "write"),
	} {
		if r.Status != http.StatusSeeOther {
			t.Errorf("%s: %d %.300s", what, r.Status, r.Body)
		}
	}
	for what, r := range map[string]hearthtest.Reply{
		"username": s.Visitor(t).Post("/sign_up/", "username", "e"+hostile+"ve", "password1", hearthtest.Password, "password2", hearthtest.Password),
		"guest":    s.Visitor(t).Post("/guest/", "guest_name", "e"+hostile+"ve"),
		"e-mail":   bob.Post("/profile/", "action", "details", "email", "b"+hostile+"ob@example.org"),
		"new room": ada.Post("/rooms/", "name", "te"+hostile+"a"),
	} {
		if r.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", what, r.Status)
		}
	}
	out, status := s.Command(t, hearthtest.Password+"\n", "user", "add", "lin", "-password-stdin", "-name", "Li"+hostile+"nh", "-first", "L"+hostile+"in")
	if status != 0 {
		t.Error(out)
	}
	inDatabase(t, s, "UPDATE user SET display_name = 'Bo"+hostile+"bby', last_name = '"+hostile+"', email = 'x"+hostile+"@example.org' WHERE name = 'bob'", "UPDATE room SET topic = 'Lea"+hostile+"ves'",
		"UPDATE setting SET value = 'Work"+hostile+"shop' WHERE name = 'place'", "UPDATE session SET agent = 'brow"+hostile+"ser'")
	ada, bob = s.LogIn(t, "ada"), s.LogIn(t, "bob")
	b := bob.DialBatched("/ws/chat/tea/")
	b.Say("look")
	var shown strings.Builder
	for _, path := range []string{"/", "/chat/tea/", "/profile/", "/admin/users/", "/admin/users/2/", "/admin/rooms/", "/admin/rooms/1/", "/admin/log/", "/api/users", "/api/rooms", "/api/rooms/tea/messages"} {
		r := ada.Get(path)
		wantReply(t, path, r, http.StatusOK)
		shown.WriteString(r.Body)
	}
	for _, f := range append(b.Settled(), ada.Dial("/users/").Next(), ada.Dial("/new-user/").Next()) {
		for _, v := range f {
			if text, ok := v.(string); ok {
				shown.WriteString(text + "\n")
			}
		}
	}
	for _, args := range [][]string{{"user", "list"}, {"user", "disable", "no" + hostile + "body"}, {"user", "add", "lin" + hostile, "-password-stdin"}, {"user", hostile}} {
		out, _ := s.Command(t, hearthtest.Password+"\n", args...)
		shown.WriteString(out)
	}
	for _, want := range []string{"Leaves", "Workshop", "Countess", "Ada", "Linh", "Lin", "Bobby", "browser"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%q is not shown", want)
		}
	}
	for _, r := range hostile {
		if r > 0x7f || r == 0x1b {
			if i := strings.IndexRune(shown.String(), r); i >= 0 {
				t.Errorf("%U is shown: %q", r, shown.String()[max(0, i-60):i+20])
			}
		}
	}
}
