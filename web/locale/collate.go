package locale

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
)

// collators are the unused collators of the languages, by code. A collator is not safe for concurrent use.
var collators sync.Map // of *sync.Pool

func (l *Locale) collators() *sync.Pool {
	if p, ok := collators.Load(l.code); ok {
		return p.(*sync.Pool)
	}
	tag := l.tag
	p, _ := collators.LoadOrStore(l.code, &sync.Pool{New: func() any { return collate.New(tag) }})
	return p.(*sync.Pool)
}

// plain reports whether a name consists of ASCII letters and digits. In all languages they have the same order, digits first, whatever the
// case; of names that differ only in case, the one with a small letter is first. So places without other names do without the tables of the
// collators, which take 1.2 MB of memory.
func plain(name string) bool {
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && (name[i] < '0' || name[i] > '9') {
			return false
		}
	}
	return true
}

// plainKey is the key of a plain name.
func plainKey(name string) string {
	small := strings.ToLower(name)
	key := append([]byte(small), 0)
	for i := range len(name) {
		key = append(key, ^name[i])
	}
	return string(key)
}

// Compare compares two names in the order of the language. Names that are equal in it are compared as bytes.
func (l *Locale) Compare(a, b string) int {
	if plain(a) && plain(b) {
		return cmp.Compare(plainKey(a), plainKey(b))
	}
	pool := l.collators()
	c := pool.Get().(*collate.Collator)
	defer pool.Put(c)
	return cmp.Or(c.CompareString(a, b), cmp.Compare(a, b))
}

// SortKeys returns a key for each name. Keys, compared as bytes, have the order of the language.
func (l *Locale) SortKeys(names []string) []string {
	keys := make([]string, len(names))
	if !slices.ContainsFunc(names, func(name string) bool { return !plain(name) }) {
		for i, name := range names {
			keys[i] = plainKey(name)
		}
		return keys
	}
	pool := l.collators()
	c := pool.Get().(*collate.Collator)
	defer pool.Put(c)
	var b collate.Buffer
	for i, name := range names {
		keys[i] = string(c.KeyFromString(&b, name))
		b.Reset()
	}
	return keys
}
