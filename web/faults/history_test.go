// Package faults holds the tests of what Hearth promises when things break.
package faults

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to read the line from the database

	"hearth/web/hearthtest"
)

var (
	historyRounds = flag.Int("history.rounds", 100, "how often TestHistory kills the server")
	historySeed   = flag.Uint64("history.seed", 0, "what TestHistory's dice begin with; 0: the clock")
)

const (
	// roundsOfHistory is the most rounds of one history: what clients saw in it must fit into the memory.
	roundsOfHistory = 100
	// roundsOfShortHistory are the rounds of go test -short.
	roundsOfShortHistory = 10
	// roundsToFlood is how many rounds pass from one flood to the next.
	roundsToFlood = 30
	// historyMost is how long a round goes on at most until enough was said.
	historyMost = 300 * time.Millisecond
	// historyFlood is how long a flood may take to become too much for those who don't read.
	historyFlood = time.Minute
	// aLotOfNumbers is how many there are in the lines when all that can break must have. On a
	// machine that has time for 100 rounds alone there are fewer.
	aLotOfNumbers = 5000
	// historyPeace is how long clients have to catch up once nothing breaks any more.
	historyPeace = 3 * time.Minute
)

// Nothing acknowledged is lost and no gap is silent, whatever breaks: people talk, over lines that
// are cut, delayed and half closed, while the server is killed again and again. In the end what
// each of them saw is held against what is on disk. The seed, which is in the test's name, throws
// the same dice again; who is quicker it doesn't settle, so a failure may take some rounds to return.
//
//	go test ./web/faults -run History -args -history.rounds=1000 -history.seed=7
func TestHistory(t *testing.T) {
	rounds, seed := *historyRounds, *historySeed
	if testing.Short() {
		rounds = min(rounds, roundsOfShortHistory)
	}
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	for ; rounds > 0 && !t.Failed(); rounds -= roundsOfHistory {
		n := min(rounds, roundsOfHistory)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { newHistoryPlay(t, seed).play(n) })
		seed++
	}
}

// historyCast are the clients: in two rooms and a private conversation both dialects, speaking as
// a page does (one message under way) and as a script does, and listening.
var historyCast = []historyRole{
	{user: "ada", room: "kitchen", window: 16},
	{user: "bob", room: "kitchen", batched: true, window: 1},
	{user: "cy", room: "kitchen", batched: true, window: 16},
	{user: "dee", room: "kitchen", batched: true, window: 64, fat: true},
	{user: "bob", room: "kitchen"},
	{user: "ada", room: "kitchen", batched: true},
	{user: "ada", room: "kitchen", batched: true, slow: true},
	{user: "dee", room: "kitchen", batched: true, sleepy: true},
	{user: "dee", room: "kitchen", sleepy: true},
	{user: "cy", room: "stairs", window: 1},
	{user: "ada", room: "stairs", batched: true, window: 16, strict: true},
	{user: "bob", room: "stairs"},
	{user: "dee", room: "stairs", batched: true, sleepy: true, window: 4},
	{user: "ada", room: "@bob", line: "@1:2", window: 4, strict: true},
	{user: "bob", room: "@ada", line: "@1:2", batched: true, window: 1},
}

// historyPlay is one history while it happens.
type historyPlay struct {
	*testing.T
	server  *hearthtest.Server
	rough   *historyProxy
	gentle  *historyProxy // for floods, and for those who are to be cut by the server
	stage   *historyStage
	clients []*historyClient
	work    sync.WaitGroup
	dice    *rand.Rand
	slowCut int64 // floods in which a slow reader was cut
}

func newHistoryPlay(t *testing.T, seed uint64) *historyPlay {
	p := &historyPlay{T: t, server: hearthtest.Start(t), rough: newHistoryProxy(t, seed, true), gentle: newHistoryProxy(t, seed, false),
		dice: rand.New(rand.NewPCG(seed, 0))}
	cookies := map[string]string{}
	for _, name := range []string{"ada", "bob", "cy", "dee"} {
		cookies[name] = p.server.SignUp(t, name).Cookie()
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); p.work.Wait() })
	p.stage = &historyStage{ctx: ctx, end: cancel}
	for i, role := range historyCast {
		through := p.rough
		if role.slow || role.fat {
			through = p.gentle
		}
		p.clients = append(p.clients, newHistoryClient(p.stage, through, role, i, seed, cookies[role.user]))
	}
	return p
}

// play lets the clients live through rounds, brings about peace, and checks the history.
func (p *historyPlay) play(rounds int) {
	p.point(p.server.URL)
	for _, c := range p.clients {
		p.work.Go(c.run)
	}
	for n := range rounds {
		if n%roundsToFlood == roundsToFlood-1 {
			p.flood()
		}
		p.live()
		p.point("")
		p.server.Kill(p.T)
		p.start()
	}
	p.settle()
	p.stage.end()
	p.work.Wait()
	record := p.record()
	for _, what := range checkHistory(record) {
		p.Error(what)
	}
	p.tell(rounds, record)
}

// start starts the server anew on the same data, wherever there is a port.
func (p *historyPlay) start() {
	p.server = hearthtest.StartIn(p.T, p.server.Data)
	p.point(p.server.URL)
}

// point has the proxies lead to a server, "" for none.
func (p *historyPlay) point(url string) {
	addr := strings.TrimPrefix(url, "http://")
	p.rough.point(addr)
	p.gentle.point(addr)
}

