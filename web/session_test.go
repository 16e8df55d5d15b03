package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

func wantReply(t *testing.T, what string, r hearthtest.Reply, status int, says ...string) {
	t.Helper()
	if r.Status != status {
		t.Errorf("%s: %d, want %d", what, r.Status, status)
	}
	for _, text := range says {
		if !strings.Contains(html.UnescapeString(r.Body), text) {
			t.Errorf("%s: %d, doesn't say %q: %.300q", what, r.Status, text, mainPart(r.Body))
		}
	}
}

// mainPart leaves out what is the same on every page.
func mainPart(page string) string {
	_, after, _ := strings.Cut(page, "<main")
	return after
}

func wantGone(t *testing.T, what string, r hearthtest.Reply, to string) {
	t.Helper()
	if r.Status != http.StatusSeeOther || r.Header.Get("Location") != to {
		t.Errorf("%s: %d to %q, want %q", what, r.Status, r.Header.Get("Location"), to)
	}
}

func TestEveryAddressOfSignIn(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	for i, path := range []string{"/sign_up/", "/signup/"} {
		b := s.Visitor(t)
		wantReply(t, path, b.Get(path), http.StatusOK, `name="password2"`)
		name := "ada" + strconv.Itoa(i)
		r := b.Post(path, "username", name, "password1", hearthtest.Password, "password2", hearthtest.Password, "next", "/chat/tea/")
		wantGone(t, "after "+path, r, "/chat/tea/")
		wantReply(t, "profile", b.Get("/profile/"), http.StatusOK, name)
	}
	for _, path := range []string{"/login/", "/log_in/"} {
		b := s.Visitor(t)
		wantReply(t, path, b.Get(path), http.StatusOK, `name="password"`)
		wantGone(t, "after "+path, b.Post(path, "username", "ADA0", "password", hearthtest.Password, "next", "/profile/"), "/profile/")
		wantGone(t, "the door from inside", b.Get(path+"?next=/chat/tea/"), "/chat/tea/")
	}
	for _, path := range []string{"/logout/", "/log_out/"} {
		b := s.LogIn(t, "ada1")
		wantReply(t, path, b.Get(path), http.StatusOK, `action="/logout/"`)
		wantReply(t, "still in", b.Get("/profile/"), http.StatusOK)
		wantGone(t, "after "+path, b.Post(path), "/")
		wantGone(t, "profile of nobody", b.Get("/profile/"), "/login/?next=%2Fprofile%2F")
	}
}

func TestNextStaysHere(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	for next, want := range map[string]string{
		"/chat/tea/?after=3": "/chat/tea/?after=3", "": "/", "//evil.example/": "/", "/\\evil.example": "/", "https://evil.example/": "/", "javascript:alert(1)": "/",
		"/\t/evil.example": "/", "evil.example": "/", "/logout/": "/", "/login/?next=/login/": "/",
	} {
		b := s.Visitor(t)
		r := b.Post("/login/", "username", "ada", "password", hearthtest.Password, "next", next)
		wantGone(t, "next="+next, r, want)
	}
}

func TestWrongPasswordAndUnknownUserLookTheSame(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	b := s.Visitor(t)
	wrong := b.Post("/login/", "username", "linh", "password", "s3cret typed", "next", "/chat/tea/")
	wantReply(t, "unknown user", wrong, http.StatusUnauthorized, `value="linh"`, `value="/chat/tea/"`)
	if strings.Contains(wrong.Body, "s3cret typed") {
		t.Error("the password is shown again")
	}
	known := b.Post("/login/", "username", "ada", "password", "s3cret typed", "next", "/chat/tea/")
	if known.Status != wrong.Status || strings.ReplaceAll(known.Body, `value="ada"`, `value="linh"`) != wrong.Body {
		t.Error("a wrong password looks different from an unknown user")
	}
}

