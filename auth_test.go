package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/chat"
	"hearth/web/hearthtest"
	"hearth/web/limits"
)

func newAuth(t *testing.T, dir string) *Auth {
	t.Helper()
	a, err := NewAuth(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCookieKeysAreMadeOnceAndRotate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	token := []byte("thirty-two bytes of a session id")
	cookie, err := newAuth(t, dir).Seal(token)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keys.json: %v, %v", info, err)
	}
	if got, err := newAuth(t, dir).Open(cookie); err != nil || string(got) != string(token) {
		t.Errorf("after a restart: %q, %v", got, err)
	}
	prependKeys(t, path)
	rotated := newAuth(t, dir)
	if got, err := rotated.Open(cookie); err != nil || string(got) != string(token) {
		t.Errorf("with a new pair in front: %q, %v", got, err)
	}
	fresh, err := rotated.Seal(token)
	if err != nil {
		t.Fatal(err)
	}
	keepKeys(t, path, 1)
	a := newAuth(t, dir)
	if _, err := a.Open(fresh); err != nil {
		t.Errorf("the new pair doesn't seal: %v", err)
	}
	if _, err := a.Open(cookie); err == nil {
		t.Error("a seal outlives its keys")
	}
	for _, forged := range []string{"", "x", cookie[:len(cookie)-2], strings.ToUpper(fresh)} {
		if _, err := a.Open(forged); err == nil {
			t.Errorf("%.20q was opened", forged)
		}
	}
}

func readKeys(t *testing.T, path string) []keyPair {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var keys []keyPair
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func writeKeys(t *testing.T, path string, keys []keyPair) {
	t.Helper()
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func prependKeys(t *testing.T, path string) {
	writeKeys(t, path, append([]keyPair{{Hash: random(32), Block: random(32)}}, readKeys(t, path)...))
}

func keepKeys(t *testing.T, path string, n int) {
	writeKeys(t, path, readKeys(t, path)[:n])
}

func TestBrokenKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[]", "{}", `[{"hash":"AAAA","block":"AAAA"}]`, `[{"hash":]`, "not JSON at all"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "keys.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeys(dir); err == nil {
			t.Errorf("%q is taken for keys", text)
		}
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("%q was changed", text)
		}
	}
}

