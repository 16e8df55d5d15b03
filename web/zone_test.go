package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// Pages show times in the time zone and on the clock of the profile, without script too.
func TestPagesFollowTheZoneAndTheClock(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	ada.PostJSON("/api/rooms/tea/messages", map[string]any{"message": "hello"})
	inDatabase(t, s, fmt.Sprint("UPDATE message SET created_at = ", time.Date(2026, 5, 12, 20, 4, 0, 0, time.UTC).UnixMilli()))
	shown := func() string {
		t.Helper()
		m := regexp.MustCompile(`<time datetime="2026-05-12T20:04:00Z" data-day>([^<]*)</time>[\s\S]*<time datetime="2026-05-12T20:04:00Z" data-clock>([^<]*)</time>`).FindStringSubmatch(ada.Get("/chat/tea/").Body)
		if m == nil {
			t.Fatal("no time in the page")
		}
		return m[1] + ", " + m[2]
	}
	for _, c := range []struct{ zone, clock, want string }{
		{"", "", "May 12, 2026, 8:04 PM"}, {"Asia/Saigon", "", "May 13, 2026, 3:04 AM"},
		{"Asia/Saigon", "24", "May 13, 2026, 03:04"}, {"America/New_York", "24", "May 12, 2026, 16:04"}, {"America/New_York", "12", "May 12, 2026, 4:04 PM"},
	} {
		if r := ada.Post("/profile/", "action", "times", "zone", c.zone, "clock", c.clock); r.Status != http.StatusSeeOther {
			t.Fatalf("%+v: %d %s", c, r.Status, r.Body)
		}
		if got := shown(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	wantReply(t, "the page's scripts", ada.Get("/"), http.StatusOK, `data-zone="America/New_York"`, `data-clock="12"`)
	wantReply(t, "the profile", ada.Get("/profile/"), http.StatusOK, `<option selected>America/New_York</option>`, `value="12" checked`)
	for field, bad := range map[string]string{"zone": "Nowhere/City", "clock": "13"} {
		if r := ada.Post("/profile/", "action", "times", field, bad); r.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: %d", field, bad, r.Status)
		}
	}
}

// The zone of the browser is stored until the person chooses one, and never replaces that.
func TestTheZoneOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, tom := s.SignUp(t, "ada"), s.SignUp(t, "tom")
	sock := tom.DialBatched("/users/")
	tell := func(zone string) {
		sock.Send(map[string]any{"type": "zone", "zone": zone})
		sock.Send(map[string]any{"type": "ping"})
		sock.Until("pong")
	}
	tell("Asia/Saigon")
	wantCard(t, ada, "/people/tom/card/", `data-in="Asia/Ho_Chi_Minh"`)
	wantReply(t, "the page", tom.Get("/"), http.StatusOK, `data-browser-zone="Asia/Ho_Chi_Minh"`)
	tell("Nowhere/City")
	tell("Europe/Berlin")
	wantCard(t, ada, "/people/tom/card/", `data-in="Europe/Berlin"`)
	tom.Post("/profile/", "action", "times", "zone", "Asia/Tokyo")
	tell("America/New_York")
	wantCard(t, ada, "/people/tom/card/", `data-in="Asia/Tokyo"`)
	tom.Post("/profile/", "action", "times", "zone", "")
	tell("America/New_York")
	wantCard(t, ada, "/people/tom/card/", `data-in="America/New_York"`)
}
