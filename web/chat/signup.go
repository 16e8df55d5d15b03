package chat

import (
	"context"
	"errors"
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
type Profile struct {
	DisplayName string // as others see it; "": the first and last name joined
	FirstName   string
	LastName    string
	Email       string
}

// Check cleans p's fields and applies their rules. A display name that only joins the first and last name is left out: it
// follows them. Errors, each on its field: name_too_long, bad_email.
func (p Profile) Check() (Profile, error) {
	for _, f := range []struct {
		name  *string
		field string
	}{{&p.DisplayName, "name"}, {&p.FirstName, "first_name"}, {&p.LastName, "last_name"}} {
		if utf8.RuneCountInString(strings.TrimSpace(*f.name)) > maxPersonName {
			return p, Errorf("name_too_long", "max", maxPersonName).On(f.field)
		}
		*f.name = personName(*f.name)
	}
	if p.DisplayName == joinNames(p.FirstName, p.LastName) {
		p.DisplayName = ""
	}
	p.Email = strings.TrimSpace(p.Email)
	return p, checkEmail(p.Email)
}

// atSigns removes @ from names of people: "Ada (@bob)" would look like a person with the username bob.
var atSigns = strings.NewReplacer("@", "", "＠", "", "﹫", "")

// personName returns a name of a person as it is stored and shown.
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

// NewUser is an account to be created. Name and the profile are as they were typed.
type NewUser struct {
	Name     string
	Password string // the hash, not the password
	Profile
	Admin  bool
	First  bool   // for SignUp: this person may create the first account
	Invite string // for SignUp: the token of an invitation, "" for none
	Lang   string
}

// CheckName returns why an account cannot have that username now. Errors, on the field username:
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

// nameTaken selects whether a username with the key ?1 and the look ?2 is taken, or was that of a deleted account.
const nameTaken = "SELECT EXISTS (SELECT 1 FROM user WHERE name_key = ?1 OR name_look = ?2) OR EXISTS (SELECT 1 FROM former_name WHERE name_key = ?1 OR name_look = ?2)"

// MaySignUp reports why a person can't sign up now; nil if it can. first says that the person may create the first account,
// invite is the token of an invitation, "" for none. Errors: first_account, signup_closed, signup_invite, invite_used, storage.
func (c *Chat) MaySignUp(ctx context.Context, first bool, invite string) error {
	some, err := c.HasUsers(ctx)
	if err != nil {
		return err
	}
	policy, err := c.SignupPolicy(ctx)
	if err != nil {
		return err
	}
	needed, err := signupRule(some, first, policy, invite)
	if err != nil || !needed {
		return err
	}
	valid, err := c.InviteValid(ctx, invite)
	if err == nil && !valid {
		err = Errorf("invite_used")
	}
	return err
}

// signupRule decides who can sign up. The first account is subject to no policy. needsInvite reports that the invitation
// is needed, and that it must be valid. Errors: first_account, signup_closed, signup_invite.
func signupRule(some, first bool, policy, invite string) (needsInvite bool, err error) {
	switch {
	case !some && !first:
		return false, Errorf("first_account")
	case !some || policy == "open":
		return false, nil
	case policy == "closed":
		return false, Errorf("signup_closed")
	case invite == "":
		return false, Errorf("signup_invite")
	}
	return true, nil
}

// SignUp creates an account for a person without one. The rules apply at the moment at which the account is stored: an
// invitation serves as many people as it says, and there is one first account. The invitation is used up only if one is
// needed. Errors: those of CreateUser and MaySignUp; first_taken instead of the latter if n.First is set and another person
// has created the first account meanwhile.
func (c *Chat) SignUp(ctx context.Context, n NewUser) (*User, error) {
	return c.createUser(ctx, Caller{}, n, func(tx Tx, some bool) error {
		policy, err := c.signupPolicyIn(tx)
		if err != nil {
			return err
		}
		needsInvite, err := signupRule(some, n.First, policy, n.Invite)
		if err == nil && needsInvite {
			err = c.useInvite(tx, n.Invite)
		}
		var refused *Error
		if some && n.First && errors.As(err, &refused) {
			return Errorf("first_taken")
		}
		return err
	})
}

// CreateUser creates an account on behalf of an admin or the command line. The first account is an admin's. Guests with the
// same name lose it. Errors: those of CheckName and Profile.Check, rate_limited, storage.
func (c *Chat) CreateUser(ctx context.Context, by Caller, n NewUser) (*User, error) {
	if by.Admin() {
		if err := c.Take(by, limits.Admin); err != nil {
			return nil, err
		}
	}
	return c.createUser(ctx, by, n, func(Tx, bool) error { return nil })
}

// createUser creates an account if allowed agrees, which is called in the transaction and told whether there are accounts.
func (c *Chat) createUser(ctx context.Context, by Caller, n NewUser, allowed func(tx Tx, some bool) error) (*User, error) {
	name, key, err := Username(n.Name)
	if err != nil {
		return nil, err.(*Error).On("username")
	}
	if n.Profile, err = n.Profile.Check(); err != nil {
		return nil, err
	}
	n.Name = name
	u := &User{Name: name, DisplayName: n.DisplayName, FirstName: n.FirstName, LastName: n.LastName, Email: n.Email, Admin: n.Admin, Lang: n.Lang, Created: moment(millis(c.now()))}
	looks := looksOf(u)
	var guests, others []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		var some bool
		if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM user)").Scan(&some); err != nil {
			return fmt.Errorf("look for the first user: %w", err)
		}
		if err := allowed(tx, some); err != nil {
			return err
		}
		u.Admin = u.Admin || !some
		if err := insertUser(tx, u, key, n.Password); err != nil {
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
	c.users.Delete(u.ID)
	c.appear(key)
	ctx = context.WithoutCancel(ctx) // what was stored takes effect, whoever has gone
	if u, err = c.User(ctx, u.ID); err != nil {
		return nil, err
	}
	c.tellPeople(u, true)
	return u, c.renamed(ctx, others)
}

// insertUser stores u and sets its id. Error: name_taken.
func insertUser(tx Tx, u *User, key, passwordHash string) error {
	var taken bool
	if err := tx.QueryRow(nameTaken, key, look(u.Name)).Scan(&taken); err != nil {
		return fmt.Errorf("look for the name: %w", err)
	}
	if taken {
		return Errorf("name_taken").On("username")
	}
	res, err := tx.Exec(`INSERT INTO user (name, name_key, name_look, display_name, first_name, last_name, email, search, password, admin, lang, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, u.Name, key, look(u.Name), u.DisplayName, u.FirstName, u.LastName, u.Email,
		u.searched(), passwordHash, u.Admin, u.Lang, millis(u.Created))
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	u.ID, err = res.LastInsertId()
	return err
}
