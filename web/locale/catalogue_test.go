package locale

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// sameAsEnglish names the texts that are rightly written as in English, with the languages where they are.
var sameAsEnglish = map[string]string{
	"card.hours":         "pt-BR",
	"card.hours_minutes": "pt-BR",
	"card.minutes":       "pt-BR",
	"date.am":            "pt-BR ru",
	"date.pm":            "pt-BR ru",
	"people.offline":     "pt-BR",
	"people.online":      "pt-BR",
	"sidebar.online":     "pt-BR",
	"status.emoji":       "pt-BR vi",
	"status.title":       "pt-BR",
	"user.email":         "pt-BR",
	"user.status":        "pt-BR",
}

// differing names the texts whose placeholders each language chooses among for itself.
var differing = []string{"date.time"}

var placeholders = regexp.MustCompile(`\{[a-z0-9_]+\}`)

// rawTexts returns the forms of every key of a language's file; a text without plurals is the form "".
func rawTexts(t *testing.T, code string) map[string]map[string]string {
	t.Helper()
	data, err := files.ReadFile(code + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var entries map[string]any
	if err := json.Unmarshal(data, &entries); err != nil {
		t.Fatalf("%s.json: %v", code, err)
	}
	texts := make(map[string]map[string]string)
	for key, value := range entries {
		texts[key] = make(map[string]string)
		switch value := value.(type) {
		case string:
			texts[key][""] = value
		case map[string]any:
			for category, form := range value {
				texts[key][category], _ = form.(string)
			}
		}
	}
	return texts
}

func TestKeysAreNounAndWhat(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z]+(\.[a-z0-9_]+)+$`)
	for key := range rawTexts(t, "en") {
		if !shape.MatchString(key) {
			t.Errorf("%q is no key of the form noun.what", key)
		}
	}
}

func TestFilesAreSorted(t *testing.T) {
	line := regexp.MustCompile(`(?m)^  "([^"]+)":`)
	for _, l := range All() {
		data, err := files.ReadFile(l.Code() + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, m := range line.FindAllSubmatch(data, -1) {
			keys = append(keys, string(m[1]))
		}
		if !slices.IsSorted(keys) {
			t.Errorf("%s.json: the keys are not sorted", l.Code())
		}
		if len(slices.Compact(slices.Clone(keys))) != len(rawTexts(t, l.Code())) {
			t.Errorf("%s.json: a key is there twice, or not on a line of its own", l.Code())
		}
	}
}

// A text may be added in English alone: other languages fall back to it. CI demands all of them.
func TestAllLanguagesHaveTheSameKeys(t *testing.T) {
	report := t.Logf
	if os.Getenv("CI") == "true" {
		report = t.Errorf
	}
	english := rawTexts(t, "en")
	for _, l := range All()[1:] {
		texts := rawTexts(t, l.Code())
		if missing := without(english, texts); len(missing) > 0 {
			report("%s lacks %d keys, which fall back to English: %s", l.Code(), len(missing), strings.Join(missing, " "))
		}
		if more := without(texts, english); len(more) > 0 {
			t.Errorf("%s has keys that en has not: %s", l.Code(), strings.Join(more, " "))
		}
	}
}

// without returns the keys of one language that another has not.
func without(one, other map[string]map[string]string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(one)), func(key string) bool { return other[key] != nil })
}

func TestPlaceholdersAreTheSame(t *testing.T) {
	found := func(s string) string {
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(placeholders.FindAllString(s, -1)))), " ")
	}
	english := rawTexts(t, "en")
	for _, l := range All() {
		for key, forms := range rawTexts(t, l.Code()) {
			if english[key] == nil || slices.Contains(differing, key) {
				continue
			}
			want := found(english[key][""] + english[key]["other"])
			for category, form := range forms {
				if got := found(form); got != want {
					t.Errorf("%s: %s %s has the placeholders %q, want %q", l.Code(), key, category, got, want)
				}
			}
		}
	}
}

// categories returns the plural categories that whole numbers take in a language, "one other".
func categories(l *Locale) []string {
	seen := make(map[string]bool)
	for n := range 1000 {
		seen[l.category(n)] = true
	}
	seen[l.category(1_000_000)] = true
	return slices.Sorted(maps.Keys(seen))
}

func TestCategoriesAreThoseOfCLDR(t *testing.T) {
	for code, want := range map[string]string{
		"en": "one other", "vi": "other", "ru": "few many one", "pt-BR": "many one other", "zh-Hans": "other", "zh-Hant": "other",
	} {
		if got := strings.Join(categories(Of(code)), " "); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestPluralFormsAreThoseOfTheLanguage(t *testing.T) {
	english := rawTexts(t, "en")
	for _, l := range All() {
		want := categories(l)
		for key, forms := range rawTexts(t, l.Code()) {
			got := slices.Sorted(maps.Keys(forms))
			if _, plain := english[key][""]; plain {
				want := []string{""}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %s has plural forms, in English it has none", l.Code(), key)
				}
				continue
			}
			if english[key] != nil && !slices.Equal(got, want) {
				t.Errorf("%s: %s has the forms %q, want %q", l.Code(), key, got, want)
			}
		}
	}
}

func TestNothingIsEmptyOrUntranslated(t *testing.T) {
	english := rawTexts(t, "en")
	for _, l := range All() {
		for key, forms := range rawTexts(t, l.Code()) {
			for category, form := range forms {
				if strings.TrimSpace(strings.ReplaceAll(form, "\u00a0", "x")) == "" {
					t.Errorf("%s: %s %s is empty", l.Code(), key, category)
				}
				words := strings.ReplaceAll(placeholders.ReplaceAllString(form, ""), "Hearth", "")
				if l.english == nil || !strings.ContainsFunc(words, unicode.IsLetter) {
					continue
				}
				if slices.Contains(strings.Fields(sameAsEnglish[key]), l.Code()) {
					continue
				}
				if form == english[key][category] || form == english[key]["other"] {
					t.Errorf("%s: %s %s is the same as in English: %q", l.Code(), key, category, form)
				}
			}
		}
	}
}

func TestEveryErrorOfTheProtocolHasItsText(t *testing.T) {
	for _, code := range strings.Fields("bad_frame empty too_long bad_text no_such_user not_allowed sign_in no_such_message rate_limited storage") {
		for _, l := range All() {
			if _, ok := l.texts["error."+code]; !ok {
				t.Errorf("%s lacks error.%s", l.Code(), code)
			}
		}
	}
}
