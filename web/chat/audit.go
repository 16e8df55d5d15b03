package chat

import (
	"context"
	"fmt"
	"time"
)

// AuditEntry is something an admin did, kept for the other admins to read.
type AuditEntry struct {
	ID            int64
	By            string // the admin's username at the time
	What, Subject string // What is the suffix of a locale key: admin.log.<what>
	At            time.Time
}

// audit writes a deed beside what was done, in the same transaction. What people do to their own
// things is no deed.
func (c *Chat) audit(tx Tx, by Caller, what, subject string) error {
	if !by.Admin() {
		return nil
	}
	_, err := tx.Exec("INSERT INTO deed (user_id, user_name, what, subject, created_at) VALUES (?, ?, ?, ?, ?)",
		by.User.ID, by.User.Name, what, subject, millis(c.now()))
	if err != nil {
		return fmt.Errorf("note what the admin did: %w", err)
	}
	return nil
}

// AuditEntries are what admins did, the latest first, and how many there are in all.
func (c *Chat) AuditEntries(ctx context.Context, limit, offset int) ([]AuditEntry, int, error) {
	var total int
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM deed", nil, &total); err != nil {
		return nil, 0, storage("count deeds", err)
	}
	rows, err := c.read.Query(ctx, "SELECT id, user_name, what, subject, created_at FROM deed ORDER BY id DESC LIMIT ? OFFSET ?", limit, offset)
	if err != nil {
		return nil, 0, storage("list deeds", err)
	}
	defer rows.Close()
	var deeds []AuditEntry
	for rows.Next() {
		var d AuditEntry
		var at int64
		if err := rows.Scan(&d.ID, &d.By, &d.What, &d.Subject, &at); err != nil {
			return nil, 0, storage("list deeds", err)
		}
		d.At = moment(at)
		deeds = append(deeds, d)
	}
	return deeds, total, storage("list deeds", rows.Err())
}
