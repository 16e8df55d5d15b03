package emoji

import (
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"tada": "🎉", "+1": "👍", "thumbsup": "👍", "heart": "❤️", "100": "💯", "flag-de": "🇩🇪", "de": "🇩🇪", "umbrella": "☔", "woman_technologist": "👩‍💻",
		"+1::skin-tone-2": "👍🏻", "wave::skin-tone-6": "👋🏿", "two_women_holding_hands::skin-tone-3": "👭🏼",
		"": "", ")": "", "TADA": "", "tada::skin-tone-2": "", "+1::skin-tone-7": "", "+1::skin-tone-": "", "nothing": "", "skin-tone-2": "",
	} {
		if got, ok := Find(name); got != want || ok != (want != "") {
			t.Errorf("%q is %q", name, got)
		}
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"👍": "👍", "👍🏽": "👍🏽", "❤️": "❤️", "❤": "❤️", "❤︎": "❤️", "👍\ufe0f": "👍", "#️⃣": "#️⃣", "#⃣": "#️⃣", "🇩🇪": "🇩🇪", "👩‍💻": "👩‍💻", "🏳️‍🌈": "🏳️‍🌈", "🏳‍🌈": "🏳️‍🌈",
		"👨‍👩‍👧‍👦": "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "‼": "‼️", "↔": "↔️", "©": "©️",
		"": "", "a": "", "1": "", "👍👍": "", "👍 ": "", "★": "", "🎉🏽": "", "🇩": "", "\ufe0f": "", "\u200d": "", "+": "", ":tada:": "",
	} {
		if got, ok := One(s); got != want || ok != (want != "") {
			t.Errorf("%q is %q", s, got)
		}
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	shortcodes := map[string]bool{}
	for _, e := range All() {
		if got, ok := One(e.Text); !ok || got != e.Text {
			t.Errorf("%q is %q", e.Text, got)
		}
		for _, name := range e.Shortcodes {
			if shortcodes[name] || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_+-") != "" {
				t.Errorf("the shortcode %q", name)
			}
			shortcodes[name] = true
		}
	}
	if len(All()) < 1900 || len(shortcodes) < 2500 {
		t.Errorf("%d emoji, %d shortcodes", len(All()), len(shortcodes))
	}
}
