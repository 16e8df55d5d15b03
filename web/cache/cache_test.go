package cache

import (
	"errors"
	"fmt"
	"testing"
)

func TestLoadReadsOnce(t *testing.T) {
	t.Parallel()
	c := New[string, int](10)
	reads := 0
	read := func() (int, error) { reads++; return 7, nil }
	for range 3 {
		if v, err := c.Load("a", read); v != 7 || err != nil {
			t.Errorf("%d, %v", v, err)
		}
	}
	if reads != 1 {
		t.Errorf("%d reads", reads)
	}
	failed := errors.New("the disk fails")
	if _, err := c.Load("b", func() (int, error) { return 1, failed }); err != failed {
		t.Error(err)
	}
	if _, ok := c.Get("b"); ok {
		t.Error("a value that came with an error is kept")
	}
}

// A value that was read before a change is not kept after it, whatever kind of change that is.
func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *Cache[string, int]){
		"delete":      func(c *Cache[string, int]) { c.Delete("a") },
		"delete some": func(c *Cache[string, int]) { c.DeleteFunc(func(string, int) bool { return true }) },
		"clear":       func(c *Cache[string, int]) { c.Clear() },
		"update":      func(c *Cache[string, int]) { c.Update("a", func(int) int { return 2 }) },
	} {
		c := New[string, int](10)
		if _, err := c.Load("a", func() (int, error) { change(c); return 1, nil }); err != nil {
			t.Error(err)
		}
		if v, ok := c.Get("a"); ok {
			t.Errorf("%s: %d is kept", name, v)
		}
		c.Put("a", 1, c.Version())
		change(c)
		if v, ok := c.Get("a"); ok && v != 2 {
			t.Errorf("%s: %d is left", name, v)
		}
	}
}

func TestSizeIsBoundedAndWhatIsInUseStays(t *testing.T) {
	t.Parallel()
	c := Sized(1000, func(k string, v int) int { return v })
	c.Put("in use", 10, c.Version())
	for i := range 10_000 {
		c.Put(fmt.Sprint(i), 1+i%100, c.Version())
		total := 0
		for _, v := range c.All() {
			total += v
		}
		if total > 1000 {
			t.Fatalf("the size is %d", total)
		}
		if v, ok := c.Get("in use"); v != 10 || !ok {
			t.Fatalf("what is in use went after %d others", i)
		}
	}
	if _, ok := c.Get("0"); ok {
		t.Error("what is not in use stays")
	}
	c.Clear()
	c.Put("big", 5000, c.Version())
	if _, ok := c.Get("big"); !ok {
		t.Error("a value that is too big is not kept alone")
	}
	for range 10 {
		c.Put("same", 400, c.Version())
	}
	if c.used != 400 {
		t.Errorf("one value counts %d", c.used)
	}
}
