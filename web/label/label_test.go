package label

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ada Lund":                        "Ada Lund",
		"  Ada \t\n Lund ":                "Ada Lund",
		"Ada\u00a0\u2003Lund":             "Ada Lund",
		"山田\u3000太郎":                      "山田\u3000太郎",
		"ada\u202egnol":                   "adagnol",
		"\u2066ada\u2069 \u200f\u061c":    "ada",
		"a\u200bd\ufeffa\u00ad\u2060":     "ada",
		"a\u034fd\u115fa\u3164\uffa0":     "ada",
		"ada\u2800":                       "ada",
		"a\x1b[31md\x00a\u009b":           "a[31mda",
		"a\ue000d\U000f0000a":             "ada",
		"a\u2028b\u2029c":                 "abc",
		"\U000e0067\U000e007f":            "",
		"bad\xffbytes":                    "bad\ufffdbytes",
		"e\u0301\u0302\u0303\u0304\u0305": "e\u0301\u0302\u0303\u0304",
		"Олег Панин":                      "Олег Панин",
		"ليلى حداد":                       "ليلى حداد",
		"\u06dd١":                         "\u06dd١",

		"می\u200cخواهم":         "می\u200cخواهم",  // Persian: between letters that join
		"ada\u200clund":         "adalund",        // but not between those that don't
		"a\u200dd\u200ca":       "ada",            // nor elsewhere
		"ක\u0dca\u200dය":        "ක\u0dca\u200dය", // Sinhala: after a virama
		"\u200cمی\u200c":        "می",             // not at the ends
		"می\u200c\u200cخ":       "می\u200cخ",      // and one is enough
		"❤\ufe0f":               "❤\ufe0f",
		"👩\u200d❤\ufe0f\u200d👩": "👩\u200d❤\ufe0f\u200d👩",
		"👩🏽\u200d🚒":             "👩🏽\u200d🚒",
		"1\ufe0f\u20e3":         "1\ufe0f\u20e3",
		"a\ufe0fb\ufe0e":        "ab",
		"👩\u200d":               "👩",
		"👩\u200da":              "👩a",
		"":                      "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%+q becomes %+q, want %+q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("می\u200cخواهم")
	f.Add("👩\u200d❤\ufe0f\u200d👩 \u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) >= 0 {
			t.Errorf("%+q becomes %+q", s, got)
		}
		if again := Clean(got); again != got {
			t.Errorf("%+q becomes %+q, and that %+q", s, got, again)
		}
	})
}
