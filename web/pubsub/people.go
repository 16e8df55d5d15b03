package pubsub

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/ws"
)

const (
	// framesPerSecond limits the frames that People sends in a second, one to each socket. After n frames, People waits
	// n/framesPerSecond seconds before it sends again.
	framesPerSecond = 500
	// longestWait is the upper limit of that wait.
	longestWait = 5 * time.Second
)

// retryAfter is the pause before another attempt to load a user.
const retryAfter = 10 * time.Second

// Lookup provides the data that People sends.
type Lookup interface {
	// Online reports whether a user is online.
	Online(userID int64) bool
	// Idle reports whether a user is online and nobody has touched the user's pages for a while.
	Idle(userID int64) bool
	// OnlineCount returns the number of users who are online.
	OnlineCount() int
	// User returns the current state of a user. Errors: chat.ErrNotFound, storage.
	User(id int64) (*chat.User, error)
	// Accounts returns the number of active accounts. Error: storage.
	Accounts() (int, error)
	// Listeners returns the sockets in a group.
	Listeners(group string) []*ws.Conn
}

// People sends to sockets of hearth.1 the number of people online and the state of the users that each socket watches. It
// collects changes: apart from the answers to Watch, a socket gets at most one frame a second. It is safe for concurrent use.
type People struct {
	lookup Lookup

	// mu is also held while frames are queued, so that the last frame of a socket has the newest state.
	mu       sync.Mutex
	watched  map[*ws.Conn]map[int64]bool     // the users that a socket watches
	watchers map[int64]map[*ws.Conn]struct{} // the sockets that watch a user
	changed  map[int64]bool                  // watched users whose new state is not sent yet
	created  map[int64]bool                  // users whose new account is not sent to lobby pages yet
	count    bool                            // the number of people online is not sent yet
	closed   bool                            // nothing is sent any more
	due      bool                            // a call of flush is scheduled
	next     time.Time                       // the earliest time for the next call of flush
}

// NewPeople returns a People without sockets.
func NewPeople(l Lookup) *People {
	return &People{lookup: l, watched: map[*ws.Conn]map[int64]bool{}, watchers: map[int64]map[*ws.Conn]struct{}{}, changed: map[int64]bool{}, created: map[int64]bool{}}
}

// Changed schedules the frames for a change of a user. presence is set if the user came online or went offline.
func (p *People) Changed(id int64, presence bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count = p.count || presence
	if len(p.watchers[id]) > 0 {
		p.changed[id] = true
	}
	if p.count || len(p.changed) > 0 {
		p.later()
	}
}

// Created schedules the frames that tell lobby pages of a new account.
func (p *People) Created(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created[id] = true
	p.later()
}

// later schedules a call of flush, unless one is scheduled; p.mu is held.
func (p *People) later() {
	if p.due {
		return
	}
	p.due = true
	time.AfterFunc(max(gatherFor, time.Until(p.next)), p.flush)
}

// Watch replaces the users that c watches. It sends the state of the users that c did not watch before at once. Ids without
// a user are ignored. If loading a user fails, c watches the same users as before. Error: storage.
func (p *People) Watch(c *ws.Conn, ids []int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := make(map[int64]bool, len(ids))
	var people []chat.PersonNow
	for _, id := range ids {
		if now[id] {
			continue
		}
		if !p.watched[c][id] {
			x, ok, err := p.person(id)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			people = append(people, x)
		}
		now[id] = true
	}
	p.drop(c)
	p.add(c, now)
	c.Send(chat.PeopleChanged(people, p.lookup.OnlineCount()))
	return nil
}

// add sets the users that c watches; c watches nobody before. p.mu is held.
func (p *People) add(c *ws.Conn, users map[int64]bool) {
	if len(users) == 0 {
		return
	}
	p.watched[c] = users
	for id := range users {
		if p.watchers[id] == nil {
			p.watchers[id] = map[*ws.Conn]struct{}{}
		}
		p.watchers[id][c] = struct{}{}
	}
}

// Drop removes c, which then gets no frames from p.
func (p *People) Drop(c *ws.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(c)
}

// drop is Drop with p.mu held.
func (p *People) drop(c *ws.Conn) {
	for id := range p.watched[c] {
		delete(p.watchers[id], c)
		if len(p.watchers[id]) == 0 {
			delete(p.watchers, id)
		}
	}
	delete(p.watched, c)
}

