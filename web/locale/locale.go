// Package locale holds the languages that Hearth speaks: the catalogue of texts (one JSON file a
// language, compiled into the program), and how each language writes numbers, dates and plurals.
//
// A text is named by a key, "noun.what". Its value is a string, or an object with one string for each
// plural category that the language has (https://cldr.unicode.org/index/cldr-spec/plural-rules).
// Placeholders are written {name}. en.json is the source; the tests hold the others to it.
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

// languages lists what there is, in the order in which pickers show it. The first is the source and
// what everybody gets whose language is missing.
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

// Locale is one language. It never changes once loaded, so any number of goroutines may use it.
type Locale struct {
	code, name string
	tag        language.Tag
	texts      map[string]text
	group      string // between groups of three digits
	months     [12]string
	long       text // pattern of Date
	clock      text // pattern of Time
	both       text // pattern of DateTime
	am, pm     string
	english    *Locale // where a missing text comes from; nil in English itself

	familyFirst bool
}

// catalogue is all of the languages and what finds one of them.
type catalogue struct {
	all     []*Locale
	byCode  map[string]*Locale
	matcher language.Matcher
}

// loaded reads the embedded files once. They are part of the program, so a broken one is a mistake
// in the program and panics; the tests load every one.
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

// Known reports whether there is a language with exactly this code, such as "pt-BR".
func Known(code string) bool {
	_, ok := loaded().byCode[code]
	return ok
}

// Of returns the language with exactly this code, English when there is none.
func Of(code string) *Locale {
	if l, ok := loaded().byCode[code]; ok {
		return l
	}
	return loaded().all[0]
}

// Match returns the best language for an Accept-Language header (RFC 9110, section 12.5.4), by the
// likely scripts and the distances between languages of CLDR: zh-HK reads zh-Hant, pt-PT reads pt-BR.
// English when the header is empty, broken or names nothing near.
func Match(acceptLanguage string) *Locale {
	c := loaded()
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return c.all[0]
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		// The matcher then still answers with anything in the same script: Russian to a Ukrainian.
		return c.all[0]
	}
	return c.all[i]
}

// Code returns the language's BCP 47 tag, such as "zh-Hant", which is also the lang attribute of pages.
func (l *Locale) Code() string { return l.code }

// Name returns what the language calls itself.
func (l *Locale) Name() string { return l.name }

// FamilyFirst reports whether forms have the family name before the given name.
func (l *Locale) FamilyFirst() bool { return l.familyFirst }

// T returns the text of a key. args are pairs of a placeholder's name and its value: whole numbers
// are written as Number does, all else as fmt.Sprint does. Where a text has plural forms, the value of
// "count" chooses among them. A placeholder without value stays as it is written in the text.
//
// A key missing in this language is taken from English; one missing there too is returned itself,
// so that a page with a mistake in it still says something.
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

// Script returns the texts of keys as they stand in the catalogue, for scripts that fill them in
// themselves: a string, or map[string]string from plural category to string. Missing texts are taken
// from English, and left out when they are missing there too.
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
