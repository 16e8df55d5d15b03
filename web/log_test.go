package web_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"hearth/web/hearthtest"
)

// The log of a session has a line for all that an admin looks for, and no secret, no text of a message,
// and nothing that was typed as a name or a password.
func TestLogHasEventsAndNoSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := hearthtest.Start(t, "-log", format, "-limits", "on", "-signup", "", "-guests", "write")
			waitLog(t, s, setupLink)
			token := setupLink.FindStringSubmatch(s.Log())[2]
			secrets := session(t, s, token)
			s.Stop(t)
			log := s.Log()
			for _, event := range []string{"started", "stopping", "stopped", "sign-up", "log-in", "failed log-in", "throttled", "refused a socket", "cut a connection", "request failed"} {
				if !strings.Contains(log, `msg=`+event) && !strings.Contains(log, `msg="`+event) && !strings.Contains(log, `"msg":"`+event) {
					t.Errorf("the log has no line for %q", event)
				}
			}
			for _, what := range []string{"throttled", "refused a socket", "cut a connection"} {
				if n := strings.Count(log, what); n > 8 {
					t.Errorf("%d lines for %q", n, what)
				}
			}
			for _, secret := range secrets {
				if secret == "" || strings.Contains(log, secret) {
					t.Errorf("the log has %q", secret)
				}
			}
			if n := strings.Count(log, token); n != 1 {
				t.Errorf("the link for the first account stands %d times in the log", n)
			}
			if format == "json" {
				for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
					if !json.Valid([]byte(line)) {
						t.Errorf("a line is not JSON: %s", line)
					}
				}
			}
			if t.Failed() {
				t.Log(log)
			}
			t.Logf("%d secrets and texts are not among the %d lines of the log", len(secrets), strings.Count(log, "\n"))
		})
	}
}

// However often somebody does what is logged, it fills a few lines a minute.
func TestLogIsNotFilledByAttacks(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read", "-limits", "on")
	s.SignUp(t, "ada")
	before := len(s.Log())
	const each = 500
	foreign := http.Header{"Origin": {"https://" + strings.Repeat("a", 8000) + ".example"}}
	for range each {
		under(t, s, strings.Repeat("a", 8000)+".example").Get("/")
		b := s.Visitor(t)
		b.Header = foreign
		b.Post("/guest/", "guest_name", "eve")
		if _, _, err := b.TryDial("/ws/chat/tea/", nil); err == nil {
			t.Fatal("a foreign page gets a socket")
		}
		s.Visitor(t).Get("/login/")
	}
	if n := len(s.Log()) - before; n > 16<<10 {
		t.Errorf("%d refused requests fill %d bytes of the log", 4*each, n)
	} else {
		t.Logf("%d refused requests fill %d bytes of the log", 4*each, n)
	}
}

var (
	inviteLink = regexp.MustCompile(`\?invite=([\w-]+)`)
	signinPath = regexp.MustCompile(`/signin/([\w-]+)/`)
)

// session does what people and attackers do, and returns what must not be in the log.
func session(t *testing.T, s *hearthtest.Server, setup string) (secrets []string) {
	t.Helper()
	const typed, text = "my password as a name", "the key lies under the "
	secrets = append(secrets, hearthtest.Password, typed, text, "a louder fire 8", "wrong guess 9", "\u009b", "\u202e")
	ada := s.Visitor(t)
	ada.Header = http.Header{"X-Forwarded-For": {"192.0.2.1"}, "User-Agent": {"evil \u202e\u009b31m"}}
	wantGone(t, "the link", ada.Post(setup, "username", "ada", "password1", hearthtest.Password, "password2", hearthtest.Password), "/")
	ada.Header = nil
	wantGone(t, "who may sign up", ada.Post("/admin/settings/", "signup", "invite"), "/admin/settings/?done=settings")
	made := ada.Post("/admin/invites/", "action", "create", "uses", "1", "days", "7")
	invite := inviteLink.FindStringSubmatch(made.Body)
	if invite == nil {
		t.Fatal(made.Body)
	}
	bob := s.Visitor(t)
	wantGone(t, "bob joins", bob.Post("/sign_up/", "username", "bob", "password1", hearthtest.Password, "password2", hearthtest.Password, "invite", invite[1]), "/")
	wantReply(t, "again", s.Visitor(t).Get("/sign_up/?invite="+invite[1]), http.StatusForbidden)
	guest := s.Visitor(t)
	wantGone(t, "a guest", guest.Post("/guest/", "guest_name", "eve"), "/")

	for range 8 {
		s.Visitor(t).Post("/login/", "username", typed, "password", "wrong guess 9")
	}
	wantGone(t, "a new password", bob.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", "a louder fire 8", "password2", "a louder fire 8"), "/profile/?saved=password")
	own := signinPath.FindStringSubmatch(ada.Post("/profile/", "action", "link").Body)
	out, _ := s.Command(t, "", "user", "link", "bob")
	admins := signinPath.FindStringSubmatch(out)
	if own == nil || admins == nil {
		t.Fatal("there is no sign-in link: ", out)
	}
	wantGone(t, "ada's phone", s.Visitor(t).Post(own[0]), "/")
	wantReply(t, "the link again", s.Visitor(t).Post(own[0]), http.StatusNotFound)
	secrets = append(secrets, invite[1], own[1], admins[1])
	for _, b := range []*hearthtest.Browser{ada, bob, guest} {
		for pair := range strings.SplitSeq(b.Cookie(), "; ") {
			_, value, _ := strings.Cut(pair, "=")
			secrets = append(secrets, value)
		}
	}

	sock := ada.Dial("/ws/chat/tea/")
	for i := range 70 { // more than are let through at once
		sock.Say(fmt.Sprint(text, "blue pot ", i))
	}
	sock.Find("the limit", func(f hearthtest.Frame) bool { return f["code"] == "rate_limited" })
	sock.Say("/pm bob " + text + "rug")
	for range 30 {
		if _, resp, err := s.Visitor(t).TryDial("/ws/chat/tea/", http.Header{"Origin": {"https://evil\u202e\u009b31m.example"}}); err == nil {
			t.Errorf("a foreign page gets a socket: %v", resp.Status)
		}
	}
	if err := sock.WriteMessage(1, []byte("\xff"+text)); err != nil { // not UTF-8: the server hangs up
		t.Fatal(err)
	}
	if code := sock.Closed(); code != 1007 {
		t.Errorf("a frame that is no text is answered with %d", code)
	}
	breakMessages(t, s.Data)
	status := http.StatusTooManyRequests
	for deadline := time.Now().Add(time.Minute); status == http.StatusTooManyRequests && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		status = ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": text + "bed"}).Status
	}
	if status < 500 {
		t.Errorf("a message that cannot be stored: %d", status)
	}
	return secrets
}

// breakMessages makes the database unusable for new messages.
func breakMessages(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "hearth.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("ALTER TABLE message RENAME COLUMN text TO hidden"); err != nil {
		t.Fatal(err)
	}
}
