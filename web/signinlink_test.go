package web_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

var signinLink = regexp.MustCompile(`value="(http://[^"]+/signin/[\w-]+/)"`)

// linkOn returns the path of the one-time link that a page shows.
func linkOn(t *testing.T, r hearthtest.Reply) string {
	t.Helper()
	m := signinLink.FindStringSubmatch(r.Body)
	if r.Status != http.StatusOK || m == nil {
		t.Fatalf("there is no link: %d %.500s", r.Status, mainPart(r.Body))
	}
	u, err := url.Parse(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// TestFewGuessesOfStrangers are verified, from one address and from fifty, while the owner signs in as
// often as before.
func TestFewGuessesOfStrangers(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-proxies", "127.0.0.1")
	s.SignUp(t, "ada")
	for _, addresses := range []int{1, 50} {
		name := fmt.Sprint("victim", addresses)
		owner := from(s.Visitor(t), "203.0.113.1")
		if r := owner.Post("/sign_up/", "username", name, "password1", hearthtest.Password, "password2", hearthtest.Password); r.Status != http.StatusSeeOther {
			t.Fatal(r.Status, r.Body)
		}
		verified, owned := 0, 0
		for i := range 1000 {
			b := from(s.Visitor(t), fmt.Sprintf("198.51.%d.%d", addresses, i%addresses))
			r := b.Post("/login/", "username", name, "password", "a wrong guess")
			switch {
			case r.Status == http.StatusUnauthorized:
				verified++
			case r.Status != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "":
				t.Fatalf("guess %d: %d", i, r.Status)
			case i < 20:
				wantReply(t, "the refusal", r, http.StatusTooManyRequests, "Sign in on another device")
			}
			if i%50 == 0 {
				if r := owner.Post("/login/", "username", name, "password", hearthtest.Password); r.Status == http.StatusSeeOther {
					owned++
				}
			}
		}
		t.Logf("of 1000 guesses from %d addresses %d are verified; the owner signs in %d of 20 times", addresses, verified, owned)
		if verified != 5 || owned != 20 {
			t.Errorf("that is not 5 and 20")
		}
		if r := from(s.Visitor(t), "203.0.113.2").Post("/login/", "username", name, "password", hearthtest.Password); r.Status != http.StatusTooManyRequests {
			t.Errorf("the right password from a new browser meanwhile: %d", r.Status)
		}
	}
	unknown := map[int]int{}
	for i := range 10 {
		unknown[from(s.Visitor(t), fmt.Sprintf("198.51.100.%d", i)).Post("/login/", "username", "nobody", "password", "a guess").Status]++
	}
	if unknown[http.StatusUnauthorized] != 5 || unknown[http.StatusTooManyRequests] != 5 {
		t.Errorf("a name that nobody has is answered otherwise: %v", unknown)
	}
}

func TestSignInOnAnotherDevice(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	s.SignUp(t, "boss")
	ada := s.SignUp(t, "ada")
	page := ada.Post("/profile/", "action", "link")
	link := linkOn(t, page)
	phone := s.Visitor(t)
	for range 2 { // to look uses nothing up
		r := phone.Get(link)
		wantReply(t, "the link", r, http.StatusOK, "Sign in as ada")
		if r.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("the link is told to others: %q", r.Header.Get("Referrer-Policy"))
		}
	}
	wantGone(t, "sign in", phone.Post(link), "/")
	wantReply(t, "the phone's profile", phone.Get("/profile/"), http.StatusOK, "<bdi>ada</bdi>")
	wantReply(t, "used again", s.Visitor(t).Post(link), http.StatusNotFound, "does not work any more")
	wantReply(t, "looked at again", s.Visitor(t).Get(link), http.StatusNotFound, "has been used")
	wantReply(t, "no link", s.Visitor(t).Get("/signin/nonsense/"), http.StatusNotFound, "does not work any more")

	first := linkOn(t, ada.Post("/profile/", "action", "link"))
	second := linkOn(t, ada.Post("/profile/", "action", "link"))
	wantReply(t, "an older link", s.Visitor(t).Post(first), http.StatusNotFound)
	wantGone(t, "new password", ada.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", "another quiet fire", "password2", "another quiet fire"), "/profile/?saved=password")
	wantReply(t, "a link from before the password was changed", s.Visitor(t).Post(second), http.StatusNotFound)
	for _, text := range []string{link, first, second} {
		if strings.Contains(s.Log(), strings.Trim(strings.TrimPrefix(text, "/signin"), "/")) {
			t.Error("a link is in the log")
		}
	}
}

func TestAnAdminsLinkSetsAPassword(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	boss, ada := s.SignUp(t, "boss"), s.SignUp(t, "ada")
	if r := ada.Post("/admin/users/1/", "action", "link"); r.Status != http.StatusForbidden {
		t.Errorf("who is no admin: %d", r.Status)
	}
	byAdmin := linkOn(t, boss.Post("/admin/users/2/", "action", "link"))
	out, status := s.Command(t, "", "user", "link", "ada", "-url", "http://chat.example.org/")
	u, err := url.Parse(strings.TrimSpace(strings.Split(out, "\n")[0]))
	if status != 0 || err != nil || u.Host != "chat.example.org" {
		t.Fatalf("%d %s %v", status, out, err)
	}
	there := s.Visitor(t)
	wantReply(t, "the link that was replaced", there.Get(byAdmin), http.StatusNotFound)
	wantReply(t, "the link", there.Get(u.Path), http.StatusOK, "Choose a new password for ada")
	wantReply(t, "a bad password", there.Post(u.Path, "password1", "123", "password2", "123"), http.StatusUnprocessableEntity, "Choose a new password for ada")
	wantGone(t, "a good one", there.Post(u.Path, "password1", "another quiet fire", "password2", "another quiet fire"), "/")
	wantReply(t, "who used it", there.Get("/profile/"), http.StatusOK, "<bdi>ada</bdi>")
	if r := ada.Get("/profile/"); r.Status != http.StatusSeeOther {
		t.Errorf("who was signed in before: %d", r.Status)
	}
	wantGone(t, "log in", s.Visitor(t).Post("/login/", "username", "ada", "password", "another quiet fire"), "/")
	wantReply(t, "the old password", s.Visitor(t).Post("/login/", "username", "ada", "password", hearthtest.Password), http.StatusUnauthorized)
	wantReply(t, "the admins' log", boss.Get("/admin/log/"), http.StatusOK, "sign-in link", "console")

	last := linkOn(t, boss.Post("/admin/users/2/", "action", "link"))
	boss.Post("/admin/users/2/", "action", "disable")
	wantReply(t, "an account that is deactivated", s.Visitor(t).Post(last, "password1", "a third quiet fire", "password2", "a third quiet fire"), http.StatusNotFound)
	boss.Post("/admin/users/2/", "action", "enable")
	wantReply(t, "and activated again", s.Visitor(t).Get(last), http.StatusNotFound)
}

// TestAPasswordChangeRenewsTheSession of the browser in which it was made; its sockets go on.
func TestAPasswordChangeRenewsTheSession(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	sock := ada.Dial("/ws/chat/r/")
	sock.Until("user_join")
	old := ada.Cookie()
	wantGone(t, "new password", ada.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", "another quiet fire", "password2", "another quiet fire"), "/profile/?saved=password")
	if ada.Cookie() == old {
		t.Error("the cookie is the same")
	}
	wantReply(t, "with the new cookie", ada.Get("/profile/"), http.StatusOK)
	thief := s.Visitor(t)
	thief.Header = http.Header{"Cookie": {old}}
	if r := thief.Get("/profile/"); r.Status != http.StatusSeeOther {
		t.Errorf("with the old cookie: %d", r.Status)
	}
	sock.Say("still here")
	sock.Until("chat_message")
}

// TestTheQRCodeIsTheLink reads it with another program.
func TestTheQRCodeIsTheLink(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("zbarimg"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("this test needs zbarimg")
		}
		t.Skip("this test needs zbarimg")
	}
	s := hearthtest.Start(t)
	r := s.SignUp(t, "ada").Post("/profile/", "action", "link")
	m := regexp.MustCompile(`src="data:image/png;base64,([^"]+)"`).FindStringSubmatch(r.Body)
	if m == nil {
		t.Fatal("there is no picture")
	}
	png, err := base64.StdEncoding.DecodeString(html.UnescapeString(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(file, png, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "-q", "--raw", file).Output()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), linkOn(t, r)) {
		t.Errorf("the code says %q, %v", out, err)
	}
}
