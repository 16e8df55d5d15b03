package limits

import (
	"errors"
	"sync"
)

// ErrAll and ErrKey are the errors of a Counter: the bound for all keys together, or the one for a single key, is reached.
var (
	ErrAll = errors.New("too much is in use by all together")
	ErrKey = errors.New("too much is in use by this one")
)

// Counter counts what is in use at the moment. It has a bound for each key and one for all keys together. It stores no key that
// has nothing in use. It is safe for concurrent use.
type Counter struct {
	all, each int64

	mu    sync.Mutex
	total int64
	inUse map[Key]int64
}

// NewCounter returns a Counter with a bound for all keys together and one for each key. The zero Key has no bound of its own.
func NewCounter(all, each int64) *Counter {
	return &Counter{all: all, each: each, inUse: map[Key]int64{}}
}

// Reserve adds n to what k has in use, if that is within the bounds. A reservation that is larger than a bound can still be
// made alone: the bound for each key is not applied to a key that has nothing in use, and the bound for all is not applied
// while nothing is in use. The caller must give the reservation back with Release. Errors: ErrAll, ErrKey.
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

// Fits returns the error that Reserve would return now, and reserves nothing.
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

// Release subtracts n from what k has in use.
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
