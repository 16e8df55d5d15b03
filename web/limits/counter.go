package limits

import (
	"errors"
	"sync"
)

// Errors of a Counter.
var (
	ErrAll = errors.New("too much is in use by all together")
	ErrKey = errors.New("too much is in use by this one")
)

// Counter counts what is in use at this moment, with a bound for each key and one for all keys
// together. It is safe for concurrent use, and remembers no key that has nothing in use.
type Counter struct {
	all, each int64

	mu    sync.Mutex
	total int64
	inUse map[Key]int64
}

// NewCounter makes a Counter with a bound for all keys together and one for each. What the zero Key
// has in use is bounded by all alone.
func NewCounter(all, each int64) *Counter {
	return &Counter{all: all, each: each, inUse: map[Key]int64{}}
}

// Reserve takes n for k if it fits. A key that has nothing in use may take more than
// the bound of a key, and the first of all may take more than the bound of all: what is too big for
// any bound can still be used alone. Release must give back what
// was reserved. Errors: ErrAll, ErrKey.
func (c *Counter) Reserve(k Key, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fits(k, n); err != nil {
		return err
	}
	c.total += n
	c.inUse[k] += n
	return nil
}

// Fits reports whether Reserve would take n for k now. Errors: ErrAll, ErrKey.
func (c *Counter) Fits(k Key, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fits(k, n)
}

func (c *Counter) fits(k Key, n int64) error {
	if c.total > 0 && c.total+n > c.all {
		return ErrAll
	}
	if had := c.inUse[k]; k != (Key{}) && had > 0 && had+n > c.each {
		return ErrKey
	}
	return nil
}

// Release gives back n of what k has reserved.
func (c *Counter) Release(k Key, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total -= n
	if c.inUse[k] -= n; c.inUse[k] == 0 {
		delete(c.inUse, k)
	}
}

// Total returns how much is in use by all keys together.
func (c *Counter) Total() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}
