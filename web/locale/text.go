package locale

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"golang.org/x/text/feature/plural"
)

// text is an entry of the catalogue. It is split at its placeholders when it is loaded: a page needs hundreds of texts, and
// then each costs only the joining of its parts.
type text struct {
	raw      string
	literals []string        // the parts between the placeholders: one more than names
	names    []string        // of the placeholders, in order
	forms    map[string]text // by plural category; nil for a text without plural forms
}

// UnmarshalJSON decodes a string, or an object of plural forms.
func (t *text) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		var raw string
		if err := json.Unmarshal(data, &raw); err != nil {
			return err
		}
		*t = newText(raw)
		return nil
	}
	return json.Unmarshal(data, &t.forms)
}

func newText(raw string) text {
	t := text{raw: raw}
	rest, from := raw, 0
	for {
		open := strings.IndexByte(rest[from:], '{')
		if open < 0 {
			break
		}
		open += from
		end := open + 1 + len(placeholder(rest[open+1:]))
		if end == open+1 || end == len(rest) || rest[end] != '}' {
			from = open + 1 // the brace begins no placeholder
			continue
		}
		t.literals = append(t.literals, rest[:open])
		t.names = append(t.names, rest[open+1:end])
		rest, from = rest[end+1:], 0
	}
	t.literals = append(t.literals, rest)
	return t
}

// placeholder returns the name at the beginning of s: lower-case letters, digits and underscores.
func placeholder(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

// fill replaces the placeholders, as Locale.T documents.
func (t text) fill(l *Locale, args []any) string {
	if t.forms != nil {
		t = t.form(l, args)
	}
	if len(t.names) == 0 {
		return t.raw
	}
	var b strings.Builder
	for i, name := range t.names {
		b.WriteString(t.literals[i])
		value, ok := argument(args, name)
		if !ok {
			b.WriteString("{" + name + "}")
			continue
		}
		b.WriteString(l.format(value))
	}
	b.WriteString(t.literals[len(t.names)])
	return b.String()
}

// form returns the plural form for "count". If there is no integer count, or no form for its category, it returns the form
// "other". A language in which integers never have the category "other", such as Russian, has "many" instead.
func (t text) form(l *Locale, args []any) text {
	value, _ := argument(args, "count")
	if n, ok := integer(value); ok {
		if form, ok := t.forms[l.category(n)]; ok {
			return form
		}
	}
	if other, ok := t.forms["other"]; ok {
		return other
	}
	return t.forms["many"]
}

func (t text) rawForms() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for category, form := range t.forms {
			if !yield(category, form.raw) {
				return
			}
		}
	}
}

// argument returns the value of a name in pairs of names and values. A text has at most a few, so a linear search is faster
// than a map.
func argument(args []any, name string) (any, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

func (l *Locale) format(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	if n, ok := integer(value); ok {
		return l.Number(n)
	}
	return fmt.Sprint(value)
}

func integer(value any) (int, bool) {
	switch n := value.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	}
	return 0, false
}

// category returns the CLDR plural category of an integer in the language.
func (l *Locale) category(n int) string {
	if n < 0 {
		n = -n
	}
	if l.code == "pt-BR" && n != 0 && n%1_000_000 == 0 {
		return "many" // "1.000.000 de pessoas": a rule since CLDR 38, which browsers follow; x/text has CLDR 32
	}
	switch plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}
