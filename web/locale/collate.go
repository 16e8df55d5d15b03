package locale

import (
	"cmp"
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

// Compare compares two names in the order of the language. Names that are equal in it are compared as bytes.
func (l *Locale) Compare(a, b string) int {
	pool := l.collators()
	c := pool.Get().(*collate.Collator)
	defer pool.Put(c)
	return cmp.Or(c.CompareString(a, b), cmp.Compare(a, b))
}

// SortKeys returns a key for each name. Keys, compared as bytes, have the order of the language.
func (l *Locale) SortKeys(names []string) []string {
	pool := l.collators()
	c := pool.Get().(*collate.Collator)
	defer pool.Put(c)
	var b collate.Buffer
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = string(c.KeyFromString(&b, name))
		b.Reset()
	}
	return keys
}
