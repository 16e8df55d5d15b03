package chat

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestStatusEnds(t *testing.T) {
	t.Parallel()
	hanoi, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	tuesday := time.Date(2026, 5, 12, 22, 30, 0, 0, hanoi)
	sunday := time.Date(2026, 5, 17, 8, 0, 0, 0, hanoi)
	for _, c := range []struct {
		end  string
		now  time.Time
		want string
	}{
		{"30m", tuesday, "2026-05-12T23:00:00+07:00"}, {"1h", tuesday, "2026-05-12T23:30:00+07:00"},
		{"today", tuesday, "2026-05-13T00:00:00+07:00"}, {"week", tuesday, "2026-05-18T00:00:00+07:00"},
		{"today", sunday, "2026-05-18T00:00:00+07:00"}, {"week", sunday, "2026-05-18T00:00:00+07:00"},
		{"never", tuesday, "0001-01-01T00:00:00Z"},
	} {
		got, err := statusEnd(c.end, c.now)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s at %s: %s, %v, want %s", c.end, c.now, got.Format(time.RFC3339), err, c.want)
		}
	}
	_, err = statusEnd("tomorrow", tuesday)
	wantCode(t, err, "bad_choice", "until")
}

func TestStatusIsChecked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 12, 18, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		draft       StatusDraft
		code, field string
		want        Status
	}{
		{draft: StatusDraft{Emoji: "🔧", Text: " Soldering  class\u202e ", End: "never"}, want: Status{Emoji: "🔧", Text: "Soldering class"}},
		{draft: StatusDraft{Emoji: ":palm_tree:", Availability: Away}, want: Status{Emoji: "🌴", Availability: Away}},
		{draft: StatusDraft{Emoji: "coffee", Availability: DoNotDisturb, End: "1h"}, want: Status{Emoji: "☕", Availability: DoNotDisturb, Until: now.Add(time.Hour)}},
		{draft: StatusDraft{Text: strings.Repeat("ễ", MaxStatus)}, want: Status{Text: strings.Repeat("ễ", MaxStatus)}},
		{draft: StatusDraft{End: "1h"}},
		{draft: StatusDraft{Emoji: "🔧🔧"}, code: "bad_emoji", field: "emoji"},
		{draft: StatusDraft{Emoji: "no emoji"}, code: "bad_emoji", field: "emoji"},
		{draft: StatusDraft{Text: strings.Repeat("x", MaxStatus+1)}, code: "status_too_long", field: "text"},
		{draft: StatusDraft{Availability: "busy"}, code: "bad_choice", field: "availability"},
		{draft: StatusDraft{Text: "x", End: "soon"}, code: "bad_choice", field: "until"},
	} {
		got, err := c.draft.check(now)
		if c.code != "" {
			wantCode(t, err, c.code, c.field)
		} else if err != nil || got != c.want {
			t.Errorf("%+v is %+v, %v", c.draft, got, err)
		}
	}
}

// A status ends by itself: it is shown to nobody any more, announced, and removed from the database.
func TestStatusesExpire(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	ctx := context.Background()
	bob := p.user("bob")
	set := func(u *User, d StatusDraft) {
		t.Helper()
		if err := p.SetStatus(ctx, Caller{User: u}, d); err != nil {
			t.Fatal(err)
		}
	}
	set(p.admin.User, StatusDraft{Text: "lunch", Availability: DoNotDisturb, End: "30m"})
	set(bob, StatusDraft{Text: "holidays", End: "never"})
	of := func(u *User) Status {
		t.Helper()
		u, err := p.User(ctx, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return u.StatusAt(p.Now())
	}
	if s := of(p.admin.User); s.Text != "lunch" || s.Availability != DoNotDisturb || of(bob).Text != "holidays" {
		t.Errorf("at first: %+v", s)
	}
	if next, err := p.expireStatuses(ctx); err != nil || !next.Equal(p.clock.Add(30*time.Minute)) {
		t.Errorf("the next one ends at %v, %v", next, err)
	}
	p.clock = p.clock.Add(30 * time.Minute)
	if s := of(p.admin.User); s != (Status{}) {
		t.Errorf("at its end, before it is cleared: %+v", s)
	}
	p.hub.people = nil
	if next, err := p.expireStatuses(ctx); err != nil || !next.IsZero() {
		t.Errorf("the next one ends at %v, %v", next, err)
	}
	if got := fmt.Sprint(p.hub.people); got != "[1 changed]" {
		t.Errorf("announced %s", got)
	}
	var stored int
	if err := p.read.QueryRow(ctx, "SELECT count(*) FROM user WHERE status_text <> '' OR availability <> ''", nil, &stored); err != nil || stored != 1 {
		t.Errorf("%d statuses are stored, %v", stored, err)
	}
	if of(bob).Text != "holidays" {
		t.Error("a status without an end has ended")
	}
}

// The timer clears a status when it ends, without a request.
func TestStatusesExpireByThemselves(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	cleared := make(chan struct{})
	p.statuses.wake(time.Hour, func() { t.Error("the later call came") })
	p.statuses.wake(time.Millisecond, func() { close(cleared) })
	<-cleared
	p.statuses.close()
	p.statuses.wake(0, func() { t.Error("a call after Close") })
}

func TestAvailabilityWhileIdle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  Availability
		idle bool
		want Availability
	}{{Available, false, Available}, {Available, true, Away}, {Away, false, Away}, {DoNotDisturb, true, DoNotDisturb}} {
		if got := (Status{Availability: c.set}).AvailabilityWhile(c.idle); got != c.want {
			t.Errorf("%q while idle is %t: %q, want %q", c.set, c.idle, got, c.want)
		}
	}
}
