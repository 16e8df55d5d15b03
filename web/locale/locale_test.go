package locale

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

func TestAllListsTheLanguagesInOrder(t *testing.T) {
	var codes, names []string
	for _, l := range All() {
		codes = append(codes, l.Code())
		names = append(names, l.Name())
	}
	if got, want := strings.Join(codes, " "), "en vi ru pt-BR zh-Hans zh-Hant"; got != want {
		t.Errorf("codes = %q, want %q", got, want)
	}
	if got, want := strings.Join(names, " "), "English Tiếng Việt Русский Português 简体中文 繁體中文"; got != want {
		t.Errorf("names = %q, want %q", got, want)
	}
	All()[0] = nil
	if All()[0] == nil {
		t.Error("a caller can change what All returns to others")
	}
}

func TestOfAndKnown(t *testing.T) {
	for code, want := range map[string]string{"ru": "ru", "zh-Hant": "zh-Hant", "": "en", "tlh": "en", "RU": "en", "pt": "en"} {
		if got := Of(code).Code(); got != want {
			t.Errorf("Of(%q) = %s, want %s", code, got, want)
		}
	}
	if !Known("pt-BR") || Known("pt") || Known("") {
		t.Error("Known takes exactly the codes of the catalogue")
	}
}

func TestAcceptLanguageIsMatched(t *testing.T) {
	tests := []struct{ header, want string }{
		{"", "en"},
		{"en-GB,en;q=0.9", "en"},
		{"vi", "vi"},
		{"vi-VN,vi;q=0.9,en;q=0.8", "vi"},
		{"ru-RU,ru;q=0.9,en-US;q=0.8", "ru"},
		{"pt-BR", "pt-BR"},
		{"pt", "pt-BR"},
		{"pt-PT", "pt-BR"},
		{"zh", "zh-Hans"},
		{"zh-CN,zh;q=0.9", "zh-Hans"},
		{"zh-SG", "zh-Hans"},
		{"zh-Hans-TW", "zh-Hans"},
		{"zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"},
		{"zh-HK", "zh-Hant"},
		{"zh-MO", "zh-Hant"},
		{"zh-Hant-CN", "zh-Hant"},
		{"fr,ru;q=0.5", "ru"},
		{"ru;q=0.1,vi;q=0.9", "vi"},
		{"en;q=0,ru", "ru"},
		{"*;q=0.5,vi;q=0.1", "vi"},
		{"fr-FR,de", "en"},
		{"uk", "en"},
		{"*", "en"},
		{";;;garbage", "en"},
		{strings.Repeat("xx-YY,", 2000), "en"},
	}
	for _, tt := range tests {
		if got := Match(tt.header).Code(); got != tt.want {
			t.Errorf("Match(%.40q) = %s, want %s", tt.header, got, tt.want)
		}
	}
}

func TestTFillsPlaceholders(t *testing.T) {
	en, ru := Of("en"), Of("ru")
	tests := []struct {
		l    *Locale
		key  string
		args []any
		want string
	}{
		{en, "event.joined", []any{"user", "ada"}, "ada joined"},
		{ru, "event.joined", []any{"user", "ada"}, "ada теперь в комнате"},
		{en, "event.reacted", []any{"emoji", "🎉", "user", "mai"}, "mai reacted with 🎉"},
		{en, "event.joined", []any{"user", "{user} <b>"}, "{user} <b> joined"},
		{en, "event.joined", nil, "{user} joined"},
		{en, "event.joined", []any{"user"}, "{user} joined"},
		{en, "event.joined", []any{"other", "x", "user", "ada"}, "ada joined"},
		{en, "error.too_long", []any{"max", 4000}, "That is too long. Keep it to 4,000 characters at most."},
		{en, "error.too_long", []any{"max", "4000"}, "That is too long. Keep it to 4000 characters at most."},
		{en, "event.people", []any{"count", int64(2)}, "2 people are here"},
		{en, "event.people", nil, "{count} people are here"},
		{ru, "event.people", nil, "Здесь {count} человек"},
		{ru, "no.such_key", []any{"user", "ada"}, "no.such_key"},
	}
	for _, tt := range tests {
		if got := tt.l.T(tt.key, tt.args...); got != tt.want {
			t.Errorf("%s: T(%q, %v) = %q, want %q", tt.l.Code(), tt.key, tt.args, got, tt.want)
		}
	}
	if got := en.T("error.bad_frame"); !strings.Contains(got, `{"message":"hi"}`) {
		t.Errorf("braces that are no placeholder got lost: %q", got)
	}
}

func TestTFallsBackToEnglish(t *testing.T) {
	l := *Of("ru")
	l.texts = nil
	if got := l.T("event.people", "count", 2); got != "2 people are here" {
		t.Errorf("T = %q", got)
	}
	if got := l.Script([]string{"event.joined"})["event.joined"]; got != "{user} joined" {
		t.Errorf("Script = %v", got)
	}
}

