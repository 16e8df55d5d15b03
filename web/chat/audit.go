package chat

import (
	"context"
	"fmt"
	"time"
)

// AuditEntry is an entry of the audit log: something that an admin did.
type AuditEntry struct {
	ID            int64
	By            string // the admin's username at the time
	What, Subject string // What is the suffix of a locale key: admin.log.<what>
	At            time.Time
}

// audit adds an entry to the audit log in the transaction of the change. Only changes by admins are logged, and not those
// of their own account or messages.
func (c *Chat) audit(tx Tx, by Caller, what, subject string) error {
	if !by.Admin() {
		return nil
	}
	_, err := tx.Exec("INSERT INTO deed (user_id, user_name, what, subject, created_at) VALUES (?, ?, ?, ?, ?)",
		by.User.ID, by.User.Name, what, subject, millis(c.now()))
	if err != nil {
		return fmt.Errorf("add to the audit log: %w", err)
	}
	return nil
}

// AuditEntries returns a page of the audit log, the latest entry first, and the number of all entries.
func (c *Chat) AuditEntries(ctx context.Context, limit, offset int) ([]AuditEntry, int, error) {
	var total int
	if err := c.read.QueryRow(ctx, "SELECT count(*) FROM deed", nil, &total); err != nil {
		return nil, 0, storage("count the audit log", err)
	}
	rows, err := c.read.Query(ctx, "SELECT id, user_name, what, subject, created_at FROM deed ORDER BY id DESC LIMIT ? OFFSET ?", limit, offset)
	if err != nil {
		return nil, 0, storage("list the audit log", err)
	}
	defer rows.Close()
	var entries []AuditEntry
	for rows.Next() {
		var d AuditEntry
		var at int64
		if err := rows.Scan(&d.ID, &d.By, &d.What, &d.Subject, &at); err != nil {
			return nil, 0, storage("list the audit log", err)
		}
		d.At = moment(at)
		entries = append(entries, d)
	}
	return entries, total, storage("list the audit log", rows.Err())
}
