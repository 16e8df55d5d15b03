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
)

const (
	// tableEvery is the least time between two frames of /new-user/ (PROTOCOL.md: four a second).
	tableEvery = 250 * time.Millisecond
	// tableShare is how many times as long as it took to make the last table the next one waits,
	// so that a place with many people spends at most a tenth of a core on it.
	tableShare = 10
	// maxTable is how many people the table has room for. Beyond that no page shows a tbody well.
	maxTable = 10_000
)

// tableGroup is who gets the table of people.
const tableGroup = "table"

// table tells the pages that replace a <tbody> of all people, at most four times a second.
type table struct {
	server *Server
	mu     sync.Mutex
	due    bool
	isNew  bool
	next   time.Time
}

func newTable(s *Server) *table { return &table{server: s} }

// changed has the table told soon; isNew says that somebody signed up.
func (t *table) changed(isNew bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.isNew = t.isNew || isNew
	if t.due {
		return
	}
	t.due = true
	time.AfterFunc(max(0, time.Until(t.next)), t.tell)
}

func (t *table) tell() {
	begun := time.Now()
	t.mu.Lock()
	isNew := t.isNew
	t.due, t.isNew = false, false
	t.next = begun.Add(tableEvery)
	t.mu.Unlock()
	if e, err := t.event(context.Background(), isNew); err != nil {
		slog.Error("make the table of people", "err", err)
		t.server.later(func() { t.changed(isNew) }, tableGroup)
	} else {
		t.server.hub.Publish(tableGroup, e)
	}
	t.mu.Lock()
	t.next = begun.Add(max(tableEvery, tableShare*time.Since(begun)))
	t.mu.Unlock()
}

// event is the table as it is now. Rows are rendered for each language, and for visitors without
// e-mail addresses, as they are asked for.
func (t *table) event(ctx context.Context, isNew bool) (chat.Event, error) {
	people, _, err := t.server.chat.Users(ctx, chat.UserQuery{Limit: maxTable})
	if err != nil {
		return chat.Event{}, err
	}
	rows := t.server.personRows(people)
	return chat.TableChanged(isNew, func(r chat.Reader) string {
		for i := range rows {
			rows[i].ShowEmail = r.UserID != 0
		}
		var b bytes.Buffer
		if err := t.server.pages.fragment(&b, locale.Of(r.Lang), "tbody", rows); err != nil {
			slog.Error("render the table of people", "err", err)
		}
		return b.String()
	}), nil
}

// tableSocket is /new-user/: the table of people as rows, whenever it changes.
func (s *Server) tableSocket(w http.ResponseWriter, r *ask) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	groups, err := s.groupsOf(r.caller, false)
	if err != nil {
		return err
	}
	return s.connect(w, r, Socket{
		Caller: r.caller, Groups: append(groups, tableGroup), Start: s.greetTable, Frame: answerPing, Allowed: s.stillListens(r.caller),
	})
}

func (s *Server) greetTable(c Conn, _ []string) {
	err := s.door.compute(func() error {
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
