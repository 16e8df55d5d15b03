package chat

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func (h *emptyChat) login(u *User) (token []byte, s *Session) {
	h.t.Helper()
	token, s, err := h.OpenSession(context.Background(), u.ID, Browser{Agent: "Firefox", Addr: "192.0.2.1"}, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return token, s
}

// open reports whether a token still opens a session.
func (h *emptyChat) open(token []byte) bool {
	h.t.Helper()
	_, _, err := h.SessionByToken(context.Background(), token)
	if err != nil && !errors.Is(err, ErrNotFound) {
		h.t.Fatal(err)
	}
	return err == nil
}

func TestSessionOpensAndEnds(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada := h.user("ada")
	token, s := h.login(ada)
	for range 2 { // the first time from the database, the second time from the cache
		got, u, err := h.SessionByToken(ctx, token)
		if err != nil || got.ID != s.ID || u.ID != ada.ID || got.Agent != "Firefox" || got.Addr != "192.0.2.1" {
			t.Fatalf("%+v, %+v, %v", got, u, err)
		}
	}
	if h.open([]byte("guessed")) {
		t.Error("a guess opened a session")
	}
	again, s2, err := h.OpenSession(ctx, ada.ID, Browser{}, s.ID)
	if err != nil || h.open(token) || !h.open(again) || !slices.Equal(h.hub.sessions, []int64{s.ID}) {
		t.Errorf("after signing in again in the same browser: ended %v, %v", h.hub.sessions, err)
	}
	if err := h.EndOwnSession(ctx, ada.ID+1, s2.ID); err != nil || !h.open(again) {
		t.Errorf("somebody else ended ada's session: %v", err)
	}
	if err := h.EndSession(ctx, s2.ID); err != nil || h.open(again) {
		t.Errorf("the session goes on: %v", err)
	}
}

func TestPasswordAndDisablingEndSessions(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada, linh := h.user("ada"), h.user("linh")
	here, s := h.login(linh)
	there, _ := h.login(linh)
	if err := h.SetPassword(ctx, Caller{User: linh, SessionID: s.ID}, linh.ID, "new"); err != nil {
		t.Fatal(err)
	}
	if !h.open(here) || h.open(there) {
		t.Error("a new password signs out everywhere else")
	}
	if _, hash, err := h.Credentials(ctx, "LINH"); err != nil || hash != "new" {
		t.Errorf("the hash is %q, %v", hash, err)
	}
	if err := h.SetDisabled(ctx, Caller{User: ada}, linh.ID, true); err != nil {
		t.Fatal(err)
	}
	if h.open(here) || !slices.Contains(h.hub.users, linh.ID) {
		t.Error("a disabled user is still there")
	}
}

// leaving is a Disk that calls leave during each write, as if the browser disconnected.
type leaving struct {
	Disk
	leave func()
}

func (l leaving) Write(ctx context.Context, job func(Tx) error) error {
	return l.Disk.Write(ctx, func(tx Tx) error {
		l.leave()
		return job(tx)
	})
}

// A stored change takes effect even if the browser that requested it disconnects meanwhile.
func TestDisablingByABrowserThatGoesAway(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ada, linh := h.user("ada"), h.user("linh")
	here, _ := h.login(linh)
	ctx, leave := context.WithCancel(context.Background())
	h.disk = leaving{h.disk, leave}
	if err := h.SetDisabled(ctx, Caller{User: ada}, linh.ID, true); err != nil {
		t.Error(err)
	}
	if h.open(here) || !slices.Contains(h.hub.users, linh.ID) {
		t.Error("a disabled user is still there")
	}
}

func TestEndAllKeepsOne(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada := h.user("ada")
	one, s := h.login(ada)
	two, _ := h.login(ada)
	if err := h.EndAll(ctx, Caller{User: ada}, ada.ID, s.ID); err != nil || !h.open(one) || h.open(two) {
		t.Errorf("EndAll but one: %v", err)
	}
	list, _, err := h.Sessions(ctx, ada.ID, 10, 0)
	if err != nil || len(list) != 1 || list[0].ID != s.ID {
		t.Errorf("sessions: %v, %v", list, err)
	}
}

func TestSessionsAgeOnlyUnused(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada := h.user("ada")
	used, _ := h.login(ada)
	idle, idleSession := h.login(ada)
	for range 31 {
		h.clock = h.clock.Add(24 * time.Hour)
		if !h.open(used) {
			t.Fatalf("a session in use ended at %v", h.clock)
		}
	}
	if h.open(idle) {
		t.Error("an idle session goes on")
	}
	if err := h.SweepSessions(ctx); err != nil || !h.open(used) || !slices.Equal(h.hub.sessions, []int64{idleSession.ID}) {
		t.Errorf("swept %v, %v", h.hub.sessions, err)
	}
	restarted := New(h.disk, &nowhere{}, Options{})
	restarted.now = h.now
	if _, _, err := restarted.SessionByToken(ctx, used); err != nil {
		t.Errorf("the last use was not stored: %v", err)
	}
}

// Forget ends the sessions that another process has ended, as the command line does when it sets a password.
func TestForgetEndsWhatOthersEnded(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada := h.user("ada")
	stays, _ := h.login(ada)
	goes, s := h.login(ada)
	if !h.open(stays) || !h.open(goes) {
		t.Fatal("both are to be in the cache")
	}
	other := New(h.disk, &nowhere{}, Options{})
	if err := other.EndSession(ctx, s.ID); err != nil {
		t.Fatal(err)
	}
	if err := other.UpdateProfile(ctx, Console(), ada.ID, Profile{FirstName: "Ada"}); err != nil {
		t.Fatal(err)
	}
	h.Forget()
	if !h.open(stays) || h.open(goes) || !slices.Equal(h.hub.sessions, []int64{s.ID}) {
		t.Errorf("ended: %v", h.hub.sessions)
	}
	if u, err := h.User(ctx, ada.ID); err != nil || u.Display() != "Ada" {
		t.Errorf("%v, %v", u, err)
	}
}

func TestGuestNames(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	h.user("ada")
	_, _, err := h.OpenGuest(ctx, "АDA", Browser{}, 0)
	wantCode(t, err, "name_taken", "guest_name")
	if _, err := h.CreateUser(ctx, Caller{}, NewUser{Name: "eve", Password: "hash", Profile: Profile{DisplayName: "Eve Lund"}}); err != nil {
		t.Fatal(err)
	}
	_, spaced, err := h.OpenGuest(ctx, "  Wanda \u3000 Who ", Browser{}, 0)
	if err != nil || spaced.Guest != "Wanda Who" {
		t.Errorf("%+v, %v", spaced, err)
	}
	for name, code := range map[string]string{"wanda who": "name_taken", "a/b": "name_characters", "a (b)": "name_characters", " ": "name_empty", "Eve Lund": "name_taken", "Eve  Iund": "name_taken"} {
		_, _, err = h.OpenGuest(ctx, name, Browser{}, 0)
		wantCode(t, err, code, "guest_name")
	}
	_, s, err := h.OpenGuest(ctx, "Вова", Browser{}, 0)
	if err != nil || s.Guest != "Вова" || s.UserID != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	_, _, err = h.OpenGuest(ctx, "вОВА", Browser{}, 0)
	wantCode(t, err, "name_taken", "guest_name")
	token, s, err := h.OpenGuest(ctx, "вОВА", Browser{}, s.ID)
	if err != nil || !h.open(token) {
		t.Fatalf("a guest can't change the spelling of his name: %v", err)
	}
	h.user("вова") // a guest with the name of a new account loses the name
	if h.open(token) || !slices.Contains(h.hub.sessions, s.ID) {
		t.Error("a guest goes by the name of a user")
	}
}

func TestInvites(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada, linh := h.user("ada"), h.user("linh")
	as := Caller{User: ada}
	_, err := h.CreateInvite(ctx, Caller{User: linh}, 1, 1)
	wantCode(t, err, "not_allowed", "")
	_, err = h.CreateInvite(ctx, as, 0, 1)
	wantCode(t, err, "bad_number", "uses")
	_, err = h.CreateInvite(ctx, as, 1, 366)
	wantCode(t, err, "bad_number", "days")
	token, err := h.CreateInvite(ctx, as, 2, 7)
	if err != nil {
		t.Fatal(err)
	}
	join := func(name, token string) error {
		_, err := h.SignUp(ctx, NewUser{Name: name, Password: "x", Invite: token})
		return err
	}
	if err := h.SetSettings(ctx, as, map[string]string{SettingSignup: "invite"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, join("mai", "guess"), "invite_used", "")
	wantCode(t, join("linh", token), "name_taken", "username") // does not use up the invitation
	for _, name := range []string{"mai", "boris"} {
		if valid, err := h.InviteValid(ctx, token); err != nil || !valid {
			t.Errorf("before %s: %v, %v", name, valid, err)
		}
		if err := join(name, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, join("carla", token), "invite_used", "")

	late, err := h.CreateInvite(ctx, as, 5, 7)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := h.Invites(ctx, 10, 0)
	if err != nil || len(list) != 1 || list[0].By != "ada" || list[0].UsesLeft != 5 {
		t.Fatalf("%+v, %v", list, err)
	}
	h.clock = h.clock.AddDate(0, 0, 8)
	wantCode(t, join("carla", late), "invite_used", "")
	if err := h.RevokeInvite(ctx, as, list[0].ID); err != nil {
		t.Error(err)
	}
}