// live passes a random time, and on a machine too busy for anything to happen in it some more.
func (p *historyPlay) live() {
	enough := p.stage.delivered.Load() + p.dice.Int64N(500)
	time.Sleep(randomUpTo(p.dice, 300*time.Millisecond))
	for end := time.Now().Add(historyMost); p.stage.delivered.Load() < enough && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// flood has fat messages said, while some don't read, until the server loses its patience with
// one of those.
func (p *historyPlay) flood() {
	p.stage.stalled.Store(true)
	defer p.stage.stalled.Store(false)
	p.stage.flood.Store(1 << 30)
	defer p.stage.flood.Store(0)
	for end := time.Now().Add(historyFlood); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if p.hasCut() {
			p.slowCut++
			return
		}
	}
}

// hasCut reports whether the server says that a reader was too slow for it.
func (p *historyPlay) hasCut() bool {
	resp, err := http.Get(p.server.URL + "/metrics")
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^hearth_slow_readers_total [1-9]`).Match(text)
}

// settle brings about peace: nobody says anything new, nothing breaks, and the server is stopped
// once more, properly, so that nothing is under way. Then all catch up.
func (p *historyPlay) settle() {
	p.stage.quiet.Store(true)
	p.rough.calm()
	p.await("receipts", func(c *historyClient) bool { return len(c.outbox) == 0 })
	p.point("")
	p.server.Stop(p.T)
	p.start()
	ends := map[string]int64{}
	last := map[string]int64{}
	for _, c := range p.clients {
		page, seq, err := loadHistoryPage(p.stage.ctx, http.DefaultClient, p.server.URL+"/api/rooms/"+c.room+"/messages?limit=1", c.cookie)
		if err != nil {
			p.Fatal(err)
		}
		ends[c.line] = seq
		for _, m := range page {
			last[c.line] = m.Seq
		}
	}
	p.await("the end of the line", func(c *historyClient) bool {
		if c.batched {
			return c.cursor >= ends[c.line]
		}
		return c.cursor >= last[c.line]
	})
}

// await waits until all clients, each locked, are so far.
func (p *historyPlay) await(what string, soFar func(*historyClient) bool) {
	for end := time.Now().Add(historyPeace); ; time.Sleep(20 * time.Millisecond) {
		var late []string
		for _, c := range p.clients {
			c.mu.Lock()
			if !soFar(c) {
				late = append(late, fmt.Sprintf("%s: at %d with %d in the outbox, last trouble: %v", c.name, c.cursor, len(c.outbox), c.trouble))
			}
			c.mu.Unlock()
		}
		if len(late) == 0 {
			return
		}
		if time.Now().After(end) {
			p.Fatalf("waiting for %s:\n%s", what, strings.Join(late, "\n"))
		}
	}
}

// record gathers the history once everybody has gone.
func (p *historyPlay) record() historyRecord {
	r := historyRecord{Line: map[string][]historyEntry{}, Final: map[string][]historyMessage{}}
	for _, c := range p.clients {
		r.Clients = append(r.Clients, historyLog{Name: c.name, User: c.user, Room: c.line, Batched: c.batched, Seen: c.seen})
		if r.Final[c.line] == nil {
			all, _, err := loadHistory(context.Background(), http.DefaultClient, p.server.URL, c.room, c.cookie, 0)
			if err != nil {
				p.Fatal(err)
			}
			r.Final[c.line] = all
		}
	}
	p.server.Stop(p.T)
	if err := p.readLine(r.Line); err != nil {
		p.Fatal(err)
	}
	return r
}

// historyLines are all rooms' lines, by name, those of private conversations by key. The kinds of
// changes have other names on the wire.
const historyLines = `SELECT iif(r.access = 'direct', r.name_key, r.name), m.id & 0xffffffff AS seq, 'chat_message', m.id, u.name, coalesce(m.nonce, '')
		FROM message m JOIN room r ON r.id = m.id >> 32 JOIN user u ON u.id = m.sender
	UNION ALL SELECT iif(r.access = 'direct', r.name_key, r.name), x.id & 0xffffffff, CASE x.kind WHEN 'edit' THEN 'message_edited' WHEN 'delete' THEN 'message_deleted' ELSE 'reaction' END,
		x.message_id, u.name, '' FROM change x JOIN room r ON r.id = x.id >> 32 JOIN user u ON u.id = x.user_id
	ORDER BY 1, 2`

func (p *historyPlay) readLine(line map[string][]historyEntry) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.server.Data, "hearth.db")+"?_pragma=query_only(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(historyLines)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var room string
		var e historyEntry
		if err := rows.Scan(&room, &e.Seq, &e.Kind, &e.ID, &e.User, &e.Nonce); err != nil {
			return err
		}
		line[room] = append(line[room], e)
	}
	return rows.Err()
}

// tell says what has happened, so that a history in which nothing broke is not taken for a proof.
func (p *historyPlay) tell(rounds int, r historyRecord) {
	numbers := 0
	for _, line := range r.Line {
		numbers += len(line)
	}
	happened := []struct {
		what  string
		times int64
	}{
		{"numbers in the line", int64(numbers)}, {"of them seen", p.stage.delivered.Load()}, {"receipts repeated", p.stage.repeated.Load()},
		{"lines cut", p.rough.cuts.Load()}, {"half closed", p.rough.halves.Load()}, {"silent", p.rough.silences.Load()},
		{"slow readers cut", p.slowCut}, {"resets", p.stage.resets.Load()},
	}
	text := fmt.Sprintf("server killed: %d", rounds)
	for _, h := range happened {
		text += fmt.Sprintf(", %s: %d", h.what, h.times)
		if numbers >= aLotOfNumbers && h.times == 0 {
			p.Errorf("%s: never in %d numbers", h.what, numbers)
		}
	}
	p.Log(text)
}
