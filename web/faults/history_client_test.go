package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// historyRole is what a client is there for.
type historyRole struct {
	user, room string
	line       string // the room's name in the record, if it is another one
	batched    bool   // speaks hearth.1, not plain
	window     int    // messages under way at most; 0: it only listens
	strict     bool   // takes nothing for a receipt that a greeting tells
	fat        bool   // speaks in floods alone, and then a lot
	slow       bool   // doesn't read while the stage stalls
	sleepy     bool   // stays away after each loss of its line, while others go on
}

// historyStage is what the clients of one history share.
type historyStage struct {
	ctx     context.Context
	end     context.CancelFunc
	quiet   atomic.Bool  // nothing new is said
	stalled atomic.Bool  // the slow don't read
	flood   atomic.Int64 // fat messages still to be composed

	resets, repeated, delivered atomic.Int64 // what has happened so far, for all clients
}

// historyClient is somebody who stays in a room, whatever happens to the line: it resumes with
// after=, keeps what it says in an outbox and sends again what it has no receipt for.
type historyClient struct {
	historyRole
	name   string
	stage  *historyStage
	proxy  *historyProxy
	cookie string
	http   *http.Client
	dice   *rand.Rand // of the goroutine that speaks, or where there is none of run's

	mu       sync.Mutex
	seen     []historySeen
	cursor   int64 // the highest number of the room's line that it has, fromNow for none
	greeting int64 // up to here the line that is open tells what was said before
	gap      bool  // there was a reset; the history is to be loaded anew
	outbox   []historySaid
	sent     int // how many of the outbox went out on the line that is open
	count    int // messages composed
	own      []int64
	heard    []int64      // messages of anybody, to react to
	mark     *historyMark // the last reaction that it put on
	trouble  error
}

// historyMark is a reaction of a client's own.
type historyMark struct {
	id    int64
	emoji string
}

// historySaid is a message in the outbox.
type historySaid struct{ nonce, text string }

func newHistoryClient(stage *historyStage, p *historyProxy, role historyRole, n int, seed uint64, cookie string) *historyClient {
	c := &historyClient{historyRole: role, stage: stage, proxy: p, cookie: cookie, cursor: fromNow, dice: rand.New(rand.NewPCG(seed, uint64(n)))}
	dialect := "plain"
	if role.batched {
		dialect = "hearth.1"
	}
	if c.line == "" {
		c.line = c.room
	}
	c.name = fmt.Sprintf("%d: %s in %s, %s", n, role.user, role.room, dialect)
	c.http = &http.Client{Timeout: historyHang, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialHistoryProxy(p)}}
	return c
}

const (
	// historyHang is how long a client waits for anything before it gives a line up.
	historyHang = 10 * time.Second
	// historyBack is the longest pause before a client comes back.
	historyBack = 80 * time.Millisecond
	// historySleep is how much a sleepy client lets happen at most before it comes back: with all
	// clients counted, and some seven in a room, about twice what after= can fill.
	historySleep = 14 * historyMaxGap
)

// run lives until the stage ends.
func (c *historyClient) run() {
	for c.stage.ctx.Err() == nil {
		err := c.session()
		c.mu.Lock()
		c.trouble = err
		c.mu.Unlock()
		c.rest()
	}
}

// rest is the time between two sessions.
func (c *historyClient) rest() {
	time.Sleep(randomUpTo(c.dice, historyBack))
	if !c.sleepy {
		return
	}
	for until := c.stage.delivered.Load() + c.dice.Int64N(historySleep); c.stage.delivered.Load() < until && !c.stage.quiet.Load(); {
		time.Sleep(historyBack)
	}
}

// session returns one socket, from its opening to its end.
func (c *historyClient) session() error {
	if err := c.fill(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.stage.ctx)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	var speaking sync.WaitGroup
	defer speaking.Wait()
	defer cancel()
	if c.window > 0 {
		speaking.Go(func() { c.speak(ctx, conn) })
	}
	return c.listen(conn)
}

func (c *historyClient) dial(ctx context.Context) (*websocket.Conn, error) {
	c.mu.Lock()
	after := c.cursor
	c.mu.Unlock()
	url := "ws://" + c.proxy.addr() + "/ws/chat/" + c.room + "/"
	if after != fromNow {
		url += fmt.Sprint("?after=", after)
	}
	d := websocket.Dialer{NetDialContext: dialHistoryProxy(c.proxy), HandshakeTimeout: historyHang}
	if c.batched {
		d.Subprotocols = []string{"hearth.1"}
	}
	conn, answer, err := d.DialContext(ctx, url, http.Header{"Cookie": {c.cookie}})
	if err != nil {
		if answer != nil {
			err = fmt.Errorf("%s: %w", answer.Status, err)
		}
		return nil, err
	}
	c.note(historySeen{Kind: seenConnect, Seq: after})
	return conn, nil
}

func (c *historyClient) note(s historySeen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, s)
}

