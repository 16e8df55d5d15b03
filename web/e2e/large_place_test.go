package e2e

import (
	"fmt"
	"testing"

	"hearth/web/hearthtest"
)

// A place with 200 rooms, 10 000 people and the longest names that are permitted looks as calm as a small one: axe finds nothing, and
// nothing is wider than the screen, from the smallest phone to the widest desk.
func TestLooksOfALargePlace(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	people := 10_000
	if hearthtest.Race { // it takes minutes with so many
		people = 1000
	}
	s.Populate(t, hearthtest.Place{Rooms: 200, People: people, Messages: 3, Longest: true})
	ada := signedIn(t, s, s.LogIn(t, b.Name))
	for name, path := range map[string]string{
		"lobby": "/", "lobby-people": "/?page=2#people", "users": "/admin/users/", "rooms": "/admin/rooms/", "room": "/chat/room0198/", "first": "/admin/settings/",
		"settings": "/admin/rooms/1/", "log": "/admin/log/",
	} {
		ada.resize(1280, 900)
		ada.open(path)
		ada.do(axe)
		for _, width := range []int64{320, 1280, 2560} {
			ada.resize(width, map[int64]int64{320: 640, 1280: 900, 2560: 1300}[width])
			for _, scheme := range []string{"light", "dark"} {
				ada.colours(scheme)
				if width != 2560 && (scheme == "light" || thorough) {
					ada.inspect(scheme)
				}
				ada.shoot(fmt.Sprintf("large-%s-%s-%d.png", name, scheme, width))
			}
			if wide := value[[]string](ada, tooWide); len(wide) > 0 {
				t.Errorf("%s is too wide for %d px: %q", path, width, wide)
			}
		}
	}
}
