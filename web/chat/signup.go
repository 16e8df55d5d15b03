package chat

import (
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"hearth/web/label"
	"hearth/web/limits"
)

// The longest profile fields, in characters. An address can't be longer (RFC 5321, section 4.5.3.1.3).
const (
	maxPersonName = 150
	maxEmail      = 254
)

// Profile is what people say of themselves. Every field may be empty.
type Profile struct{ FirstName, LastName, Email string }

// Check cleans p's fields and applies their rules. Errors, each on its field: name_too_long, bad_email.
func (p Profile) Check() (Profile, error) {
	for _, f := range []struct {
		name  *string
		field string
	}{{&p.FirstName, "first_name"}, {&p.LastName, "last_name"}} {
		if utf8.RuneCountInString(strings.TrimSpace(*f.name)) > maxPersonName {
			return p, Errorf("name_too_long", "max", maxPersonName).On(f.field)
		}
		*f.name = personName(*f.name)
	}
	p.Email = strings.TrimSpace(p.Email)
	return p, checkEmail(p.Email)
}

// atSigns are left out of people's names: "Ada (@bob)" would pass for somebody with the username bob.
var atSigns = strings.NewReplacer("@", "", "＠", "", "﹫", "")

// personName is a first or last name as it is kept and shown.
func personName(s string) string { return label.Clean(atSigns.Replace(s)) }

func checkEmail(s string) error {
	if s == "" {
		return nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail || label.Clean(s) != s {
		return Errorf("bad_email").On("email")
	}
	return nil
}

// NewUser is an account to be made. Name, Password and the profile are from the form as they are.
type NewUser struct {
	Name     string
	Password string // the hash, not the password
	Profile
	Admin  bool
	First  bool   // it may be made only because nobody has an account yet
	Invite string // the token of an invitation to be used up, "" for none
	Lang   string
}

// CheckName reports whether an account could be called so now. Errors, on the field username:
// name_empty, name_too_long, name_characters, name_taken.
func (c *Chat) CheckName(ctx context.Context, name string) error {
	name, key, err := Username(name)
	if err != nil {
		return err.(*Error).On("username")
	}
	var taken bool
	err = c.read.QueryRow(ctx, nameTaken, []any{key, look(name)}, &taken)
	if taken {
		return Errorf("name_taken").On("username")
	}
	return storage("look for a name", err)
}

const nameTaken = "SELECT EXISTS (SELECT 1 FROM user WHERE name_key = ?1 OR name_look = ?2)"

// CreateUser makes an account. The first one is an admin's. by is who makes it, the zero Caller
// for somebody who signs up; whether that is allowed is for the caller to know. Guests who go by
// the same name lose it. Errors: those of CheckName and Profile.Check, invite_used, first_taken, storage.
func (c *Chat) CreateUser(ctx context.Context, by Caller, n NewUser) (*User, error) {
	name, key, err := Username(n.Name)
	if err != nil {
		return nil, err.(*Error).On("username")
	}
	if n.Profile, err = n.Profile.Check(); err != nil {
		return nil, err
	}
	if by.Admin() {
		if err := c.Take(by, limits.Admin); err != nil {
			return nil, err
		}
	}
	n.Name = name
	u := &User{Name: name, FirstName: n.FirstName, LastName: n.LastName, Email: n.Email, Admin: n.Admin, Lang: n.Lang, Created: moment(millis(c.now()))}
	looks := looksOf(u)
	var guests, others []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		if err := c.useInvite(tx, n.Invite); err != nil {
			return err
		}
		if err := insertUser(tx, u, key, n); err != nil {
			return err
		}
		if others, err = storeLooks(tx, u.ID, looks); err != nil {
			return err
		}
		if guests, err = endSessions(tx, "guest_key = ? OR guest_look = ?", key, look(name)); err != nil {
			return err
		}
		return c.audit(tx, by, "user_created", u.Name)
	})
	if err != nil {
		return nil, storage("create a user", err)
	}
	c.ended(guests)
	c.users.drop(u.ID)
	c.users.appear(key)
	ctx = context.WithoutCancel(ctx) // what was stored takes effect, whoever has gone
	if u, err = c.User(ctx, u.ID); err != nil {
		return nil, err
	}
	if c.watch != nil {
		c.watch(u, true)
	}
	return u, c.renamed(ctx, others)
}

// insertUser stores u, made of n, and gives it its id; the first user becomes an admin. Errors:
// name_taken, first_taken.
func insertUser(tx Tx, u *User, key string, n NewUser) error {
	var taken, some bool
	if err := tx.QueryRow(nameTaken, key, look(u.Name)).Scan(&taken); err != nil {
		return fmt.Errorf("look for the name: %w", err)
	}
	if taken {
		return Errorf("name_taken").On("username")
	}
	if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user)").Scan(&some); err != nil {
		return fmt.Errorf("look for the first user: %w", err)
	}
	if n.First && some {
		return Errorf("first_taken")
	}
	u.Admin = u.Admin || !some
	res, err := tx.Exec(`INSERT INTO user (name, name_key, name_look, first_name, last_name, email, search, password, admin, lang, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, u.Name, key, look(u.Name), u.FirstName, u.LastName, u.Email,
		u.searched(), n.Password, u.Admin, u.Lang, millis(u.Created))
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	u.ID, err = res.LastInsertId()
	return err
}
