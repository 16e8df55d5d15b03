package chat

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"hearth/web/limits"
)

// How long one-time sign-in links are valid: a person's own link, for a device at hand, and an admin's link, which is sent by mail.
const (
	OwnLinkLife   = 10 * time.Minute
	ResetLinkLife = 24 * time.Hour
)

// SigninLink is a link with which a browser can sign in once as User.
type SigninLink struct {
	User  *User
	Reset bool // the person chooses a new password with it
}

// CreateSigninLink returns the token of a new link. A link for the caller is valid for OwnLinkLife. With reset, which is for admins,
// the link is for any user, is valid for ResetLinkLife, and sets a new password. An earlier link of the same kind and user becomes
// void. Errors: not_allowed, user_disabled, rate_limited, storage.
func (c *Chat) CreateSigninLink(ctx context.Context, by Caller, u *User, reset bool) (token string, err error) {
	life := OwnLinkLife
	switch {
	case reset && !by.Admin(), !reset && (by.User == nil || by.User.ID != u.ID):
		return "", Errorf("not_allowed")
	case u.Disabled:
		return "", Errorf("user_disabled")
	case reset:
		life = ResetLinkLife
		err = c.Take(by, limits.Admin)
	default:
		err = c.Take(by, limits.SignInLinks)
	}
	if err != nil {
		return "", err
	}
	secret, hash := newToken()
	expires := millis(c.now().Add(life))
	err = c.disk.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO signin_link (token_hash, user_id, reset, expires_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (user_id, reset) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at`, hash[:], u.ID, reset, expires)
		if err != nil {
			return fmt.Errorf("insert a sign-in link: %w", err)
		}
		if !reset {
			return nil
		}
		return c.audit(tx, by, "signin_link", u.Name)
	})
	if err != nil {
		return "", storage("make a sign-in link", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret), nil
}

// SigninLink returns the link with that token. Error: signin_link, if it does not work any more.
func (c *Chat) SigninLink(ctx context.Context, token string) (*SigninLink, error) {
	var user int64
	var l SigninLink
	err := c.read.QueryRow(ctx, "SELECT user_id, reset FROM signin_link WHERE token_hash = ? AND expires_at > ?",
		[]any{linkHash(token), millis(c.now())}, &user, &l.Reset)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, Errorf("signin_link")
	}
	if err != nil {
		return nil, storage("look for a sign-in link", err)
	}
	l.User, err = c.User(ctx, user)
	if errors.Is(err, ErrNotFound) || err == nil && l.User.Disabled {
		return nil, Errorf("signin_link")
	}
	return &l, err
}

// UseSigninLink uses the link up and starts a session, as OpenSession does. For a link that sets a password, password is its hash,
// and all other sessions of the user end; otherwise it is "". Errors: signin_link, storage.
func (c *Chat) UseSigninLink(ctx context.Context, l *SigninLink, token, password string, b Browser, old int64) (cookie []byte, err error) {
	cookie, hash := newToken()
	s := c.newSession(b)
	s.UserID = l.User.ID
	var gone []int64
	err = c.disk.Write(ctx, func(tx Tx) error {
		res, err := tx.Exec(`DELETE FROM signin_link WHERE token_hash = ? AND user_id = ? AND reset = ? AND expires_at > ?
			AND EXISTS (SELECT 1 FROM user WHERE id = user_id AND disabled = 0)`, linkHash(token), l.User.ID, l.Reset, millis(c.now()))
		if err != nil {
			return fmt.Errorf("use a sign-in link: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return fmt.Errorf("use a sign-in link: %w", err)
		} else if n == 0 { // the link was used or replaced meanwhile, has expired, or its user was deactivated
			return Errorf("signin_link")
		}
		if gone, err = endSessions(tx, "id = ?", old); err != nil {
			return err
		}
		if l.Reset {
			out, err := replacePassword(tx, l.User.ID, password, 0)
			if err != nil {
				return err
			}
			gone = append(gone, out...)
		}
		return s.insert(tx, hash, l.User.ID, nil, nil)
	})
	if err != nil {
		return nil, storage("sign in with a link", err)
	}
	c.ended(gone)
	return cookie, nil
}

// replacePassword stores the hash of a new password and ends the user's sign-in links and sessions except one. It returns the ids
// of the ended sessions.
func replacePassword(tx Tx, user int64, hash string, except int64) (gone []int64, err error) {
	tx.Erase()
	if _, err = tx.Exec("UPDATE user SET password = ? WHERE id = ?", hash, user); err != nil {
		return nil, fmt.Errorf("store the password: %w", err)
	}
	if err := endSigninLinks(tx, user); err != nil {
		return nil, err
	}
	return endSessions(tx, "user_id = ? AND id <> ?", user, except)
}

func endSigninLinks(tx Tx, user int64) error {
	if _, err := tx.Exec("DELETE FROM signin_link WHERE user_id = ?", user); err != nil {
		return fmt.Errorf("end sign-in links: %w", err)
	}
	return nil
}

func linkHash(token string) []byte { return inviteHash(token) }
