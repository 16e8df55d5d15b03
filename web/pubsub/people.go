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
	// framesPerSecond is how many frames of People may be sent in a second, each to one socket: the more
	// sockets are told, the longer it takes until they are told again.
	framesPerSecond = 500
	// longestWait is how long that is at most.
	longestWait = 5 * time.Second
)

// retryAfter is how long it takes until a user who could not be loaded is told of again.
const retryAfter = 10 * time.Second

// Lookup is what People needs to know to tell it.
type Lookup interface {
	// Online reports whether a user is online, OnlineCount how many are.
	Online(userID int64) bool
	OnlineCount() int
	// User is a user as it is now. Errors: chat.ErrNotFound, storage.
	User(id int64) (*chat.User, error)
	// Accounts is how many people have an account. Error: storage.
	Accounts() (int, error)
	// Listeners are the sockets in a group.
	Listeners(group string) []*ws.Conn
}

// People tells the sockets of hearth.1 how many people are online, and each of those whom it watches how
// they are. What happens is gathered: a socket gets at most one frame a second.
type People struct {
	lookup Lookup

	// Also held while frames are queued, so that the last thing a socket is told is the newest.
	mu       sync.Mutex
	watched  map[*ws.Conn]map[int64]bool     // whom a socket watches
	watchers map[int64]map[*ws.Conn]struct{} // the same by user
	changed  map[int64]bool                  // users of whom is to be told
	created  map[int64]bool                  // users of whom lobby pages are to be told that they are new
	count    bool                            // it is to be told how many are online
	closed   bool                            // nothing is told any more
	due      bool                            // flush is going to be called
	next     time.Time                       // it must not be called before
}

// NewPeople makes a People without sockets.
func NewPeople(l Lookup) *People {
	return &People{lookup: l, watched: map[*ws.Conn]map[int64]bool{}, watchers: map[int64]map[*ws.Conn]struct{}{}, changed: map[int64]bool{}, created: map[int64]bool{}}
}

// Changed has it told that a user looks different, or if presence is set that it came or went.
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

// Created has lobby pages told that a user has just got an account.
func (p *People) Created(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created[id] = true
	p.later()
}

// later has flush called when it is time to, if it isn't to be already; p.mu is held.
func (p *People) later() {
	if p.due {
		return
	}
	p.due = true
	time.AfterFunc(max(gatherFor, time.Until(p.next)), p.flush)
}

// Watch has c told of these users from now on, instead of those it watched before. Of those whom it did
// not watch yet it is told at once how they are. If that fails, c goes on watching those it watched before.
// Errors: storage.
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

// add has c, which watches nobody, watch users; p.mu is held.
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

// Drop has c told of nobody any more.
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

// person returns how a user is now, or false for somebody who is not listed any more; p.mu is held.
func (p *People) person(id int64) (x chat.PersonNow, ok bool, err error) {
	u, err := p.lookup.User(id)
	if errors.Is(err, chat.ErrNotFound) {
		return x, false, nil
	}
	if err != nil {
		return x, false, err
	}
	return chat.PersonNow{User: u, Online: p.lookup.Online(id)}, true, nil
}

// Close has nothing told any more.
func (p *People) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// flush tells what has changed.
func (p *People) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	wait := time.Duration(p.tell()) * time.Second / framesPerSecond
	p.due, p.next = false, time.Now().Add(min(max(gatherAgain, wait), longestWait))
}

// tell tells what has changed, and returns how many sockets were told. p.mu is held.
func (p *People) tell() (sockets int) {
	n := p.lookup.OnlineCount()
	sockets = p.tellCreated(n)
	people, of := p.changes()
	same := map[string]*sending{} // for sockets that are told of the same people
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

// tellCreated tells lobby pages who has just got an account, and returns how many they are; p.mu is held.
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
		slog.Error("count the people", "err", err) // the next time tells the number
	}
	s, lobby := newSending(chat.PeopleCreated(people, online, total)), p.lookup.Listeners(chat.LobbyGroup)
	for _, c := range lobby {
		s.to(c)
	}
	return len(lobby)
}

// changes returns the users who have changed, and for each socket that watches some of them their indexes.
// p.mu is held.
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

// keyOf returns the same text for the same indexes.
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
