package chat

import (
	"context"
	"hash/maphash"
	"slices"
)

// nameSet contains the hashes of the keys of all usernames, sorted: 8 bytes for each account. A text with 50 mentions of
// nobody needs no query thereby, which was two thirds of the time that its document took (TestHostileMessagesAreCheapToServe).
// It is never changed.
type nameSet []uint64

var nameSeed = maphash.MakeSeed()

func nameHash(key string) uint64 { return maphash.String(nameSeed, key) }

// mayHave reports whether a user may have the name with this key. If not, nobody has it.
func (s nameSet) mayHave(key string) bool {
	_, found := slices.BinarySearch(s, nameHash(key))
	return found
}

// with returns s and the name with this key.
func (s nameSet) with(key string) nameSet {
	h := nameHash(key)
	at, found := slices.BinarySearch(s, h)
	if found {
		return s
	}
	return slices.Insert(slices.Clip(s), at, h)
}

// allNames returns the names of all users. Error: storage.
func (c *Chat) allNames(ctx context.Context) (nameSet, error) {
	return c.nameSet.Load(struct{}{}, func() (nameSet, error) {
		rows, err := c.read.Query(ctx, "SELECT name_key FROM user")
		if err != nil {
			return nil, storage("load all names", err)
		}
		defer rows.Close()
		var s nameSet
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				return nil, storage("load all names", err)
			}
			s = append(s, nameHash(key))
		}
		slices.Sort(s)
		return s, storage("load all names", rows.Err())
	})
}

// appear makes known that a user with this key exists now.
func (c *Chat) appear(key string) {
	c.nameSet.Update(struct{}{}, func(s nameSet) nameSet { return s.with(key) })
	c.appeared.Add(1)
	c.forgetOrders()
}

// forgetOrders is called after the name of a person has changed, or whether the account is active.
func (c *Chat) forgetOrders() {
	c.orders.DeleteFunc(func(o order, _ *places) bool { return o.by != byRoom })
}

// forgetNames clears the caches of names after another process has changed the database.
func (c *Chat) forgetNames() {
	c.names.Clear()
	c.nameSet.Clear()
	c.forgetOrders()
	c.appeared.Add(1)
}
