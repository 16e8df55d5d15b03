package web_test

import (
	"regexp"
	"testing"

	"hearth/web/hearthtest"
)

// The initials of a name are letters or digits, whatever signs are in it.
func TestInitials(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	avatar := regexp.MustCompile(`<span class="avatar hue-[0-9]+" aria-hidden="true">([^<]*)</span>\s*<a class="me who"`)
	for name, want := range map[string]string{
		"":                "A",
		"Carla Motta":     "CM",
		"Carla (Shift B)": "CB",
		"Carla (Ops)":     "CO",
		"Ada 🌻":           "A",
		"“Bo” Berg":       "BB",
		"Ada - Lund":      "AL",
		"nguyễn thị mai":  "NM",
		"李明":              "李",
		"Tom 李":           "李",
		"2nd floor":       "2F",
		"🌻":               "🌻",
		"???":             "?",
	} {
		wantGone(t, name, ada.Post("/profile/", "action", "details", "name", name), "/profile/?saved=details")
		if m := avatar.FindStringSubmatch(ada.Get("/profile/").Body); m == nil || m[1] != want {
			t.Errorf("the initials of %q: %q, want %q", name, m, want)
		}
	}
}
