package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/locale"
	"hearth/web/ws"
)

const (
	// tableEvery is the shortest time between two frames of /new-user/ (PROTOCOL.md: four a second).
	tableEvery = 250 * time.Millisecond
	// tableShare bounds the cost of the table to a tenth of a core: a table is begun at the earliest when ten times as long has
	// passed as the last one took.
	tableShare = 10
	// maxTable is the most rows of the table. Browsers do not show a longer tbody well.
	maxTable = 10_000
)

// tellAgain is how long the next attempt waits after the table could not be read.
const tellAgain = 10 * time.Second

// tableGroup is the group of the sockets that get the table of people.
const tableGroup = "table"

// peopleTable sends the table of all people to pages that replace a <tbody>, at most four times a second.
type peopleTable struct {
	server *Server
	mu     sync.Mutex
	due    bool
	isNew  bool
	next   time.Time
	rows   *tableRows // the newest; nil: none yet
	moved  int        // increases with each change
}

func newTable(s *Server) *peopleTable { return &peopleTable{server: s} }

// changed sends the table soon. isNew reports that a person signed up.
func (t *peopleTable) changed(isNew bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isNew = t.isNew || isNew
	t.moved++
	if t.due {
		return
	}
	t.due = true
	time.AfterFunc(max(0, time.Until(t.next)), t.tell)
}

func (t *peopleTable) tell() {
	begun := time.Now()
	t.mu.Lock()
	isNew := t.isNew
	t.due, t.isNew = false, false
	t.next = begun.Add(tableEvery)
	t.mu.Unlock()
	if len(t.server.hub.Listening(tableGroup)) == 0 { // a socket gets the table when it is opened
		return
	}
	if e, err := t.event(context.Background(), isNew); err != nil {
		slog.Error("read the table of people", "err", err)
		if len(t.server.hub.Listening(tableGroup)) > 0 {
			time.AfterFunc(tellAgain, func() { t.changed(isNew) })
		}
	} else {
		t.server.hub.Publish(tableGroup, e)
	}
	t.mu.Lock()
	t.next = begun.Add(max(tableEvery, tableShare*time.Since(begun)))
	t.mu.Unlock()
}

// tableRows are the rows of the table at one time, rendered once for all readers who get the same.
type tableRows struct {
	server    *Server
	at, moved int // the versions of the users and of the table

	mu       sync.Mutex
	people   []personRow
	rendered map[chat.Reader]string
}

// event returns the event with the current table.
func (t *peopleTable) event(ctx context.Context, isNew bool) (chat.Event, error) {
	rows, err := t.current(ctx)
	if err != nil {
		return chat.Event{}, err
	}
	return chat.TableChanged(isNew, rows.render), nil
}

// current returns the current rows. It returns the last ones if nothing has changed since they were read.
func (t *peopleTable) current(ctx context.Context) (*tableRows, error) {
	t.mu.Lock()
	last, moved := t.rows, t.moved
	t.mu.Unlock()
	at := t.server.chat.UsersAge()
	if last != nil && last.at == at && last.moved == moved {
		return last, nil
	}
	people, _, err := t.server.chat.Users(ctx, chat.UserQuery{Active: true, Limit: maxTable})
	if err != nil {
		return nil, err
	}
	rows := &tableRows{server: t.server, at: at, moved: moved, people: t.server.personRows(people), rendered: map[chat.Reader]string{}}
	t.mu.Lock()
	t.rows = rows
	t.mu.Unlock()
	return rows, nil
}

// render returns the table for r: in its language, and without e-mail addresses for visitors.
func (t *tableRows) render(r chat.Reader) string {
	kind := (chat.ByLang | chat.ByGuest).Kind(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if text, ok := t.rendered[kind]; ok {
		return text
	}
	for i := range t.people {
		t.people[i].ShowEmail = r.UserID != 0
	}
	var b bytes.Buffer
	if err := t.server.pages.fragment(&b, locale.Of(r.Lang), "tbody", t.people); err != nil {
		slog.Error("render the table of people", "err", err)
		return ""
	}
	t.rendered[kind] = b.String()
	return t.rendered[kind]
}

// tableSocket serves /new-user/: the table of people, whenever it changes.
func (s *Server) tableSocket(w http.ResponseWriter, r *request) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	groups, err := s.groupsOf(r.caller, false)
	if err != nil {
		return err
	}
	return s.connect(w, r, ws.Socket{
		Caller: r.caller, Groups: append(groups, tableGroup), Start: s.sendInitialTable, Frame: answerPing, Allowed: s.stillListens(r.caller),
	})
}

func (s *Server) sendInitialTable(c *ws.Conn, _ []string) {
	err := s.admission.compute(func() error {
		e, err := s.table.event(context.Background(), false)
		if err == nil {
			c.Send(e)
		}
		return err
	})
	if err != nil {
		giveUp(c, tableGroup, err)
		return
	}
	c.Live(0, nil)
}
