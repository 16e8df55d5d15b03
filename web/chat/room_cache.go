package chat

import "sync"

// roomCache keeps room rows by key; every socket and message looks one up.
type roomCache struct {
	mu     sync.RWMutex
	rows   map[string]*Room
	closed map[int64][]int64 // ids of the closed rooms that a user is a member of
	at     int               // moves at each change, so that an older row read meanwhile is not put in
}

func (c *roomCache) get(key string) (*Room, int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.rows[key], c.at
}

func (c *roomCache) closedOf(userID int64) (ids []int64, known bool, at int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ids, known = c.closed[userID]
	return ids, known, c.at
}

func (c *roomCache) putClosedOf(userID int64, ids []int64, at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != at {
		return
	}
	if c.closed == nil || len(c.closed) >= maxCachedRooms {
		c.closed = map[int64][]int64{}
	}
	c.closed[userID] = ids
}

// maxCachedRooms bounds the cache: at about 300 bytes a row, 3 MB.
const maxCachedRooms = 10_000

func (c *roomCache) put(r *Room, at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != at {
		return
	}
	if c.rows == nil || len(c.rows) >= maxCachedRooms {
		c.rows = map[string]*Room{}
	}
	c.rows[r.Key] = r
}

// forgetRooms drops what is kept in memory of rooms and of who may enter them.
func (c *Chat) forgetRooms() {
	c.rooms.clear()
	c.unread.clear()
}

func (c *roomCache) clear() {
	c.mu.Lock()
	c.rows, c.closed = nil, nil
	c.at++
	c.mu.Unlock()
}
