package locale

import (
	"testing"
	"time"
)

// Every zone that pages offer, and every name that a browser may send, can be loaded on any computer.
func TestAllZonesCanBeLoaded(t *testing.T) {
	t.Parallel()
	for name, current := range zones().names {
		if ZoneName(current) != current {
			t.Errorf("%s leads to %s, which is no present name", name, current)
		}
		if Zone(current) == nil {
			t.Errorf("%s can't be loaded", current)
		}
	}
	for name, want := range map[string]string{"Asia/Saigon": "Asia/Ho_Chi_Minh", "Asia/Calcutta": "Asia/Kolkata", "Europe/Berlin": "Europe/Berlin",
		"Etc/UTC": "UTC", "": "", "Local": "", "../etc/passwd": "", "right/UTC": "", "europe/berlin": ""} {
		if got := ZoneName(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	if n := len(Zones()); n < 400 {
		t.Errorf("%d zones", n)
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 12, 15, 4, 0, 0, time.UTC)
	for lang, want := range map[string][3]string{
		"en": {"3:04 PM", "3:04 PM", "15:04"}, "vi": {"15:04", "3:04 CH", "15:04"}, "ru": {"15:04", "3:04 PM", "15:04"},
		"pt-BR": {"15:04", "3:04 PM", "15:04"}, "zh-Hans": {"15:04", "下午3:04", "15:04"}, "zh-Hant": {"下午3:04", "下午3:04", "15:04"},
	} {
		for i, hours := range []string{"", "12", "24"} {
			if got := Of(lang).WithClock(hours).Time(at); got != want[i] {
				t.Errorf("%s with %q hours: %q, want %q", lang, hours, got, want[i])
			}
		}
	}
}
