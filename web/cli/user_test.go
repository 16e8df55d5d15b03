package cli_test

import (
	"os"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

func TestMain(m *testing.M) { os.Exit(hearthtest.Main(m)) }

// failed is the exit status of a command that failed.
const failed = 1

func TestUserCommands(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	user := func(stdin string, args ...string) string {
		t.Helper()
		out, status := s.Command(t, stdin, append([]string{"user"}, args...)...)
		if status != 0 {
			t.Fatalf("user %v: status %d, %s", args, status, out)
		}
		return out
	}
	fails := func(says, stdin string, args ...string) {
		t.Helper()
		if out, status := s.Command(t, stdin, append([]string{"user"}, args...)...); status != failed || !strings.Contains(out, says) {
			t.Errorf("user %v: status %d, %q; want %q", args, status, out, says)
		}
	}
	password := hearthtest.Password + "\n"
	if out := user(password, "add", "ada", "-password-stdin", "-first", "Ada", "-email", "ada@example.org"); !strings.Contains(out, "admin") {
		t.Errorf("the first account: %q", out)
	}
	user(password, "add", "-password-stdin", "bob")
	fails("taken", password, "add", "BOB", "-password-stdin")
	fails("", "12345678\n", "add", "eve", "-password-stdin")
	if out := user("", "list"); !strings.Contains(out, "ada@example.org") || !strings.Contains(out, "admin") || strings.Count(out, "\n") != 3 {
		t.Errorf("list: %s", out)
	}
	if out := user("", "list", "-json"); !strings.Contains(out, `{"name":"ada","first_name":"Ada","last_name":"","email":"ada@example.org","admin":true,"disabled":false,"last_seen":null,"display":"Ada"}`+"\n") {
		t.Errorf("list -json: %s", out)
	}
	fails("admin", "", "admin", "ada", "off")
	user(password, "add", "carla", "-password-stdin", "-name", "Carla (Shift B)", "-first", "Carla", "-last", "Motta")
	if out := user("", "list"); !strings.Contains(out, "Carla (Shift B)") || !strings.Contains(out, "Motta") {
		t.Errorf("a name of one's own in the list: %s", out)
	}
	fails("150", password, "add", "dora", "-password-stdin", "-name", strings.Repeat("x", 151))
	user(password, "add", "dora", "-password-stdin", "-name", "Carla (Shift \u200bB)") // looks like carla's
	out := user("", "list", "-json")
	for _, want := range []string{
		`{"name":"carla","first_name":"Carla","last_name":"Motta","email":"","admin":false,"disabled":false,"last_seen":null,"display":"Carla (Shift B) (@carla)"}`,
		`{"name":"dora","first_name":"","last_name":"","email":"","admin":false,"disabled":false,"last_seen":null,"display":"Carla (Shift B) (@dora)"}`,
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("list -json: %s; want %s", out, want)
		}
	}

	bob := s.LogIn(t, "bob")
	sock := bob.Dial("/ws/chat/r/")
	sock.Until("user_list")
	user("", "disable", "bob")
	if code := sock.Closed(); code != 1008 {
		t.Errorf("a disabled user's socket was closed with %d", code)
	}
	if r := bob.Get("/profile/"); r.Status != 303 {
		t.Errorf("a disabled user's browser: %d", r.Status)
	}
	if r := s.Visitor(t).Post("/login/", "username", "bob", "password", hearthtest.Password); r.Status != 401 {
		t.Errorf("a disabled user logs in: %d", r.Status)
	}
	user("", "enable", "bob")
	user("", "admin", "bob", "on")
	if r := s.LogIn(t, "bob").Get("/admin/"); r.Status >= 400 {
		t.Errorf("an admin at the admin site: %d", r.Status)
	}
	user("", "admin", "ada", "off")
	user("another quiet fire\n", "passwd", "bob", "-password-stdin")
	if r := s.Visitor(t).Post("/login/", "username", "bob", "password", hearthtest.Password); r.Status != 401 {
		t.Errorf("the old password: %d", r.Status)
	}
	if r := s.Visitor(t).Post("/login/", "username", "bob", "password", "another quiet fire"); r.Status != 303 {
		t.Errorf("the new password: %d", r.Status)
	}
}
