package locale

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"golang.org/x/text/collate"
)

// Plain names are compared without a collator, and have the same order.
func TestPlainNamesHaveTheOrderOfTheCollator(t *testing.T) {
	t.Parallel()
	const letters = "aAbBzZ019"
	random := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		b := make([]byte, random.IntN(4))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		return string(b)
	}
	for _, l := range All() {
		c := collate.New(l.tag)
		for range 5000 {
			a, b := name(), name()
			want := cmp.Or(c.CompareString(a, b), cmp.Compare(a, b))
			if got := l.Compare(a, b); got != want {
				t.Fatalf("%s: %q and %q compare as %d, the collator says %d", l.Code(), a, b, got, want)
			}
			keys := l.SortKeys([]string{a, b})
			if got := cmp.Compare(keys[0], keys[1]); got != want {
				t.Fatalf("%s: the keys of %q and %q compare as %d, the collator says %d", l.Code(), a, b, got, want)
			}
		}
	}
	for _, other := range []string{"ä", "a b", "a-b", "а", "{", "@", "`"} {
		if plain(other) {
			t.Errorf("%q is plain", other)
		}
	}
}