// The counts at which languages change their mind, and what they say to them.
func TestPlurals(t *testing.T) {
	tests := map[string]map[int]string{
		"en": {
			0: "0 people are here", 1: "1 person is here", 2: "2 people are here", 5: "5 people are here",
			11: "11 people are here", 21: "21 people are here", 22: "22 people are here",
			101: "101 people are here", 1000000: "1,000,000 people are here",
		},
		"vi": {
			0: "0 người đang ở đây", 1: "1 người đang ở đây", 2: "2 người đang ở đây", 5: "5 người đang ở đây",
			11: "11 người đang ở đây", 21: "21 người đang ở đây", 22: "22 người đang ở đây",
			101: "101 người đang ở đây", 1000000: "1.000.000 người đang ở đây",
		},
		"ru": {
			0: "Здесь 0 человек", 1: "Здесь 1 человек", 2: "Здесь 2 человека", 5: "Здесь 5 человек",
			11: "Здесь 11 человек", 21: "Здесь 21 человек", 22: "Здесь 22 человека",
			101: "Здесь 101 человек", 1000000: "Здесь 1\u00a0000\u00a0000 человек",
		},
		"pt-BR": {
			0: "0 pessoa está aqui", 1: "1 pessoa está aqui", 2: "2 pessoas estão aqui", 5: "5 pessoas estão aqui",
			11: "11 pessoas estão aqui", 21: "21 pessoas estão aqui", 22: "22 pessoas estão aqui",
			101: "101 pessoas estão aqui", 1000000: "1.000.000 de pessoas estão aqui",
		},
		"zh-Hans": {
			0: "0 人在这里", 1: "1 人在这里", 2: "2 人在这里", 5: "5 人在这里", 11: "11 人在这里",
			21: "21 人在这里", 22: "22 人在这里", 101: "101 人在这里", 1000000: "1,000,000 人在这里",
		},
		"zh-Hant": {
			0: "0 人在這裡", 1: "1 人在這裡", 2: "2 人在這裡", 5: "5 人在這裡", 11: "11 人在這裡",
			21: "21 人在這裡", 22: "22 人在這裡", 101: "101 人在這裡", 1000000: "1,000,000 人在這裡",
		},
	}
	for code, counts := range tests {
		for n, want := range counts {
			if got := Of(code).T("event.people", "count", n); got != want {
				t.Errorf("%s: %d = %q, want %q", code, n, got, want)
			}
		}
	}
}

func TestRussianSecondsAndDays(t *testing.T) {
	ru := Of("ru")
	for n, want := range map[int]string{
		1: "через 1 секунду.", 3: "через 3 секунды.", 12: "через 12 секунд.", 31: "через 31 секунду.", 111: "через 111 секунд.",
	} {
		if got := ru.T("error.rate_limited", "count", n); !strings.HasSuffix(got, want) {
			t.Errorf("%d: %q does not end with %q", n, got, want)
		}
	}
}

func TestNumberGroupsAsCLDRDoes(t *testing.T) {
	for _, l := range All() {
		p := message.NewPrinter(language.MustParse(l.Code()))
		for _, n := range []int{0, 7, 999, 1000, 12345, 123456, 1234567, 1000000000, -1, -999, -1000, -1234567} {
			if got, want := l.Number(n), p.Sprintf("%d", n); got != want {
				t.Errorf("%s: Number(%d) = %q, want %q", l.Code(), n, got, want)
			}
		}
	}
}

func TestScript(t *testing.T) {
	got := Of("ru").Script([]string{"event.joined", "event.people", "no.such_key"})
	want := map[string]any{
		"event.joined": "{user} теперь в комнате",
		"event.people": map[string]string{"one": "Здесь {count} человек", "few": "Здесь {count} человека", "many": "Здесь {count} человек"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Script = %v, want %v", got, want)
	}
	got["event.people"].(map[string]string)["one"] = "changed"
	if Of("ru").T("event.people", "count", 1) != "Здесь 1 человек" {
		t.Error("a caller can change the catalogue through Script")
	}
}

// Run with -race.
func TestConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, l := range All() {
				for n := range 200 {
					if got := Of(l.Code()).T("event.people", "count", n); !strings.Contains(got, l.Number(n)) {
						t.Errorf("%s: %q lacks %d", l.Code(), got, n)
					}
					Match("zh-TW,ru;q=0.5")
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkT(b *testing.B) {
	l := Of("ru")
	for name, args := range map[string][]any{"event.reset": nil, "event.joined": {"user", "ada"}, "event.people": {"count", 1234}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.T(name, args...)
			}
		})
	}
}
