package chat

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"

	"hearth/web/label"
)

// User is a person with an account. Users are shared: never change one that a Chat has returned.
type User struct {
	ID                         int64
	Name                       string // the username
	DisplayName                string // as the person wrote it; "": FullName joins the next two
	FirstName, LastName, Email string
	Admin, Disabled            bool
	Deleted                    bool   // the account was deleted; then it is Disabled too
	Lang                       string // "": what the browser asks for
	Theme                      string // "" (what the system says), light or dark
	Created                    time.Time
	LastSeen                   time.Time // when the last socket closed; zero: never
	LooksAlike                 bool      // the name can be taken for somebody else's
	Zone                       string    // the IANA name of the time zone, "": unknown
	ZoneChosen                 bool      // the user has chosen Zone; otherwise it is the browser's
	Clock                      string    // "12" or "24" hours, "": as usual in the language

	status Status // StatusAt returns it
}

// Display returns the name as others see it: the full name, or else the username. If it can be confused with another user's name,
// the username follows: "Ada Lund (@ada)". For a deleted account it is English; see DisplayIn.
func (u *User) Display() string {
	if u.Deleted {
		return FormerMember("en")
	}
	name := cmp.Or(u.FullName(), u.Name)
	if u.LooksAlike {
		name += " (@" + u.Name + ")"
	}
	return name
}

// DisplayIn is Display for a reader of that language.
func (u *User) DisplayIn(lang string) string {
	if u.Deleted {
		return FormerMember(lang)
	}
	return u.Display()
}

// FullName returns the name of the user as the person wrote it, or else the first and last name; "" if there is none.
func (u *User) FullName() string { return cmp.Or(u.DisplayName, joinNames(u.FirstName, u.LastName)) }

// joinNames joins a first and a last name. In Chinese, Japanese and Korean script the family name comes first, without a
// space.
func joinNames(first, last string) string {
	if name := last + first; eastAsian(name) {
		return name
	}
	return strings.TrimSpace(first + " " + last)
}

// eastAsian reports whether a name is in a script without spaces in names. Unicode assigns the sign for a long vowel (ー) to no
// script, because two scripts share it.
func eastAsian(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != 'ー' && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	})
}

const userColumns = "id, name, display_name, first_name, last_name, email, admin, disabled, lang, theme, created_at, last_seen, zone, zone_chosen, clock, deleted_at <> 0, " +
	"status_emoji, status_text, availability, status_until, " + looksAlike

// into returns the destinations for scanning userColumns. done sets the times of u, and cleans names that an earlier version stored.
func (u *User) into() (dest []any, done func()) {
	var created, seen, until int64
	s := &u.status
	dest = []any{&u.ID, &u.Name, &u.DisplayName, &u.FirstName, &u.LastName, &u.Email, &u.Admin, &u.Disabled, &u.Lang, &u.Theme, &created, &seen, &u.Zone, &u.ZoneChosen, &u.Clock, &u.Deleted,
		&s.Emoji, &s.Text, &s.Availability, &until, &u.LooksAlike}
	return dest, func() {
		u.Created, u.LastSeen, s.Until = moment(created), moment(seen), moment(until)
		u.DisplayName, u.FirstName, u.LastName = personName(u.DisplayName), personName(u.FirstName), personName(u.LastName)
		u.Email = label.Clean(u.Email)
	}
}

// The most values that the caches of users, sessions and rooms keep: some 20 MB of users or sessions, 3 MB of rooms.
const (
	maxCached      = 50_000
	maxCachedRooms = 10_000
)

// User returns the user with that id, ErrNotFound if there is none.
func (c *Chat) User(ctx context.Context, id int64) (*User, error) {
	return c.users.Load(id, func() (*User, error) { return c.loadUser(ctx, "id = ?", id) })
}

// UserByName returns the user with that username, in any case. Error: ErrNotFound.
func (c *Chat) UserByName(ctx context.Context, name string) (*User, error) {
	if len(name) > maxNameBytes {
		return nil, ErrNotFound
	}
	key := NameKey(name)
	if id, ok := c.names.Get(key); ok {
		return c.User(ctx, id)
	}
	users, names := c.users.Version(), c.names.Version()
	u, err := c.loadUser(ctx, "name_key = ?", key)
	if err == nil {
		c.users.Put(u.ID, u, users)
		c.names.Put(key, u.ID, names)
	}
	return u, err
}

func (c *Chat) loadUser(ctx context.Context, where string, arg any) (*User, error) {
	var u User
	dest, done := u.into()
	err := c.read.QueryRow(ctx, "SELECT "+userColumns+" FROM user WHERE "+where, []any{arg}, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("look for a user", err)
	}
	done()
	c.withMarks(&u)
	return &u, nil
}

// Credentials returns the user with that username and the password hash, for log-in. Error: ErrNotFound.
func (c *Chat) Credentials(ctx context.Context, name string) (u *User, hash string, err error) {
	if u, err = c.UserByName(ctx, name); err != nil {
		return nil, "", err
	}
	c.users.Delete(u.ID) // the command line may have changed it a moment ago
	if u, err = c.User(ctx, u.ID); err != nil {
		return nil, "", err
	}
	err = c.read.QueryRow(ctx, "SELECT password FROM user WHERE id = ?", []any{u.ID}, &hash)
	return u, hash, storage("read a password hash", err)
}

