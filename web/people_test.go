package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"hearth/web/hearthtest"
)

// watch names the people whom a page shows, and returns the answer: of the frames that come meanwhile, how many are
// online, the last one with somebody's name, else the last one.
func watch(s *hearthtest.Socket, users ...string) (answer hearthtest.Frame) {
	s.Send(map[string]any{"type": "watch", "users": users})
	s.Send(map[string]any{"type": "ping"})
	s.Find("the answer", func(f hearthtest.Frame) bool {
		if f.Type() == "people" && (answer == nil || f["came"] != nil || f["went"] != nil) {
			answer = f
		}
		return f.Type() == "pong"
	})
	return answer
}

// named returns the people in a field of a people frame.
func named(f hearthtest.Frame, field string) (names []string) {
	people, _ := f[field].([]any)
	for _, p := range people {
		names = append(names, hearthtest.Frame(p.(map[string]any)).Text("user"))
	}
	return names
}

// person is somebody in a people frame.
func person(t *testing.T, f hearthtest.Frame, field, name string) hearthtest.Frame {
	t.Helper()
	people, _ := f[field].([]any)
	for _, p := range people {
		if p := hearthtest.Frame(p.(map[string]any)); p["user"] == name {
			return p
		}
	}
	t.Fatalf("%s is not among %s of %v", name, field, f)
	return nil
}

func tells(field, name string) func(hearthtest.Frame) bool {
	return func(f hearthtest.Frame) bool { return f.Type() == "people" && slices.Contains(named(f, field), name) }
}

func online(n int64) func(hearthtest.Frame) bool {
	return func(f hearthtest.Frame) bool { return f.Type() == "people" && f.Int("people_online") == n }
}

// A socket of hearth.1 is told how many are online, and names only of people whom it watches.
func TestASocketIsToldOfPeopleItWatches(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob, eve := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "eve")
	bob.Post("/profile/", "form", "details", "first_name", "Bob", "last_name", "Berg", "email", "bob@example.org")
	for _, path := range []string{"/users/", "/ws/chat/tea/"} {
		a := ada.DialBatched(path)
		if path == "/users/" {
			if f := a.Next(); f.Type() != "people" || f.Int("people_online") != 1 || f["came"] != nil {
				t.Fatalf("the first frame is %v", f)
			}
		}
		f := watch(a, "bob", "BOB", "nobody", "ada")
		if got := fmt.Sprint(named(f, "came"), named(f, "went")); got != "[ada] [bob]" {
			t.Errorf("%s: told of %s", path, got)
		}
		if p := person(t, f, "went", "bob"); p["display"] != "Bob Berg" || p["email"] != "bob@example.org" {
			t.Errorf("bob is %v", p)
		}
		e := eve.Dial("/ws/chat/elsewhere/")
		heard := func(f hearthtest.Frame) bool {
			if slices.Contains(append(named(f, "came"), named(f, "went")...), "eve") || f["user"] == "eve" {
				t.Errorf("%s: told of eve: %v", path, f)
			}
			return true
		}
		a.Find("eve counted", func(f hearthtest.Frame) bool { return heard(f) && online(2)(f) })
		b := bob.Dial("/ws/chat/elsewhere/")
		a.Find("bob coming", func(f hearthtest.Frame) bool { return heard(f) && tells("came", "bob")(f) && online(3)(f) })
		if f := watch(a, "bob", "eve"); fmt.Sprint(named(f, "came"), named(f, "went")) != "[eve] []" {
			t.Errorf("%s: told again of those who were watched before: %v", path, f)
		}
		bob.Post("/profile/", "form", "details", "first_name", "Robert", "last_name", "Berg", "email", "bob@example.org")
		f = a.Find("bob's new name", tells("came", "bob"))
		if p := person(t, f, "came", "bob"); p["display"] != "Robert Berg" || p["first_name"] != "Robert" {
			t.Errorf("bob is %v", p)
		}
		watch(a, "bob")
		_, _ = e.Close(), b.Close()
		f = a.Find("bob going", func(f hearthtest.Frame) bool { return heard(f) && tells("went", "bob")(f) })
		if p := person(t, f, "went", "bob"); p.Text("last_seen") == "" {
			t.Errorf("bob is %v", p)
		}
		for f.Int("people_online") != 1 {
			f = a.Find("eve counted", func(f hearthtest.Frame) bool { return heard(f) && f.Type() == "people" })
		}
		bob.Post("/profile/", "form", "details", "first_name", "Bob", "last_name", "Berg", "email", "bob@example.org")
		a.Find("bob's old name", tells("went", "bob"))
		_ = a.Close()
	}
}

// What can't be watched is refused, or left out.
func TestWatchRefusesBadRequests(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	bob.Post("/profile/", "form", "details", "first_name", "Bob", "email", "bob@example.org")
	many := make([]string, 401)
	for i := range many {
		many[i] = fmt.Sprint("somebody", i)
	}
	for _, path := range []string{"/users/", "/ws/chat/tea/"} {
		a := ada.DialBatched(path)
		for _, users := range []any{many, "ada", 1, nil, []any{1}} {
			a.Send(map[string]any{"type": "watch", "users": users, "nonce": "n"})
			if users == nil { // an empty list
				a.Until("people")
			} else if f := a.Until("error"); f["code"] != "bad_frame" || f["nonce"] != "n" {
				t.Errorf("%s: watching %.20v is answered with %v", path, users, f)
			}
		}
		if f := watch(a, many[:200]...); f["came"] != nil || f["went"] != nil {
			t.Errorf("told of nobody's names: %v", f)
		}
	}
	p := ada.Dial("/ws/chat/tea/")
	p.Send(map[string]any{"type": "watch", "users": []string{"ada"}})
	if f := p.Until("error"); f["code"] != "bad_frame" {
		t.Errorf("plain: %v", f)
	}
	p.Send(map[string]any{"message": "hello", "users": 5}) // a field that only watch has
	p.Find("the message", func(f hearthtest.Frame) bool { return f["message"] == "hello" })

	v := s.Visitor(t).DialBatched("/users/")
	v.Next()
	if got := person(t, watch(v, "bob"), "went", "bob"); got["email"] != nil {
		t.Errorf("a visitor is told %v", got)
	}
	wantGone(t, "disable", ada.Post("/admin/users/2/", "action", "disable"), "/admin/users/2/?done=disable")
	a := ada.DialBatched("/users/")
	a.Next()
	if f := watch(a, "bob"); f["went"] != nil {
		t.Errorf("told of somebody whose account is closed: %v", f)
	}
}

// Lobby pages hear of people who have just signed up, others don't.
func TestNewPeopleComeToTheLobby(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	lobby, other := ada.DialBatched("/users/?rooms=all"), ada.DialBatched("/users/")
	if r := ada.Post("/admin/users/new/", "username", "bob", "password1", hearthtest.Password, "password2", hearthtest.Password); r.Status != http.StatusSeeOther {
		t.Fatalf("create bob: %d", r.Status)
	}
	f := lobby.Find("bob", tells("went", "bob"))
	if person(t, f, "went", "bob")["new"] != true {
		t.Errorf("bob is not new: %v", f)
	}
	other.Send(map[string]string{"type": "ping"})
	other.Find("the answer", func(f hearthtest.Frame) bool {
		if tells("went", "bob")(f) {
			t.Errorf("a page that isn't the lobby hears of bob: %v", f)
		}
		return f.Type() == "pong"
	})
}
