package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hearth/web/locale"
)

// order is what a list is sorted by.
type order struct {
	lang string // a language of locale
	by   sortBy
}

type sortBy int

const (
	byUsername sortBy = iota
	byName            // of people, as others see it
	byRoom            // the names of rooms
)

// maxOrders is how many orders are kept: three of each language.
const maxOrders = 2 * 3 * 6

// places are all people, or all rooms, in an order. They are never changed.
type places struct {
	ids   []int64 // in order, without deactivated accounts and private conversations
	place map[int64]int
}

// placesIn returns the places in an order. They are kept until a name changes: sorting 10 000 people takes tens of milliseconds
// (BenchmarkSortPeople). Error: storage.
func (c *Chat) placesIn(ctx context.Context, o order) (*places, error) {
	return c.orders.Load(o, func() (*places, error) {
		query := "SELECT id, name, '', '', '', disabled FROM user"
		switch o.by {
		case byName:
			query = "SELECT id, name, display_name, first_name, last_name, disabled FROM user"
		case byRoom:
			query = "SELECT id, name, '', '', '', access = 'direct' FROM room"
		}
		return c.sortAll(ctx, query, locale.Of(o.lang))
	})
}

// sortAll returns the places of the rows of a query: an id, a username or the name of a room, the names of a person, and whether it is left
// out of the list.
func (c *Chat) sortAll(ctx context.Context, query string, l *locale.Locale) (p *places, err error) {
	type row struct {
		id  int64
		key string
		out bool
	}
	rows, err := c.read.Query(ctx, query)
	if err != nil {
		return nil, storage("sort names", err)
	}
	defer func() { err = errors.Join(err, storage("sort names", rows.Close())) }()
	var all []row
	var names []string
	for rows.Next() {
		var x row
		var u User
		if err := rows.Scan(&x.id, &u.Name, &u.DisplayName, &u.FirstName, &u.LastName, &x.out); err != nil {
			return nil, storage("sort names", err)
		}
		all, names = append(all, x), append(names, cmp.Or(u.FullName(), u.Name))
	}
	if err := rows.Err(); err != nil {
		return nil, storage("sort names", err)
	}
	for i, key := range l.SortKeys(names) {
		all[i].key = key
	}
	slices.SortFunc(all, func(a, b row) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
	p = &places{place: make(map[int64]int, len(all))}
	for i, x := range all {
		if !x.out {
			p.ids = append(p.ids, x.id)
		}
		p.place[x.id] = i
	}
	return p, nil
}

// sortIDs sorts ids of people or rooms. Error: storage.
func (c *Chat) sortIDs(ctx context.Context, o order, ids []int64) error {
	p, err := c.placesIn(ctx, o)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(ids, func(id int64) bool { _, known := p.place[id]; return !known }) { // a new one
		c.orders.Delete(o)
		if p, err = c.placesIn(ctx, o); err != nil {
			return err
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Or(cmp.Compare(p.place[a], p.place[b]), cmp.Compare(a, b)) })
	return nil
}

// pageOf returns a page of a list.
func pageOf[T any](all []T, limit, offset int) []T {
	if limit < 0 {
		limit = len(all)
	}
	from := min(max(0, offset), len(all))
	return all[from:min(from+limit, len(all))]
}

// usersByID returns the users with these ids, in this order, without those that do not exist any more. Error: storage.
func (c *Chat) usersByID(ctx context.Context, ids []int64) ([]*User, error) {
	found := make([]*User, 0, len(ids))
	for _, id := range ids {
		u, err := c.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, u)
	}
	return found, nil
}
