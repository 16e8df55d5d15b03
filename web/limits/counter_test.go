package limits

import "testing"

func TestCounter(t *testing.T) {
	a, b := Key{User: 1}, Key{User: 2}
	c := NewCounter(10, 6)
	for _, step := range []struct {
		what string
		k    Key
		n    int64
		want error
	}{
		{"more than a key's bound, alone", a, 7, nil},
		{"more of the same", a, 1, ErrKey},
		{"another key", b, 3, nil},
		{"beyond the bound of all", b, 1, ErrAll},
		{"the zero key beyond the bound of all", Key{}, 1, ErrAll},
	} {
		if fits := c.Fits(step.k, step.n); fits != step.want {
			t.Errorf("%s: whether it fits: %v", step.what, fits)
		}
		if got := c.Reserve(step.k, step.n); got != step.want {
			t.Errorf("%s: %v", step.what, got)
		}
	}
	c.Release(a, 7)
	if c.Reserve(Key{}, 7) != nil {
		t.Error("the zero key has the bound of a key")
	}
	c.Release(Key{}, 7)
	c.Release(b, 3)
	if c.Total() != 0 || len(c.inUse) != 0 {
		t.Errorf("%d are in use by %d keys that have given all back", c.Total(), len(c.inUse))
	}
	if c.Reserve(a, 100) != nil {
		t.Error("what is too big for any bound can't be used alone")
	}
}