// person returns the current state of a user; ok is false if there is no such user. p.mu is held.
func (p *People) person(id int64) (x chat.PersonNow, ok bool, err error) {
	u, err := p.lookup.User(id)
	if errors.Is(err, chat.ErrNotFound) {
		return x, false, nil
	}
	if err != nil {
		return x, false, err
	}
	if u.Deleted { // clients got a user_deleted
		return x, false, nil
	}
	return chat.PersonNow{User: u, Online: p.lookup.Online(id), Idle: p.lookup.Idle(id), Status: u.StatusAt(time.Now())}, true, nil
}

// Close stops p: it sends no frames any more, except from Watch.
func (p *People) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// flush sends the changes and sets the earliest time of the next call.
func (p *People) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	wait := time.Duration(p.tell()) * time.Second / framesPerSecond
	p.due, p.next = false, time.Now().Add(min(max(gatherAgain, wait), longestWait))
}

// tell sends the changes and returns the number of sockets that got a frame. p.mu is held.
func (p *People) tell() (sockets int) {
	n := p.lookup.OnlineCount()
	sockets = p.tellCreated(n)
	people, of := p.changes()
	same := map[string]*sending{} // by keyOf: sockets that watch the same changed users share one frame
	for c, indexes := range of {
		key := keyOf(indexes)
		if same[key] == nil {
			same[key] = newSending(chat.PeopleChanged(pick(people, indexes), n))
		}
		same[key].to(c)
	}
	if !p.count {
		return sockets + len(of)
	}
	p.count = false
	number, all := newSending(chat.PeopleChanged(nil, n)), p.lookup.Listeners(chat.OnlineGroup)
	for _, c := range all {
		if _, told := of[c]; !told {
			number.to(c)
		}
	}
	return sockets + len(all)
}

// tellCreated sends the new accounts to lobby pages and returns the number of these sockets; p.mu is held.
func (p *People) tellCreated(online int) (sockets int) {
	var people []chat.PersonNow
	for _, id := range slices.Sorted(maps.Keys(p.created)) {
		x, ok, err := p.person(id)
		if err != nil {
			slog.Error("load a user who has just got an account", "err", err)
			time.AfterFunc(retryAfter, func() { p.Created(id) })
		}
		if ok {
			people = append(people, x)
		}
	}
	clear(p.created)
	if len(people) == 0 {
		return 0
	}
	total, err := p.lookup.Accounts()
	if err != nil {
		slog.Error("count the people", "err", err) // the next frame will have the number
	}
	s, lobby := newSending(chat.PeopleCreated(people, online, total)), p.lookup.Listeners(chat.LobbyGroup)
	for _, c := range lobby {
		s.to(c)
	}
	return len(lobby)
}

// changes returns the changed users, and for each socket the indexes in people of those that it watches. p.mu is held.
func (p *People) changes() (people []chat.PersonNow, of map[*ws.Conn][]int) {
	of = map[*ws.Conn][]int{}
	for _, id := range slices.Sorted(maps.Keys(p.changed)) {
		delete(p.changed, id)
		if len(p.watchers[id]) == 0 {
			continue
		}
		x, ok, err := p.person(id)
		if err != nil {
			slog.Error("load a user who came, went or changed", "err", err)
			time.AfterFunc(retryAfter, func() { p.Changed(id, false) })
		}
		if !ok {
			continue
		}
		for c := range p.watchers[id] {
			of[c] = append(of[c], len(people))
		}
		people = append(people, x)
	}
	return people, of
}

// keyOf encodes indexes as a map key.
func keyOf(indexes []int) string {
	var b []byte
	for _, i := range indexes {
		b = binary.AppendUvarint(b, uint64(i))
	}
	return string(b)
}

func pick(people []chat.PersonNow, indexes []int) (picked []chat.PersonNow) {
	for _, i := range indexes {
		picked = append(picked, people[i])
	}
	return picked
}

// sending is an event for several sockets.
type sending struct {
	events []chat.Event
	frames *ws.Frames
}

func newSending(e chat.Event) *sending {
	events := []chat.Event{e}
	return &sending{events, ws.NewFrames(events)}
}

func (s *sending) to(c *ws.Conn) { c.Take(s.frames, s.events) }