// TestCutOffKeysAreReplaced tries what a power cut leaves of keys.json.
func TestCutOffKeysAreReplaced(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	if _, err := OpenKeys(whole); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(whole, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimSpace(text)
	for n := 0; n < len(text); n += 7 {
		for _, tail := range []string{"", "\n", strings.Repeat("\x00", 100)} {
			dir := t.TempDir()
			path := filepath.Join(dir, "keys.json")
			if err := os.WriteFile(path, append(text[:n:n], tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			if codecs, err := OpenKeys(dir); err != nil || len(codecs) != 1 {
				t.Errorf("with %d of %d bytes: %v", n, len(text), err)
			}
			if pairs := readKeys(t, path); len(pairs) != 1 {
				t.Errorf("with %d of %d bytes there are %d pairs afterwards", n, len(text), len(pairs))
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	a := newAuth(t, t.TempDir())
	one, err := a.NewPassword("quiet ember")
	if err != nil || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", one, err)
	}
	two, _ := a.NewPassword("quiet ember")
	if one == two {
		t.Error("two hashes share a salt")
	}
	if !a.CheckPassword(one, "quiet ember") || a.CheckPassword(one, "quiet embers") || a.CheckPassword(one, "") {
		t.Error("the hash opens to the wrong password, or not to the right one")
	}
	const composed, decomposed = "m\u1ead" + "t kh\u1ea9u", "ma\u0323\u0302t kha\u0302\u0309u"
	accents, err := a.NewPassword(decomposed)
	if err != nil || composed == decomposed || !a.CheckPassword(accents, composed) || !a.CheckPassword(accents, decomposed) {
		t.Errorf("accents typed in another way don't open the hash: %v", err)
	}
	old := "$argon2id$v=19$m=19456,t=2,p=1$" + phc.EncodeToString(make([]byte, saltSize)) + "$" + // of an earlier version
		phc.EncodeToString(a.argon2id(newArgon, decomposed, make([]byte, saltSize), hashSize))
	if !a.CheckPassword(old, decomposed) || a.CheckPassword(old, "mat khau moi") {
		t.Error("a hash of the password as it was typed does not open to it alone")
	}
	salt, sum := strings.Repeat("A", 22), strings.Repeat("A", 43)
	for _, hash := range []string{"", "x", "$argon2id$v=19$m=19456,t=2,p=1$$", "$2a$10$abcdefghijklmnopqrstuv",
		fmt.Sprintf("$argon2id$v=19$m=4294967295,t=2,p=1$%s$%s", salt, sum),
		fmt.Sprintf("$argon2id$v=19$m=19456,t=0,p=1$%s$%s", salt, sum),
		fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=0$%s$%s", salt, sum),
		fmt.Sprintf("$argon2i$v=19$m=19456,t=2,p=1$%s$%s", salt, sum)} {
		if a.CheckPassword(hash, "") || a.CheckPassword(hash, "quiet ember") {
			t.Errorf("%q opens", hash)
		}
	}
}

// TestUnknownUserTakesAsLong compares the fastest of several, which noise can't lengthen. They are
// tried in turns until both had a quiet moment; if one were spared the work they would never be alike.
func TestUnknownUserTakesAsLong(t *testing.T) {
	a := newAuth(t, t.TempDir())
	hash, err := a.NewPassword("quiet ember")
	if err != nil {
		t.Fatal(err)
	}
	took := func(hash string) time.Duration {
		start := time.Now()
		a.CheckPassword(hash, "a guess")
		return time.Since(start)
	}
	known, unknown := time.Hour, time.Hour
	for range 50 {
		known, unknown = min(known, took(hash)), min(unknown, took(""))
		if unknown >= known/2 && known >= unknown/2 {
			return
		}
	}
	t.Errorf("a known user takes %v, an unknown one %v", known, unknown)
}

// TestStrangersLeaveAPlaceFree for those who sign in with a browser that did so before, and those at one
// address leave some of the queue to others.
func TestStrangersLeaveAPlaceFree(t *testing.T) {
	t.Parallel()
	a := newAuth(t, t.TempDir())
	hash, err := a.NewPassword("quiet ember")
	if err != nil {
		t.Fatal(err)
	}
	a.strangers <- struct{}{} // somebody's guess takes for ever
	there := limits.Guess{Name: "x", From: netip.MustParsePrefix("192.0.2.1/32")}
	ctx, leave := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range maxWaitingThere {
		waiting.Go(func() {
			if _, err := a.Verify(ctx, there, hash, "a guess"); !errors.Is(err, context.Canceled) {
				t.Errorf("who waits gets %v", err)
			}
		})
	}
	for a.waiting.Total() < maxWaitingThere {
		time.Sleep(time.Millisecond)
	}
	if _, err := a.Verify(ctx, there, hash, "a guess"); !errors.Is(err, chat.Errorf("rate_limited")) {
		t.Errorf("one more from there: %v", err)
	}
	if right, err := a.Verify(t.Context(), limits.Guess{User: 1, Device: "d"}, hash, "quiet ember"); !right || err != nil {
		t.Errorf("the owner: %v, %v", right, err)
	}
	leave()
	waiting.Wait()
	if n := a.waiting.Total(); n != 0 {
		t.Errorf("%d wait at the end", n)
	}
}

// Whatever is done to a sealed cookie: it opens as what was sealed, or not at all.
func FuzzSeal(f *testing.F) {
	a, err := NewAuth(f.TempDir(), true)
	if err != nil {
		f.Fatal(err)
	}
	token := []byte("thirty-two bytes of a session id")
	sealed, err := a.Seal(token)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, 0, "")
	f.Add(len(sealed), 0, "=")
	f.Add(10, 4, "AAAA")
	f.Add(0, len(sealed), "MTc5NTI0MTQ2OXxBQUFBfEFBQUE=")
	f.Add(0, len(sealed), "\x00;\r\n")
	f.Add(len(sealed)-1, 1, "B")
	f.Fuzz(func(t *testing.T, at, cut int, paste string) {
		at = min(max(at, 0), len(sealed))
		cut = min(max(cut, 0), len(sealed)-at)
		cookie := sealed[:at] + paste + sealed[at+cut:]
		got, err := a.Open(cookie)
		if err == nil && string(got) != string(token) {
			t.Errorf("%q opens as %q", cookie, got)
		}
		if cookie == sealed && err != nil {
			t.Errorf("what was sealed doesn't open: %v", err)
		}
	})
}

// TestFirstAccountFromAnotherAddress: only a loopback address can be this computer's.
func TestFirstAccountFromAnotherAddress(t *testing.T) {
	t.Parallel()
	h, _ := inside(t, settings{})
	form := url.Values{"username": {"ada"}, "password1": {hearthtest.Password}, "password2": {hearthtest.Password}}.Encode()
	for _, c := range []struct {
		from string
		want int
	}{{"192.0.2.1:4000", http.StatusForbidden}, {"[2001:db8::1]:4000", http.StatusForbidden}, {"10.0.0.1:4000", http.StatusForbidden}, {"127.0.0.2:4000", http.StatusSeeOther}} {
		r := httptest.NewRequest("POST", "/sign_up/", strings.NewReader(form))
		r.Host, r.RemoteAddr = "localhost", c.from
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.server.Handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("from %s: %d", c.from, w.Code)
		}
	}
}

// Whatever cookies a browser sends: it is shown a page, and is signed in by a sealed session alone.
func FuzzCookies(f *testing.F) {
	h, s := inside(f, settings{guests: "read"})
	value := strings.TrimPrefix(s.SignUp(f, "ada").Cookie(), "hearth=")
	ghost, err := NewAuth(f.TempDir(), true)
	if err != nil {
		f.Fatal(err)
	}
	forged, err := ghost.Seal([]byte("thirty-two bytes of a session id"))
	if err != nil {
		f.Fatal(err)
	}
	for _, cookie := range []string{
		"hearth=" + forged, "hearth=SESSION", "__Host-hearth=SESSION", "hearth=", "hearth", "hearth=x; hearth=y", "hearth=SESSION; hearth=x", "hearth=x; hearth=SESSION", "HEARTH=SESSION",
		"hearth-lang=ru", "hearth-lang=../../etc/passwd", "hearth-lang=zh-Hant; hearth=SESSION", "hearth-lang=%ff", "hearth-lang=\xff", "; ; =;", "hearth=\"SESSION\"", "hearth=SESSIONS",
		" hearth=SESSION ", "hearth=SESS; hearth-lang=vi", "a\x00b=c", strings.Repeat("hearth=x; ", 5000),
	} {
		f.Add(cookie)
	}
	languages := regexp.MustCompile(`<html lang="(en|vi|ru|pt-BR|zh-Hans|zh-Hant)"`)
	f.Fuzz(func(t *testing.T, cookie string) {
		cookie = strings.ReplaceAll(cookie, "SESSION", value)
		hers := strings.Contains(cookie, value)
		for path, visitors := range map[string]int{"/profile/": http.StatusSeeOther, "/": http.StatusOK, "/api/users": http.StatusOK} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = "localhost"
			r.Header["Cookie"] = []string{cookie}
			w := httptest.NewRecorder()
			h.server.Handler.ServeHTTP(w, r)
			if w.Code != visitors && !(hers && w.Code == http.StatusOK) || path == "/profile/" && cookie == "hearth="+value && w.Code != http.StatusOK {
				t.Fatalf("%s with %q: %d", path, cookie, w.Code)
			}
			if path == "/" && !languages.MatchString(w.Body.String()) {
				t.Fatalf("with %q the page is %.100s", cookie, w.Body)
			}
		}
	})
}

func TestOneStepFromSignInToSocketForEverybody(t *testing.T) {
	h, s := inside(t, settings{})
	ada := s.SignUp(t, "ada")
	ada.Dial("/users/").Find("herself", func(f hearthtest.Frame) bool { return f["username"] == "ada" && f["is_logged_in"] == true })
	if got := h.hub.OnlineUsers(); len(got) != 1 {
		t.Errorf("online are %v", got)
	}
	watcher := s.SignUp(t, "watcher").Dial("/users/")
	bob := s.SignUp(t, "bob")
	sock := bob.Dial("/ws/chat/r/")
	watcher.Find("bob online", func(f hearthtest.Frame) bool { return f["username"] == "bob" && f["is_logged_in"] == true })
	bob.Post("/profile/", "action", "details", "first_name", "Роберт", "email", "bob@example.org")
	watcher.Find("bob's new name", func(f hearthtest.Frame) bool {
		return f["first_name"] == "Роберт" && f["email"] == "bob@example.org" && f["is_logged_in"] == true
	})
	_ = sock.Close()
	watcher.Find("bob offline", func(f hearthtest.Frame) bool {
		return f["username"] == "bob" && f["is_logged_in"] == false && f.Text("last_seen") != ""
	})
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
