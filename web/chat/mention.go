package chat

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// usersByName returns the users with these usernames, in any case, by the name as given. One query loads all that are not cached.
// Error: storage; the cached users are returned then.
func (c *Chat) usersByName(ctx context.Context, names []string) (map[string]*User, error) {
	found := map[string]*User{}
	all, err := c.allNames(ctx)
	if err != nil {
		return found, err
	}
	spellings := map[string][]string{} // of names that are not cached, by key
	version := c.names.Version()
	for _, name := range names {
		key := NameKey(name)
		if !all.mayHave(key) {
			continue
		}
		id, _ := c.names.Get(key)
		if u, cached := c.users.Get(id); cached {
			found[name] = u
			continue
		}
		spellings[key] = append(spellings[key], name)
	}
	if len(spellings) == 0 {
		return found, nil
	}
	users, err := c.loadUsers(ctx, slices.Collect(maps.Keys(spellings)))
	if err != nil {
		return found, err
	}
	for _, u := range users {
		key := foldName(u.Name)
		c.names.Put(key, u.ID, version)
		for _, name := range spellings[key] {
			found[name] = u
		}
	}
	return found, nil
}

// loadUsers reads the users with these keys.
func (c *Chat) loadUsers(ctx context.Context, keys []string) ([]*User, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, storage("look for users", err)
	}
	version := c.users.Version()
	rows, err := c.read.Query(ctx, "SELECT "+userColumns+" FROM user WHERE name_key IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, storage("look for users", err)
	}
	users, err := scanUsers(rows)
	c.withMarks(users...)
	for _, u := range users {
		c.users.Put(u.ID, u, version)
	}
	return users, err
}
