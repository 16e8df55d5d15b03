package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// raw sends a request line and headers to a server, with a form as the body, and returns the answer.
func raw(t *testing.T, addr, request, host, form string, headers ...string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	head := request + "\r\nHost: " + host + "\r\nConnection: close\r\n"
	if form != "" {
		head += fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form))
	}
	for _, h := range headers {
		head += h + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"+form); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func signUpForm(name string) string {
	return url.Values{"username": {name}, "password1": {hearthtest.Password}, "password2": {hearthtest.Password}}.Encode()
}

// accounts returns how many accounts there are.
func accounts(t *testing.T, s *hearthtest.Server) int {
	t.Helper()
	out, status := s.Command(t, "", "user", "list")
	if status != 0 {
		t.Fatal(out)
	}
	return strings.Count(out, "\n") - 1
}

var setupLink = regexp.MustCompile(`http://(\S+)(/setup/\w+/)`)

// With no account yet, a request that may come from another computer makes none, however it looks. (From
// another address: TestFirstAccountFromAnotherAddress.)
func TestFirstAccountFromElsewhere(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	addr := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := net.SplitHostPort(addr)
	local := "localhost:" + port
	const post, post10 = "POST /sign_up/ HTTP/1.1", "POST /sign_up/ HTTP/1.0"
	type attempt struct {
		what, addr, request, host string
		headers                   []string
	}
	attempts := []attempt{
		{"bare proxy_pass", addr, post10, "127.0.0.1:" + port, nil},
		{"a foreign host", addr, post, "evil.example", nil},
		{"a host that begins like a local one", addr, post, "localhost.evil.example:" + port, nil},
		{"another site's page", addr, post, local, []string{"Origin: https://evil.example"}},
		{"another port's page", addr, post, local, []string{"Origin: http://localhost:1"}},
		{"a sandboxed page", addr, post, local, []string{"Origin: null"}},
		{"a link on another site", addr, post, local, []string{"Referer: https://chat.example.org/sign_up/"}},
		{"a wrong link", addr, "POST /setup/AAAAAAAAAAAAAAAAAAAAAAAAAA/ HTTP/1.1", local, nil},
	}
	for _, h := range []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: localhost", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1",
		"Via: 1.1 proxy", "CF-Connecting-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1"} {
		attempts = append(attempts, attempt{h, addr, post, local, []string{h}})
	}
	for _, a := range attempts {
		status, body := raw(t, a.addr, a.request, a.host, signUpForm("mallory"), a.headers...)
		if status == http.StatusSeeOther || status == http.StatusOK {
			t.Errorf("%s: %d", a.what, status)
		}
		if strings.HasPrefix(a.what, "X-") && !strings.Contains(body, "journalctl -u hearth") {
			t.Errorf("%s: the page does not say what to do: %s", a.what, mainPart(body))
		}
	}
	for _, host := range []string{local, "localhost", "LOCALHOST:1", "localhost.", "127.0.0.1", "127.0.0.2:8000", "[::1]:8000"} {
		if status, _ := raw(t, addr, "GET /sign_up/ HTTP/1.1", host, ""); status != http.StatusOK {
			t.Errorf("from this computer under the name %s: %d", host, status)
		}
	}
	if n := accounts(t, s); n != 0 {
		t.Errorf("%d accounts were made", n)
	}
	t.Logf("%d requests that could come from elsewhere made %d accounts", len(attempts), accounts(t, s))
	status, _ := raw(t, addr, post, local, signUpForm("ada"), "Origin: http://"+local, "Referer: http://"+local+"/sign_up/")
	if status != http.StatusSeeOther {
		t.Errorf("from this computer: %d", status)
	}
}

// waitLog waits until the server has logged what fits.
func waitLog(t *testing.T, s *hearthtest.Server, what *regexp.Regexp) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !what.MatchString(s.Log()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not have %s:\n%s", what, s.Log())
		}
	}
}

func TestSetupLink(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-signup", "")
	addr := strings.TrimPrefix(s.URL, "http://")
	waitLog(t, s, setupLink)
	m := setupLink.FindStringSubmatch(s.Log())
	if m[1] != strings.Replace(addr, "127.0.0.1", "localhost", 1) {
		t.Errorf("the link is for %s", m[1])
	}
	elsewhere := []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"}
	if status, body := raw(t, addr, "GET "+m[2]+" HTTP/1.0", "chat.example.org", "", elsewhere...); status != http.StatusOK || !strings.Contains(body, `action="`+m[2]+`"`) {
		t.Errorf("the link shows %d, %s", status, mainPart(body))
	}
	if status, body := raw(t, addr, "POST "+m[2]+" HTTP/1.0", "chat.example.org", "username=ada", elsewhere...); status != http.StatusUnprocessableEntity || !strings.Contains(body, `action="`+m[2]+`"`) {
		t.Errorf("a form with mistakes gets %d, %s", status, mainPart(body))
	}
	if status, _ := raw(t, addr, "POST "+m[2]+" HTTP/1.0", "chat.example.org", signUpForm("ada"), elsewhere...); status != http.StatusSeeOther {
		t.Errorf("the link answers %d", status)
	}
	wantReply(t, "the admin", s.LogIn(t, "ada").Get("/admin/users/"), http.StatusOK)
	wantReply(t, "the link again", s.Visitor(t).Get(m[2]), http.StatusNotFound, "does not work any more", "log in")
	wantReply(t, "the link again", s.Visitor(t).Post(m[2], "username", "mallory"), http.StatusNotFound)
	wantReply(t, "after the first account", s.Visitor(t).Post("/sign_up/", "username", "mallory"), http.StatusForbidden, "Only an admin")
	if token := strings.TrimPrefix(m[2], "/setup/"); strings.Count(s.Log(), token) != 1 {
		t.Errorf("the link is in the log:\n%s", s.Log())
	}
	wantReply(t, "the name under which the admin came", under(t, s, "chat.example.org").Get("/sign_up/"), http.StatusForbidden, "Only an admin")
	s.Stop(t)
	s.Restart(t)
	if setupLink.MatchString(s.Log()) {
		t.Error("a place with accounts prints a link")
	}
}

