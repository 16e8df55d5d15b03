package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// settingHosts has the names under which admins have signed in, the oldest first, with spaces between.
const settingHosts = "hosts"

const (
	// maxHosts is how many such names are kept: a place has one to three.
	maxHosts = 32
	// maxHostName is the longest name of a host, in bytes (RFC 1035, section 2.3.4).
	maxHostName = 253
)

// ValidHost reports whether name can be the name of a host, in lower case: labels of ASCII letters,
// digits, - and _, with dots between them.
func ValidHost(name string) bool {
	if name == "" || len(name) > maxHostName {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// KnowsHost reports whether an admin has signed in under that name of the server.
func (c *Chat) KnowsHost(ctx context.Context, name string) (bool, error) {
	names, err := c.Setting(ctx, settingHosts)
	return slices.Contains(strings.Fields(names), name), err
}

// LearnHost stores a name of the server under which an admin has signed in. Beyond 32 names the
// oldest is forgotten. A name that is no host's is ignored. Error: storage.
func (c *Chat) LearnHost(ctx context.Context, name string) error {
	if !ValidHost(name) {
		return nil
	}
	err := c.disk.Write(ctx, func(tx Tx) error {
		var names string
		err := tx.QueryRow("SELECT value FROM setting WHERE name = ?", settingHosts).Scan(&names)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("load the known hosts: %w", err)
		}
		known := strings.Fields(names)
		if slices.Contains(known, name) {
			return nil
		}
		known = append(known, name)
		known = known[max(0, len(known)-maxHosts):]
		if _, err := tx.Exec("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingHosts, strings.Join(known, " ")); err != nil {
			return fmt.Errorf("store a known host: %w", err)
		}
		return nil
	})
	c.settings.clear()
	return storage("learn a host", err)
}