func TestSignUpForm(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "ada")
	b := s.Visitor(t)
	good := map[string]string{"username": "linh", "password1": hearthtest.Password, "password2": hearthtest.Password, "first_name": "Linh", "email": "linh@example.org"}
	for _, c := range []struct{ field, value, says string }{
		{"username", "АDА", "taken"}, {"username", "li nh", "without spaces"}, {"username", "", "Choose a name"}, {"username", "l\u200binh", "without spaces"},
		{"password1", "short", "too short"}, {"password1", "password1", "too common"}, {"password1", "86753098675309", "Digits alone"}, {"password2", "another fire 8", "differ"},
		{"email", "nowhere", "valid e-mail"}, {"first_name", strings.Repeat("x", 151), "too long"},
	} {
		var pairs []string
		for name, value := range good {
			if name == c.field {
				value = c.value
			}
			pairs = append(pairs, name, value)
		}
		r := b.Post("/sign_up/", pairs...)
		wantReply(t, c.field+"="+c.value, r, http.StatusUnprocessableEntity, c.says, `aria-invalid="true"`)
		if strings.Contains(r.Body, hearthtest.Password) {
			t.Error("the password is shown again")
		}
	}
	wantReply(t, "what was typed", b.Post("/sign_up/", "username", "a b", "email", "linh@example.org"), http.StatusUnprocessableEntity, `value="a b"`, `value="linh@example.org"`)
	wantReply(t, "of another site", foreign(s.Visitor(t)).Post("/sign_up/", "username", "mai"), http.StatusForbidden)
}

func foreign(b *hearthtest.Browser) *hearthtest.Browser {
	b.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
	return b
}

func TestSessionIsNewAtLogIn(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	b := s.SignUp(t, "ada")
	before := b.Cookie()
	r := b.Post("/login/", "username", "ada", "password", hearthtest.Password)
	set := r.Header.Get("Set-Cookie")
	for _, want := range []string{"hearth=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %s", set, want)
		}
	}
	if strings.Contains(set, "Secure") {
		t.Errorf("plain HTTP with a Secure cookie: %q", set)
	}
	old := s.Visitor(t)
	old.Header = http.Header{"Cookie": {before}}
	if r := old.Get("/profile/"); r.Status != http.StatusSeeOther {
		t.Errorf("the session before goes on: %d", r.Status)
	}
}

func TestGuessesGet429(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on")
	ada := s.SignUp(t, "ada")
	b := s.Visitor(t)
	last := hearthtest.Reply{}
	for range 10 {
		if last = b.Post("/login/", "username", "ada", "password", "a guess"); last.Status != http.StatusUnauthorized {
			break
		}
	}
	wantReply(t, "many guesses", last, http.StatusTooManyRequests, "Try again in", `value="ada"`)
	if n, err := strconv.Atoi(last.Header.Get("Retry-After")); err != nil || n < 1 || n > 1800 {
		t.Errorf("Retry-After: %q", last.Header.Get("Retry-After"))
	}
	wantReply(t, "ada herself", ada.Get("/profile/"), http.StatusOK)
}