// The link dies with the first account, however that is made.
func TestSetupLinkDiesWithTheFirstAccount(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	waitLog(t, s, setupLink)
	path := setupLink.FindStringSubmatch(s.Log())[2]
	wantReply(t, "the link", s.Visitor(t).Get(path), http.StatusOK)
	if out, status := s.Command(t, hearthtest.Password+"\n", "user", "add", "ada", "-password-stdin"); status != 0 {
		t.Fatal(out)
	}
	wantReply(t, "the link", s.Visitor(t).Get(path), http.StatusNotFound)
	wantReply(t, "the link", s.Visitor(t).Post(path, "username", "eve", "password1", hearthtest.Password, "password2", hearthtest.Password), http.StatusNotFound)
}

// Of several people who make the first account at once, one becomes the admin. The others may sign up
// where everybody may.
func TestFirstAccountIsOne(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]int{"": 1, "closed": 1, "invite": 1, "open": 8} {
		s := hearthtest.Start(t, "-signup", policy)
		var wait sync.WaitGroup
		for i := range 8 {
			b := s.Visitor(t)
			wait.Add(1)
			go func() {
				defer wait.Done()
				b.Post("/sign_up/", "username", fmt.Sprint("ada", i), "password1", hearthtest.Password, "password2", hearthtest.Password)
			}()
		}
		wait.Wait()
		out, _ := s.Command(t, "", "user", "list")
		if n, admins := accounts(t, s), strings.Count(out, "  admin  "); n != want || admins != 1 {
			t.Errorf("-signup %q: %d accounts, %d admins:\n%s", policy, n, admins, out)
		}
	}
}

// After the first account nobody signs up until an admin has chosen who may.
func TestAdminChoosesWhoMaySignUp(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-signup", "")
	wantReply(t, "an empty place", s.Visitor(t).Get("/login/"), http.StatusOK, "Create the first account")
	ada := s.SignUp(t, "ada")
	wantReply(t, "under an unknown name", under(t, hearthtest.Start(t), "chat.example.org").Get("/"), http.StatusMisdirectedRequest, "-hosts", "journalctl -u hearth")
	const asks = "Nobody can sign up until you choose"
	wantReply(t, "the lobby", ada.Get("/"), http.StatusOK, asks, `value="invite"`)
	wantReply(t, "a stranger", s.Visitor(t).Post("/sign_up/", "username", "eve"), http.StatusForbidden, "Only an admin")
	if r := s.Visitor(t).Get("/login/"); strings.Contains(r.Body, `href="/sign_up/`) {
		t.Error("the log-in page offers to sign up")
	}
	wantReply(t, "invitations", ada.Get("/admin/invites/"), http.StatusOK, "Sign-up is closed")
	wantGone(t, "the name alone", ada.Post("/admin/settings/", "place", "The Lunds"), "/admin/settings/?done=settings")
	if strings.Contains(ada.Get("/admin/settings/").Body, "checked> <span>Nobody") {
		t.Error("a choice is made beforehand, to be saved with any other setting")
	}
	wantGone(t, "choosing", ada.Post("/admin/settings/", "signup", "open", "next", "/"), "/")
	if strings.Contains(ada.Get("/").Body, asks) {
		t.Error("the lobby asks again")
	}
	eve := s.SignUp(t, "eve")

	// A place of an older version has accounts, and nobody has chosen: it says so.
	old := hearthtest.Start(t, "-signup", "open")
	old.SignUp(t, "ada")
	if strings.Contains(old.LogIn(t, "ada").Get("/").Body, asks) {
		t.Error("the lobby asks what -signup has decided")
	}
	old.SignUp(t, "eve")
	old.Stop(t)
	old.Args = append(old.Args, "-signup", "")
	old.Restart(t)
	wantReply(t, "after an update", old.Visitor(t).Get("/sign_up/"), http.StatusForbidden)
	waitLog(t, old, regexp.MustCompile("nobody can sign up until an admin has chosen"))
	wantReply(t, "the lobby", old.LogIn(t, "ada").Get("/"), http.StatusOK, asks)
	for _, r := range []hearthtest.Reply{eve.Get("/"), old.LogIn(t, "eve").Get("/")} {
		if strings.Contains(r.Body, asks) {
			t.Error("it asks people who are no admins")
		}
	}
}
