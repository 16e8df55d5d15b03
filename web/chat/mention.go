package chat

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// maxMissing is how much memory the names may take that are known to be nobody's, in bytes: where it starts anew.
const maxMissing = 1 << 20

// missing reports whether it is known that nobody is called by key.
func (c *userCache) missing(key string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.nobody[key]
}

// keepMissing remembers that nobody is called by keys, unless something has changed since the cache was of that age.
func (c *userCache) keepMissing(keys []string, age int) {
	const entry = 64 // of a map, about
	c.mu.Lock()
	defer c.mu.Unlock()
	if age != c.age {
		return
	}
	for _, key := range keys {
		if c.nobody == nil || c.nobodySize > maxMissing {
			c.nobody, c.nobodySize = map[string]bool{}, 0
		}
		c.nobody[key] = true
		c.nobodySize += entry + len(key)
	}
}

// appear makes known that key is somebody's name now.
func (c *userCache) appear(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.age++
	c.appeared++
	delete(c.nobody, key)
}

// appearances is how often a name may have become somebody's.
func (c *userCache) appearances() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.appeared
}

// usersByName are those of the names that somebody has, in upper or lower case, with their users: one query for all
// that are not at hand. That a name is nobody's is remembered. Error: storage; what was at hand is returned then.
func (c *Chat) usersByName(ctx context.Context, names []string) (map[string]*User, error) {
	found := map[string]*User{}
	spellings := make(map[string][]string, len(names)) // of names that aren't at hand, by key
	_, age := c.users.key("")
	for _, name := range names {
		key := NameKey(name)
		if u, _ := c.users.key(key); u != nil {
			found[name] = u
		} else if !c.users.missing(key) {
			spellings[key] = append(spellings[key], name)
		}
	}
	if len(spellings) == 0 {
		return found, nil
	}
	users, err := c.loadUsers(ctx, age, slices.Collect(maps.Keys(spellings)))
	if err != nil {
		return found, err
	}
	for _, u := range users {
		key := foldName(u.Name)
		for _, name := range spellings[key] {
			found[name] = u
		}
		delete(spellings, key)
	}
	c.users.keepMissing(slices.Collect(maps.Keys(spellings)), age)
	return found, nil
}

// loadUsers reads the users with these keys.
func (c *Chat) loadUsers(ctx context.Context, age int, keys []string) ([]*User, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, storage("look for users", err)
	}
	rows, err := c.read.Query(ctx, "SELECT "+userColumns+" FROM user WHERE name_key IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, storage("look for users", err)
	}
	users, err := scanUsers(rows)
	c.withMarks(users...)
	for _, u := range users {
		c.users.keep(u, age)
	}
	return users, err
}
