// Package cache keeps in memory what was read from the database, until it changes there.
package cache

import (
	"maps"
	"sync"
)

// Cache keeps values by key. It is safe for concurrent use and must be made by New.
//
// A value that was read before a change must not be kept after it. So each change moves the version of the cache, and Put
// ignores a value that was read at an earlier version.
//
// Values are in two generations. Once the new ones fill half of the cache they become the old ones, and the old ones go.
// A value that is asked for becomes new again, so those in use stay.
type Cache[K comparable, V any] struct {
	half int
	size func(K, V) int

	mu       sync.RWMutex // guards what follows
	new, old map[K]V
	used     int // the size of new
	version  int
}

// New returns a cache of at most max values.
func New[K comparable, V any](max int) *Cache[K, V] {
	return Sized(max, func(K, V) int { return 1 })
}

// Sized returns a cache of values whose sizes are at most max together. The unit is that of size.
func Sized[K comparable, V any](max int, size func(K, V) int) *Cache[K, V] {
	return &Cache[K, V]{half: max / 2, size: size, new: map[K]V{}, old: map[K]V{}}
}

// Get returns the value of k.
func (c *Cache[K, V]) Get(k K) (v V, ok bool) {
	c.mu.RLock()
	v, ok = c.new[k]
	old := false
	if !ok {
		_, old = c.old[k]
	}
	c.mu.RUnlock()
	if !old {
		return v, ok
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok = c.old[k]; ok {
		c.add(k, v)
		return v, true
	}
	v, ok = c.new[k]
	return v, ok
}

// Load returns the value of k, which it reads if necessary. A value that is read with an error is not kept.
func (c *Cache[K, V]) Load(k K, read func() (V, error)) (V, error) {
	if v, ok := c.Get(k); ok {
		return v, nil
	}
	version := c.Version()
	v, err := read()
	if err == nil {
		c.Put(k, v, version)
	}
	return v, err
}

// Version returns a number that moves with each change.
func (c *Cache[K, V]) Version() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.version
}

// Put keeps a value that was read at a version, unless something has changed since.
func (c *Cache[K, V]) Put(k K, v V, version int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version == c.version {
		c.add(k, v)
	}
}

// add keeps a value among the new ones; c.mu is held.
func (c *Cache[K, V]) add(k K, v V) {
	c.remove(k)
	n := c.size(k, v)
	if c.used > 0 && c.used+n > c.half {
		c.new, c.old, c.used = map[K]V{}, c.new, 0
	}
	c.new[k] = v
	c.used += n
}

// remove drops the value of k; c.mu is held.
func (c *Cache[K, V]) remove(k K) {
	if v, ok := c.new[k]; ok {
		c.used -= c.size(k, v)
		delete(c.new, k)
	}
	delete(c.old, k)
}

// Update changes the value of k, if there is one, and moves the version.
func (c *Cache[K, V]) Update(k K, change func(V) V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	v, ok := c.new[k]
	if !ok {
		v, ok = c.old[k]
	}
	if ok {
		c.add(k, change(v))
	}
}

// Delete drops the values of keys, and moves the version.
func (c *Cache[K, V]) Delete(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, k := range keys {
		c.remove(k)
	}
}

// DeleteFunc drops the values for which gone returns true, and moves the version.
func (c *Cache[K, V]) DeleteFunc(gone func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	for _, values := range []map[K]V{c.new, c.old} {
		for k, v := range values {
			if gone(k, v) {
				c.remove(k)
			}
		}
	}
}

// Clear drops all values, and moves the version.
func (c *Cache[K, V]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	c.new, c.old, c.used = map[K]V{}, map[K]V{}, 0
}

// All returns a copy of what is kept.
func (c *Cache[K, V]) All() map[K]V {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := maps.Clone(c.old)
	maps.Copy(all, c.new)
	return all
}
