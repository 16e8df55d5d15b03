package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hearth/web/locale"
)

const (
	// titleNames is how many names a title has at most. If there are more people, it has one name less and the number of the others.
	titleNames = 3
	// maxTitleName is the longest name in a title, in characters. A longer one is cut.
	maxTitleName = 40
)

// GroupTitle returns the title of a group conversation for one of its people: the names of the others, as in "Ada, Bob and 4 more".
func GroupTitle(l *locale.Locale, people []*User, me int64) string {
	var names []string
	for _, u := range people {
		if u.ID != me {
			names = append(names, titleName(l, u))
		}
	}
	switch {
	case len(names) == 0:
		return l.T("group.alone")
	case len(names) == 1:
		return l.T("group.one_other", "name", names[0])
	case len(names) > titleNames:
		return l.T("group.more", "count", len(names)-titleNames+1, "names", listOf(l, names[:titleNames-1]))
	}
	return listOf(l, names)
}

// listOf joins names.
func listOf(l *locale.Locale, names []string) string {
	all := names[0]
	for _, name := range names[1:] {
		all = l.T("group.pair", "first", all, "second", name)
	}
	return all
}

// titleName returns the name of a person in a list of names. If the name could be taken for several names or a number of people, the
// username follows it.
func titleName(l *locale.Locale, u *User) string {
	name := u.DisplayIn(l.Code())
	if utf8.RuneCountInString(name) > maxTitleName {
		name, _ = head(name, maxTitleName-1)
		name += "…"
	}
	if handle := " (@" + u.Name + ")"; !u.Deleted && name != u.Name && !strings.HasSuffix(name, handle) && looksLikeList(name) {
		name += handle
	}
	return name
}

// conjunctions are words for "and" in the languages of the pages.
var conjunctions = []string{"and", "и", "và", "e", "y", "et", "und", "和", "及", "與", "与", "&", "+"}

// looksLikeList reports whether a name contains more than letters and what stands inside names, or a word for "and".
func looksLikeList(name string) bool {
	if strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(" .'’ʼ·-…", r)
	}) {
		return true
	}
	return slices.ContainsFunc(strings.Fields(strings.ToLower(name)), func(word string) bool { return slices.Contains(conjunctions, word) })
}

// PeopleIn returns the people of the group conversations with these ids, by username. Error: storage.
func (c *Chat) PeopleIn(ctx context.Context, rooms ...int64) (map[int64][]*User, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	rows, err := c.read.Query(ctx, `SELECT m.room_id, m.user_id FROM json_each(?) j JOIN membership m ON m.room_id = j.value JOIN user u ON u.id = m.user_id
		WHERE m.member = 1 ORDER BY u.name_key`, idList(rooms))
	if err != nil {
		return nil, storage("list the people of conversations", err)
	}
	var pairs [][2]int64
	for rows.Next() {
		var x [2]int64
		if err := rows.Scan(&x[0], &x[1]); err != nil {
			return nil, errors.Join(storage("list the people of conversations", err), rows.Close())
		}
		pairs = append(pairs, x)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("list the people of conversations", err)
	}
	found := map[int64][]*User{}
	for _, x := range pairs { // after the query is closed, because there are few connections
		u, err := c.User(ctx, x[1])
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[x[0]] = append(found[x[0]], u)
	}
	return found, nil
}

// peopleOf returns the people of a group conversation, and nil for other rooms. Error: storage.
func (c *Chat) peopleOf(ctx context.Context, r *Room, id int64) ([]*User, error) {
	if r.Access != Group {
		return nil, nil
	}
	found, err := c.PeopleIn(ctx, id)
	return found[id], err
}

// groupChanged returns the event with the current title and people of a group conversation.
func groupChanged(r *Room, people []*User) Event {
	faces := facesOf(people)
	e := Event{Type: "room", varies: ByLang | ByPerson, frame: func(to Reader) any {
		title := GroupTitle(locale.Of(to.Lang), people, to.UserID)
		return roomFrame{Type: "room", Message: title, Room: r.Name, Access: Group, Title: title, People: faces}
	}}
	e.About, e.Subject, e.Back = r.Group(), "room "+r.Group(), true
	return e
}

func facesOf(people []*User) []face {
	faces := make([]face, 0, len(people))
	for _, u := range people {
		faces = append(faces, face{User: u.Name, Display: u.Display()})
	}
	return faces
}

// tellGroup tells the people of a group conversation its title and people: those with the ids in added at once, because until then their
// sockets get no events about it, and the others soon.
func (c *Chat) tellGroup(ctx context.Context, r *Room, added ...int64) {
	people, err := c.peopleOf(ctx, r, r.ID)
	if err != nil {
		slog.Error("tell the people of a conversation", "room", r.Name, "err", err)
		return
	}
	e := groupChanged(r, people)
	for _, u := range people {
		if slices.Contains(added, u.ID) {
			c.hub.Publish(Inbox(u.ID), e)
			continue
		}
		soon := e
		soon.Fresh = func() (Event, bool) {
			people, err := c.peopleOf(context.Background(), r, r.ID)
			return groupChanged(r, people), err == nil && slices.ContainsFunc(people, func(p *User) bool { return p.ID == u.ID })
		}
		c.hub.PublishSoon(Inbox(u.ID), soon)
	}
}

// maxRetitled is in how many group conversations of a person the people are told of a new name. In others they see it later.
const maxRetitled = 100

// retitle tells the people of a user's group conversations the titles, after the name of the user has changed. Error: storage.
func (c *Chat) retitle(ctx context.Context, user int64) error {
	rooms, err := c.roomsWhere(ctx, "SELECT "+roomColumns+" FROM membership m JOIN room r ON r.id = m.room_id WHERE m.user_id = ? AND m.member = 1 AND "+isGroup+
		" ORDER BY r.id DESC LIMIT ?", user, maxRetitled)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		c.tellGroup(ctx, r)
	}
	return nil
}