// UserQuery selects a page of users. The zero value selects everybody.
type UserQuery struct {
	Text   string // words that must all be in a name, in upper or lower case
	Emails bool   // the words may be in the e-mail address too
	Active bool   // without those who are disabled
	Admins bool   // only admins
	Lang   string // sorts by username in this language; "": by the keys of usernames
	Limit  int    // at most so many; 0: 100
	Offset int
}

// maxWords is how many words of a search are used.
const maxWords = 4

const userMatches = ` FROM user WHERE deleted_at = 0 AND (?1 = 0 OR disabled = 0) AND (?2 = 0 OR admin = 1)
	AND (instr(search, ?4) > 0 OR ?3 AND instr(lower(email), ?4) > 0)
	AND (instr(search, ?5) > 0 OR ?3 AND instr(lower(email), ?5) > 0)
	AND (instr(search, ?6) > 0 OR ?3 AND instr(lower(email), ?6) > 0)
	AND (instr(search, ?7) > 0 OR ?3 AND instr(lower(email), ?7) > 0)`

// Users returns the users who match q, by username, and the number of all matches.
func (c *Chat) Users(ctx context.Context, q UserQuery) (users []*User, total int, err error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	if q.Lang != "" {
		return c.sortedUsers(ctx, q)
	}
	words := append(strings.Fields(foldMarks(q.Text)), make([]string, maxWords)...)
	args := []any{q.Active, q.Admins, q.Emails, words[0], words[1], words[2], words[3]}
	if total, err = c.countUsers(ctx, q, args); err != nil {
		return nil, 0, err
	}
	rows, err := c.read.Query(ctx, "SELECT "+userColumns+userMatches+" ORDER BY name_key LIMIT ?8 OFFSET ?9", append(args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, 0, storage("list users", err)
	}
	users, err = scanUsers(rows)
	c.withMarks(users...)
	return users, total, err
}

// sortedUsers is Users in the order of a language.
func (c *Chat) sortedUsers(ctx context.Context, q UserQuery) (users []*User, total int, err error) {
	o := order{q.Lang, byUsername}
	var ids []int64
	if words := strings.Fields(foldMarks(q.Text)); len(words) > 0 || !q.Active || q.Admins {
		words = append(words, make([]string, maxWords)...)
		rows, err := c.read.Query(ctx, "SELECT id"+userMatches, q.Active, q.Admins, q.Emails, words[0], words[1], words[2], words[3])
		if err == nil {
			ids, err = scanIDs(rows)
		}
		if err != nil {
			return nil, 0, storage("list users", err)
		}
		if err := c.sortIDs(ctx, o, ids); err != nil {
			return nil, 0, err
		}
	} else {
		all, err := c.placesIn(ctx, o)
		if err != nil {
			return nil, 0, err
		}
		ids = all.ids
	}
	users, err = c.usersByID(ctx, pageOf(ids, q.Limit, q.Offset))
	return users, len(ids), err
}

// userCount is the number of active accounts at an age of the users.
type userCount struct{ age, n int }

// countUsers returns the number of users who match q. args are those of userMatches. Every lobby page needs the number of active
// accounts, so it is cached.
func (c *Chat) countUsers(ctx context.Context, q UserQuery, args []any) (n int, err error) {
	age := c.users.Version() + c.names.Version()
	everybody := strings.TrimSpace(q.Text) == "" && q.Active && !q.Admins
	if known := c.accounts.Load(); everybody && known != nil && known.age == age {
		return known.n, nil
	}
	if err := c.read.QueryRow(ctx, "SELECT count(*)"+userMatches, args, &n); err != nil {
		return 0, storage("count users", err)
	}
	if everybody {
		c.accounts.Store(&userCount{age, n})
	}
	return n, nil
}

// scanUsers reads rows of userColumns, and closes them.
func scanUsers(rows *sql.Rows) (users []*User, err error) {
	defer rows.Close()
	for rows.Next() {
		var u User
		dest, done := u.into()
		if err := rows.Scan(dest...); err != nil {
			return nil, storage("list users", err)
		}
		done()
		users = append(users, &u)
	}
	return users, storage("list users", rows.Err())
}

// searchText returns a text in the form in which a search of messages compares it.
func searchText(text string) string { return cases.Fold().String(text) }

// searched returns the text in which a search looks for u: all names.
func (u *User) searched() string {
	return foldMarks(u.Name + " " + u.DisplayName + " " + joinNames(u.FirstName, u.LastName))
}

// HasUsers reports whether there is an account. The first one becomes an admin. The last admin cannot be
// deleted, so true is final.
func (c *Chat) HasUsers(ctx context.Context) (some bool, err error) {
	if c.hasUsers.Load() {
		return true, nil
	}
	err = c.read.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM user)", nil, &some)
	if some {
		c.hasUsers.Store(true)
	}
	return some, storage("look for users", err)
}

// UsersAge returns a number that moves with every change of a user, in this process or another.
func (c *Chat) UsersAge() int { return c.users.Version() }

// changed removes a changed user from the cache and announces the change.
func (c *Chat) changed(ctx context.Context, id int64) error {
	c.users.Delete(id)
	c.forgetOrders()
	c.unread.clear()
	u, err := c.User(ctx, id)
	if err != nil {
		return fmt.Errorf("after a change: %w", err)
	}
	c.tellPeople(u, false)
	return c.retitle(ctx, id)
}
