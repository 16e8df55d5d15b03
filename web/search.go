package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
)

const (
	// foundPerPage is how many messages a search shows.
	foundPerPage = 50
	// foundBefore is how much of a long message is shown before the match, foundLength how much in total, in characters.
	foundBefore, foundLength = 60, 400
)

type adminMessagesData struct {
	Form    form
	Found   []foundRow
	Further string    // the URL that continues the search, "" at its end
	Back    time.Time // the time that the search has reached
	Here    string    // the query of this search, for returning to it
}

// Searched reports whether the form has a query.
func (d adminMessagesData) Searched() bool {
	return slices.ContainsFunc(searchFields, func(field string) bool { return d.Form.Values[field] != "" })
}

type foundRow struct {
	chat.Found
	Excerpt string
	URL     string // the message in its room
}

// searchFields are the filters of a search. Days are in UTC: a page without script does not know the reader's time zone.
var searchFields = []string{"q", "author", "room", "from", "to"}

// adminMessages searches in all rooms.
func (s *Server) adminMessages(w http.ResponseWriter, r *request) error {
	f := newForm(r, searchFields...)
	q, err := messageQuery(f)
	if err == nil {
		err = s.take(r, limits.TextSearches)
	}
	if err == nil {
		q.Before = markIn(r.FormValue("before"))
		var found []chat.Found
		var next chat.Mark
		if found, next, err = s.chat.Search(r.Context(), q); err == nil {
			return s.adminMessagesPage(w, r, http.StatusOK, foundData(r, f, found, next))
		}
	}
	return f.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
		return s.adminMessagesPage(w, r, orUnprocessable(status), adminMessagesData{Form: f})
	})
}

func (s *Server) adminMessagesPage(w http.ResponseWriter, r *request, status int, d adminMessagesData) error {
	d.Here = r.URL.RawQuery
	return s.adminPage(w, r, status, "messages", r.loc.T("admin.messages"), d)
}

func messageQuery(f form) (q chat.MessageQuery, err error) {
	q = chat.MessageQuery{Text: strings.TrimSpace(f.Values["q"]), Author: f.Values["author"], Room: f.Values["room"], Limit: foundPerPage}
	if q.From, err = day(f, "from"); err != nil {
		return q, err
	}
	if q.To, err = day(f, "to"); err == nil && !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1) // the day is included
	}
	return q, err
}

func day(f form, field string) (time.Time, error) {
	if f.Values[field] == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, f.Values[field])
	if err != nil {
		return at, chat.Errorf("bad_date").On(field)
	}
	return at, nil
}

// markIn decodes a mark from markOut. Other texts are the zero Mark: the beginning.
func markIn(s string) chat.Mark {
	at, id, _ := strings.Cut(s, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return chat.Mark{}
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return chat.Mark{}
	}
	return chat.Mark{At: time.UnixMilli(ms).UTC(), ID: chat.MessageID(n)}
}

func markOut(m chat.Mark) string { return fmt.Sprintf("%d-%d", m.At.UnixMilli(), m.ID) }

func foundData(r *request, f form, found []chat.Found, next chat.Mark) adminMessagesData {
	d := adminMessagesData{Form: f, Back: r.in(next.At)}
	if next.ID != 0 {
		u := url.Values{"before": {markOut(next)}}
		for name, value := range f.Values {
			if value != "" {
				u.Set(name, value)
			}
		}
		d.Further = "/admin/messages/?" + u.Encode()
	}
	for _, m := range found {
		m.At = r.in(m.At)
		d.Found = append(d.Found, foundRow{Found: m, Excerpt: around(m.Text, f.Values["q"]),
			URL: fmt.Sprintf("%s?before=%d#m%d", roomURL(m.Room.Name), m.ID+1, m.ID)})
	}
	return d
}

// around returns the part of a long text around word, or the beginning of the text.
func around(text, word string) string {
	runes := []rune(text)
	if len(runes) <= foundLength {
		return text
	}
	from := 0
	if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i > 0 {
		from = max(0, min(len([]rune(strings.ToLower(text)[:i]))-foundBefore, len(runes)-foundLength))
	}
	cut := string(runes[from : from+foundLength])
	if from > 0 {
		cut = "…" + cut
	}
	if from+foundLength < len(runes) {
		cut += "…"
	}
	return cut
}
