// Package locale has the languages of the interface: for each language, the catalogue of its texts (an embedded JSON file), and
// how it formats numbers, dates and plurals.
//
// A text has a key of the form "noun.what". Its value is a string, or an object with a string for each plural category of the
// language (https://cldr.unicode.org/index/cldr-spec/plural-rules). A placeholder has the form {name}. en.json is the source,
// and tests compare the other catalogues with it.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// languages lists the languages in the order in which the interface offers them. The first is the source, and the default for
// people whose language is missing.
func languages() []Locale {
	return []Locale{
		{code: "en", name: "English"},
		{code: "vi", name: "Tiếng Việt", familyFirst: true},
		{code: "ru", name: "Русский"},
		{code: "pt-BR", name: "Português"},
		{code: "zh-Hans", name: "简体中文", familyFirst: true},
		{code: "zh-Hant", name: "繁體中文", familyFirst: true},
	}
}

// Locale is a language. It does not change after it is loaded, so it is safe for concurrent use.
type Locale struct {
	code, name string
	tag        language.Tag
	texts      map[string]text
	group      string // separates groups of three digits
	months     [12]string
	long       text // pattern of Date
	clock      text // pattern of Time
	clock12    text // patterns for WithClock
	clock24    text
	hours      string
	both       text // pattern of DateTime
	am, pm     string
	english    *Locale // has the texts that are missing here; nil for English itself

	familyFirst bool
}

// catalogue has all languages, and finds one by its code or for an Accept-Language header.
type catalogue struct {
	all     []*Locale
	byCode  map[string]*Locale
	matcher language.Matcher
}

// loaded reads the embedded files once. It panics if one of them is broken, which is a mistake in the program. The tests load
// all of them.
var loaded = sync.OnceValue(func() *catalogue {
	c := &catalogue{byCode: make(map[string]*Locale)}
	var tags []language.Tag
	for _, l := range languages() {
		if err := l.load(); err != nil {
			panic(fmt.Sprintf("locale: loading %s.json: %v", l.code, err))
		}
		if len(c.all) > 0 {
			l.english = c.all[0]
		}
		c.all = append(c.all, &l)
		c.byCode[l.code] = &l
		tags = append(tags, l.tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c
})

func (l *Locale) load() error {
	data, err := files.ReadFile(l.code + ".json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &l.texts); err != nil {
		return err
	}
	if l.tag, err = language.Parse(l.code); err != nil {
		return err
	}
	l.group = l.texts["number.group"].raw
	l.loadDates()
	return nil
}

// All returns every language, English first.
func All() []*Locale { return slices.Clone(loaded().all) }

// Known reports whether a language has exactly this code, such as "pt-BR".
func Known(code string) bool {
	_, ok := loaded().byCode[code]
	return ok
}

// Of returns the language with exactly this code, or English if there is none.
func Of(code string) *Locale {
	if l, ok := loaded().byCode[code]; ok {
		return l
	}
	return loaded().all[0]
}

// Match returns the best language for an Accept-Language header (RFC 9110, section 12.5.4). It follows CLDR's likely scripts
// and distances between languages: zh-HK gets zh-Hant, and pt-PT gets pt-BR. It returns English if the header is empty or
// invalid, or if no language is similar.
func Match(acceptLanguage string) *Locale {
	c := loaded()
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return c.all[0]
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		// Without confidence, the matcher returns any language of the same script, such as Russian for Ukrainian.
		return c.all[0]
	}
	return c.all[i]
}

// Code returns the language's BCP 47 tag, such as "zh-Hant", which is also the lang attribute of pages.
func (l *Locale) Code() string { return l.code }

// Name returns the name of the language in the language itself.
func (l *Locale) Name() string { return l.name }

// FamilyFirst reports whether forms have the field for the family name before the one for the given name.
func (l *Locale) FamilyFirst() bool { return l.familyFirst }

// T returns the text of a key. args are pairs of a placeholder's name and its value. An int or int64 is formatted by Number,
// any other value by fmt.Sprint. If the text has plural forms, the value of "count" selects one. A placeholder without a value
// stays in the text.
//
// If the language lacks the key, T returns the English text. If English lacks it too, T returns the key itself, so that a page
// with this mistake still shows something.
func (l *Locale) T(key string, args ...any) string {
	t, ok := l.texts[key]
	if ok {
		return t.fill(l, args)
	}
	if l.english == nil {
		return key
	}
	return l.english.T(key, args...)
}

// Script returns the texts of keys for scripts, which replace the placeholders themselves. A text is a string, or a
// map[string]string with a string for each plural category. The English text stands in for a missing one. Keys that English
// lacks too are left out.
func (l *Locale) Script(keys []string) map[string]any {
	texts := make(map[string]any, len(keys))
	for _, key := range keys {
		t, ok := l.texts[key]
		if !ok && l.english != nil {
			t, ok = l.english.texts[key]
		}
		switch {
		case !ok:
		case t.forms != nil:
			texts[key] = maps.Collect(t.rawForms())
		default:
			texts[key] = t.raw
		}
	}
	return texts
}
