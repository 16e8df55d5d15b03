package chat

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"hearth/web/limits"
)

// The limits of one invitation. It has limits because people pass links on.
const (
	maxInviteUses = 1000
	maxInviteDays = 365
)

// Invite is an open invitation. Its token is not stored: a lost link has to be replaced.
type Invite struct {
	ID               int64
	By               string // the username of its creator, "" if that account does not exist any more
	Created, Expires time.Time
	UsesLeft         int
}

// CreateInvite creates an invitation with which that many people can sign up within that many days, and returns its token.
// Errors: not_allowed, bad_number (on the field uses or days), rate_limited, storage.
func (c *Chat) CreateInvite(ctx context.Context, by Caller, uses, days int) (token string, err error) {
	switch {
	case !by.Admin():
		return "", Errorf("not_allowed")
	case uses < 1 || uses > maxInviteUses:
		return "", Errorf("bad_number", "min", 1, "max", maxInviteUses).On("uses")
	case days < 1 || days > maxInviteDays:
		return "", Errorf("bad_number", "min", 1, "max", maxInviteDays).On("days")
	}
	if err := c.Take(by, limits.Invitations); err != nil {
		return "", err
	}
	secret, hash := newToken()
	now := c.now()
	err = c.disk.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO invite (token_hash, created_by, created_at, expires_at, uses_left) VALUES (?, ?, ?, ?, ?)",
			hash[:], by.User.ID, millis(now), millis(now.AddDate(0, 0, days)), uses)
		if err != nil {
			return fmt.Errorf("insert invitation: %w", err)
		}
		return c.audit(tx, by, "invite_created", "")
	})
	if err != nil {
		return "", storage("create an invitation", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret), nil
}

// InviteValid reports whether a person may sign up with that token now.
func (c *Chat) InviteValid(ctx context.Context, token string) (valid bool, err error) {
	err = c.read.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM invite WHERE token_hash = ? AND expires_at > ? AND uses_left > 0)",
		[]any{inviteHash(token), millis(c.now())}, &valid)
	return valid, storage("look for an invitation", err)
}

// useInvite takes one use off the invitation with that token. Error: invite_used.
func (c *Chat) useInvite(tx Tx, token string) error {
	res, err := tx.Exec("UPDATE invite SET uses_left = uses_left - 1 WHERE token_hash = ? AND expires_at > ? AND uses_left > 0",
		inviteHash(token), millis(c.now()))
	if err != nil {
		return fmt.Errorf("use an invitation: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return fmt.Errorf("use an invitation: %w", err)
	} else if n == 0 {
		return Errorf("invite_used")
	}
	return nil
}

// Invites returns a page of the open invitations, the newest first, and the number of all. Error: storage.
func (c *Chat) Invites(ctx context.Context, limit, offset int) (invites []Invite, total int, err error) {
	now := millis(c.now())
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM invite WHERE expires_at > ? AND uses_left > 0", []any{now}, &total); err != nil {
		return nil, 0, storage("count invitations", err)
	}
	rows, err := c.read.Query(ctx, `SELECT i.id, coalesce(u.name, ''), i.created_at, i.expires_at, i.uses_left
		FROM invite i LEFT JOIN user u ON u.id = i.created_by WHERE i.expires_at > ? AND i.uses_left > 0 ORDER BY i.id DESC LIMIT ? OFFSET ?`, now, limit, offset)
	if err != nil {
		return nil, 0, storage("list invitations", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i Invite
		var created, expires int64
		if err := rows.Scan(&i.ID, &i.By, &created, &expires, &i.UsesLeft); err != nil {
			return nil, 0, storage("list invitations", err)
		}
		i.Created, i.Expires = moment(created), moment(expires)
		invites = append(invites, i)
	}
	return invites, total, storage("list invitations", rows.Err())
}

// RevokeInvite revokes an invitation. It is not an error if the invitation does not exist. Errors: not_allowed, rate_limited,
// storage.
func (c *Chat) RevokeInvite(ctx context.Context, by Caller, id int64) error {
	if !by.Admin() {
		return Errorf("not_allowed")
	}
	if err := c.Take(by, limits.Invitations); err != nil {
		return err
	}
	err := c.disk.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM invite WHERE id = ?", id); err != nil {
			return fmt.Errorf("delete an invitation: %w", err)
		}
		return c.audit(tx, by, "invite_revoked", "")
	})
	return storage("revoke an invitation", err)
}

// inviteHash returns the hash of a token. A token that is not Base64 has a hash that no invitation has.
func inviteHash(token string) []byte {
	secret, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil
	}
	hash := sha256.Sum256(secret)
	return hash[:]
}