func TestSignUpPolicies(t *testing.T) {
	t.Parallel()
	closed := hearthtest.Start(t, "-signup", "closed")
	closed.SignUp(t, "ada") // the first account is not subject to the policy
	wantReply(t, "closed", closed.Visitor(t).Post("/sign_up/", "username", "eve", "password1", hearthtest.Password, "password2", hearthtest.Password), http.StatusForbidden, "Only an admin")

	s := hearthtest.Start(t, "-signup", "invite")
	if out, status := s.Command(t, hearthtest.Password+"\n", "user", "add", "ada", "-password-stdin"); status != 0 {
		t.Fatalf("user add: %s", out)
	}
	ada := s.LogIn(t, "ada")
	wantReply(t, "without a link", s.Visitor(t).Get("/sign_up/"), http.StatusForbidden, "need an invitation")
	wantReply(t, "invitations", ada.Get("/admin/invites/"), http.StatusOK)
	wantReply(t, "no number", ada.Post("/admin/invites/", "uses", "many", "days", "7"), http.StatusUnprocessableEntity, "from 1 to 1,000")
	made := ada.Post("/admin/invites/", "action", "create", "uses", "1", "days", "7")
	wantReply(t, "an invitation", made, http.StatusOK)
	link := regexp.MustCompile(`http://[^"]+(/sign_up/\?invite=[\w-]+)`).FindStringSubmatch(made.Body)
	if link == nil {
		t.Fatalf("no link in:\n%s", made.Body)
	}
	u, _ := url.Parse(link[1])
	token := u.Query().Get("invite")
	linh := s.Visitor(t)
	wantReply(t, "with a link", linh.Get(link[1]), http.StatusOK, token)
	wantGone(t, "joining", linh.Post("/sign_up/", "username", "linh", "password1", hearthtest.Password, "password2", hearthtest.Password, "invite", token), "/")
	wantReply(t, "a second one", s.Visitor(t).Get(link[1]), http.StatusForbidden, "has been used")
	wantReply(t, "not an admin", linh.Get("/admin/invites/"), http.StatusForbidden)
	wantReply(t, "not an admin", linh.Post("/admin/invites/", "uses", "1", "days", "7"), http.StatusForbidden)
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	b := s.Visitor(t)
	b.Header = http.Header{"Accept-Language": {"pt"}}
	wantReply(t, "asked for", b.Get("/login/"), http.StatusOK, `lang="pt-BR"`)
	wantGone(t, "picked", b.Post("/language/", "lang", "vi", "next", "/login/?next=/"), "/login/?next=/")
	wantReply(t, "picked", b.Get("/login/"), http.StatusOK, `<html lang="vi"`)
	wantReply(t, "unknown", b.Post("/language/", "lang", "xx"), http.StatusUnprocessableEntity)
	wantGone(t, "elsewhere", b.Post("/language/", "lang", "ru", "next", "//evil.example"), "/")
	ada := s.SignUp(t, "ada")
	ada.Post("/language/", "lang", "ru", "next", "/")
	wantReply(t, "kept in the profile", s.LogIn(t, "ada").Get("/profile/"), http.StatusOK, `<html lang="ru"`)
}

func TestGuestsByPolicy(t *testing.T) {
	t.Parallel()
	off := hearthtest.Start(t)
	wantGone(t, "off", off.Visitor(t).Get("/guest/"), "/login/?next=%2Fguest%2F")
	wantReply(t, "off", off.Visitor(t).Post("/guest/", "guest_name", "eve"), http.StatusUnauthorized)
	s := hearthtest.Start(t, "-guests", "write")
	s.SignUp(t, "ada")
	b := s.Visitor(t)
	wantReply(t, "a user's name", b.Post("/guest/", "guest_name", "Adа"), http.StatusUnprocessableEntity, "taken")
	wantGone(t, "a name", b.Post("/guest/", "guest_name", "eve", "next", "/chat/tea/"), "/chat/tea/")
	wantReply(t, "in a room", b.Get("/chat/tea/"), http.StatusOK, "eve")
	wantReply(t, "another eve", s.Visitor(t).Post("/guest/", "guest_name", "EVE"), http.StatusUnprocessableEntity, "taken")
	wantGone(t, "no profile", b.Get("/profile/"), "/login/?next=%2Fprofile%2F")
	wantGone(t, "eve signs up", b.Post("/sign_up/", "username", "eve", "password1", hearthtest.Password, "password2", hearthtest.Password), "/")
	wantReply(t, "as a user", b.Get("/profile/"), http.StatusOK, "eve")
}

// wantClosed holds that a socket is closed for good by what has just been done: at once, or when a busy
// machine gets round to it, but before it is next pinged (25 s, web/ws).
func wantClosed(t *testing.T, what string, socket *hearthtest.Socket) {
	t.Helper()
	start := time.Now()
	if code := socket.Closed(); code != 1008 {
		t.Errorf("%s: close code %d", what, code)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%s: the socket stayed open for %v", what, took)
	}
}
