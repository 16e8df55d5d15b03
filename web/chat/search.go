package chat

import (
	"container/heap"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// searchFor is how long one search takes, at most. The next search continues where it ended.
	searchFor = time.Second
	// maxSearchBatch is how many messages of a room are read at a time, at most.
	maxSearchBatch = 512
)

// MessageQuery selects messages of all rooms, without private conversations. The zero value selects all.
type MessageQuery struct {
	Text   string    // a part of the text; case is ignored, in all scripts
	Author string    // a username, or a guest's name
	Room   string    // the name of a room
	From   time.Time // not before this time; zero: no bound
	To     time.Time // before this time; zero: no bound
	Before Mark      // only messages that the search that returned this Mark has not looked at
	Limit  int       // the size of the page; 0: 50
}

// Mark is the last message at which a search has looked. The zero value is the start of a search.
type Mark struct {
	At time.Time
	ID MessageID
}

func (m Mark) after(o Mark) bool { return m.At.After(o.At) || m.At.Equal(o.At) && m.ID > o.ID }

func markOf(m *Message) Mark { return Mark{m.At, m.ID} }

// Found is a message with its room.
type Found struct {
	*Message
	Room *Room
}

// Search finds messages, the newest first. It ends when it has found q.Limit of them, or after searchFor. next is the Before of
// a query that continues the search, zero if there are no more messages. Errors: no_such_room (on the field room), storage.
//
// There is no index of the texts, because it would make every new message slower. In a room, ids are in the order of time. So
// Search merges the rooms, from their newest messages on, and finds the time bounds by bisection.
func (c *Chat) Search(ctx context.Context, q MessageQuery) (found []Found, next Mark, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	cursors, err := c.searchCursors(ctx, q)
	if err != nil {
		return nil, Mark{}, err
	}
	by, err := c.author(ctx, q.Author)
	if err != nil {
		return nil, Mark{}, err
	}
	q.Text = foldText(q.Text)
	until := time.Now().Add(searchFor)
	for looked := 1; len(cursors) > 0; looked++ {
		cur := cursors[0]
		m := cur.batch[0]
		if m.At.Before(q.From) { // the remaining messages are even older
			break
		}
		if by.said(m) && (q.Text == "" || strings.Contains(foldText(m.Text), q.Text)) {
			whole, err := c.messages(ctx, "WHERE m.id = ?", m.ID)
			if err != nil {
				return nil, Mark{}, err
			}
			for _, m := range whole {
				found = append(found, Found{m, cur.room})
			}
		}
		if err := c.advance(ctx, &cursors); err != nil {
			return nil, Mark{}, err
		}
		if len(cursors) > 0 && (len(found) == q.Limit || looked%maxSearchBatch == 0 && time.Now().After(until)) {
			return found, markOf(m), nil
		}
	}
	return found, Mark{}, nil
}

// foldText returns a text that is equal for texts that differ only in case or in the encoding of accents.
func foldText(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(s) // much faster, and enough for most texts
	}
	return norm.NFC.String(searchText(s))
}

// author selects the messages of a user and of guests with the same name.
type author struct {
	user  int64  // 0: there is no such user
	guest string // "": the messages of everybody
}

func (c *Chat) author(ctx context.Context, name string) (author, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return author{}, nil
	}
	by := author{guest: searchText(strings.TrimSuffix(name, guestLabel("")))}
	u, err := c.UserByName(ctx, name)
	if err == nil {
		by.user = u.ID
	} else if !errors.Is(err, ErrNotFound) {
		return by, err
	}
	return by, nil
}

func (a author) said(m *Message) bool {
	return a.guest == "" || m.SenderID == a.user || m.Guest() && searchText(m.User) == guestLabel(a.guest)
}

// searchCursor holds the messages of one room at which a search has not looked yet, the newest first.
type searchCursor struct {
	room  *Room
	below MessageID  // messages with lower ids have not been read
	batch []*Message // messages that have been read
	size  int        // how many to read next: few at first, because most rooms contribute few messages
}

// cursorHeap is a heap of cursors, the one with the newest message on top.
type cursorHeap []*searchCursor