// historyFrame is what interests a client in a frame.
type historyFrame struct {
	Type      string
	Seq       int64
	ID        int64
	User      string
	Message   string
	Nonce     string
	Timestamp string
	EditedAt  string `json:"edited_at"`
	Emoji     string
	On        bool
	Count     int
	History   bool
	Code      string
	Reactions []historyReaction
}

// listen takes frames until the line is lost.
func (c *historyClient) listen(conn *websocket.Conn) error {
	greeted := false
	for {
		for c.slow && c.stage.stalled.Load() && c.stage.ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		if err := conn.SetReadDeadline(time.Now().Add(historyHang)); err != nil {
			return err
		}
		_, b, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(b), "\n") {
			var f historyFrame
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
			if f.Type == "user_list" && !greeted {
				greeted = true
				c.greeted(f.Seq)
				continue
			}
			c.take(f)
			if err := c.fill(); err != nil {
				return err
			}
		}
	}
}

// greeted is where hearth.1 begins that has asked for nothing earlier. In a greeting with
// messages this number is the one that those will end with, so they alone move the cursor.
func (c *historyClient) greeted(seq int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, historySeen{Kind: seenGreeted, Seq: seq})
	c.greeting = seq
	if c.cursor == fromNow && c.batched {
		c.cursor = seq
	}
}

func (c *historyClient) take(f historyFrame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch f.Type {
	case lineSaid, lineEdited, lineDeleted, lineReacted:
	case seenDelivered:
		f.User = c.user
	case seenReset:
		c.gap = true
		c.stage.resets.Add(1)
	case seenRefused:
		f.Message = f.Code
	default:
		return
	}
	c.seen = append(c.seen, historySeen{Kind: f.Type, Seq: f.Seq, ID: f.ID, User: f.User, Text: briefly(f.Message), Nonce: f.Nonce, At: f.Timestamp,
		Edited: f.EditedAt, Emoji: f.Emoji, On: f.On, Count: f.Count, History: f.History, Reactions: f.Reactions})
	if f.Type == lineSaid || f.Type == seenDelivered {
		c.receipt(f)
	}
	if f.Type == lineSaid {
		c.heard = lately(c.heard, f.ID)
	}
	if f.Type != seenReset && f.Seq > c.cursor {
		c.cursor = f.Seq
		c.stage.delivered.Add(1)
	}
}

// receipt takes a message of the client's own out of its outbox; c.mu is held.
func (c *historyClient) receipt(f historyFrame) {
	if f.User != c.user || f.Nonce == "" || c.strict && f.Seq > c.cursor && f.Seq <= c.greeting {
		return
	}
	if f.Seq <= c.cursor && (f.Type == lineSaid || c.line != c.room) { // other sockets are told of private ones too
		c.stage.repeated.Add(1)
	}
	for i, said := range c.outbox {
		if said.nonce != f.Nonce {
			continue
		}
		c.outbox = append(c.outbox[:i:i], c.outbox[i+1:]...)
		if c.sent > i {
			c.sent--
		}
		c.own = lately(c.own, f.ID)
		return
	}
}

// lately adds id to the last few.
func lately(ids []int64, id int64) []int64 {
	if len(ids) == 20 {
		ids = ids[1:]
	}
	return append(ids, id)
}

// fill loads the history anew after a reset, from what the client had on.
func (c *historyClient) fill() error {
	c.mu.Lock()
	gap, had := c.gap, c.cursor
	c.mu.Unlock()
	if !gap {
		return nil
	}
	all, seq, err := loadHistory(c.stage.ctx, c.http, "http://"+c.proxy.addr(), c.room, c.cookie, had)
	if err != nil {
		return err
	}
	first := int64(0)
	if len(all) > 0 && all[0].Seq <= had {
		first = all[0].Seq
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, historySeen{Kind: seenLoaded, Seq: seq, First: first, Loaded: all})
	c.gap, c.cursor = false, seq
	return nil
}

// loadHistory reads a room's messages over the API, from number had or a little earlier on, and
// the seq that they belong to: that of the first page, since others are read later.
func loadHistory(ctx context.Context, client *http.Client, site, room, cookie string, had int64) ([]historyMessage, int64, error) {
	var all []historyMessage
	seq := int64(fromNow)
	for query := "limit=50"; ; {
		page, now, err := loadHistoryPage(ctx, client, site+"/api/rooms/"+room+"/messages?"+query, cookie)
		if err != nil {
			return nil, 0, err
		}
		if seq == fromNow {
			seq = now
		}
		all = append(page, all...)
		if len(page) == 0 || page[0].Seq <= had {
			return all, seq, nil
		}
		query = fmt.Sprint("limit=50&before=", page[0].ID)
	}
}

func loadHistoryPage(ctx context.Context, client *http.Client, url, cookie string) ([]historyMessage, int64, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Cookie", cookie)
	resp, err := client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, errors.New(resp.Status)
	}
	var page struct {
		Messages []historyMessage
		Seq      int64
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, 0, err
	}
	for i := range page.Messages {
		page.Messages[i].Text = briefly(page.Messages[i].Text)
	}
	return page.Messages, page.Seq, nil
}