func (h cursorHeap) Len() int           { return len(h) }
func (h cursorHeap) Less(i, j int) bool { return markOf(h[i].batch[0]).after(markOf(h[j].batch[0])) }
func (h cursorHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursorHeap) Push(x any)        { *h = append(*h, x.(*searchCursor)) }
func (h *cursorHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// searchCursors returns a cursor for each room that q selects, at the newest message that can match.
func (c *Chat) searchCursors(ctx context.Context, q MessageQuery) (cursorHeap, error) {
	rooms, err := c.searched(ctx, q.Room)
	if err != nil {
		return nil, err
	}
	end := q.Before
	if to := (Mark{At: q.To}); !q.To.IsZero() && (end.At.IsZero() || end.after(to)) {
		end = to
	}
	var all cursorHeap
	for _, r := range rooms {
		cur := &searchCursor{room: r, below: NewMessageID(r.ID+1, 0), size: 1}
		if err := c.open(ctx, cur, end); err != nil {
			return nil, err
		}
		if len(cur.batch) > 0 {
			all = append(all, cur)
		}
	}
	heap.Init(&all)
	return all, nil
}

// searched returns the room with that name, or all rooms if name is empty. Errors: no_such_room, storage.
func (c *Chat) searched(ctx context.Context, name string) ([]*Room, error) {
	if strings.TrimSpace(name) == "" {
		return c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM room WHERE access <> 'direct'")
	}
	_, key, err := RoomName(name)
	if err != nil {
		return nil, Errorf("no_such_room").On("room")
	}
	r, err := c.roomByKey(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil, Errorf("no_such_room").On("room")
	}
	return []*Room{r}, err
}

// open moves cur to its newest message before end. If end is zero, there is no bound.
func (c *Chat) open(ctx context.Context, cur *searchCursor, end Mark) error {
	if err := c.refill(ctx, cur); err != nil || end.At.IsZero() {
		return err
	}
	if len(cur.batch) > 0 && cur.batch[0].At.After(end.At) {
		n, err := c.seqAt(ctx, cur.room.ID, cur.batch[0].Seq, end.At)
		if err != nil {
			return err
		}
		cur.below = NewMessageID(cur.room.ID, n+1)
		if err := c.refill(ctx, cur); err != nil {
			return err
		}
	}
	for len(cur.batch) > 0 && !end.after(markOf(cur.batch[0])) {
		if err := c.step(ctx, cur); err != nil {
			return err
		}
	}
	return nil
}

// seqAt returns the highest sequence number in a room up to which no message is later than at. high is the number of a later
// message.
func (c *Chat) seqAt(ctx context.Context, room, high int64, at time.Time) (int64, error) {
	low := int64(0)
	for low < high {
		mid := low + (high-low)/2
		var id MessageID
		var said int64
		err := c.read.QueryRow(ctx, "SELECT id, created_at FROM message WHERE id > ? AND id <= ? ORDER BY id LIMIT 1",
			[]any{NewMessageID(room, mid), NewMessageID(room, high)}, &id, &said)
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return 0, storage("look for a time", err)
		case err != nil || moment(said).After(at):
			high = mid
		default:
			low = id.Seq()
		}
	}
	return low, nil
}

// advance removes the newest message from the heap.
func (c *Chat) advance(ctx context.Context, all *cursorHeap) error {
	cur := (*all)[0]
	if err := c.step(ctx, cur); err != nil {
		return err
	}
	if len(cur.batch) == 0 {
		heap.Pop(all)
	} else {
		heap.Fix(all, 0)
	}
	return nil
}

// step moves cur to the next older message.
func (c *Chat) step(ctx context.Context, cur *searchCursor) error {
	if cur.batch = cur.batch[1:]; len(cur.batch) > 0 {
		return nil
	}
	return c.refill(ctx, cur)
}

// refill reads the next messages of cur, only the columns that the query needs. That takes 2 µs a message (go test -bench
// Search), so one search looks at several hundred thousand messages.
func (c *Chat) refill(ctx context.Context, cur *searchCursor) error {
	rows, err := c.read.Query(ctx, "SELECT id, sender, coalesce(guest, ''), text, created_at FROM message WHERE id >= ? AND id < ? AND deleted_at IS NULL ORDER BY id DESC LIMIT ?",
		NewMessageID(cur.room.ID, 0), cur.below, cur.size)
	if err != nil {
		return storage("search messages", err)
	}
	defer rows.Close()
	cur.batch, cur.size = nil, min(maxSearchBatch, cur.size*4)
	for rows.Next() {
		var m Message
		var at int64
		if err := rows.Scan(&m.ID, &m.SenderID, &m.User, &m.Text, &at); err != nil {
			return storage("search messages", err)
		}
		m.At, m.Seq, cur.below = moment(at), m.ID.Seq(), m.ID
		cur.batch = append(cur.batch, &m)
	}
	return storage("search messages", rows.Err())
}
