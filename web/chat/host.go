package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// settingHosts contains the host names under which admins have signed in, the oldest first, separated by spaces.
const settingHosts = "hosts"

const (
	// maxHosts is how many host names are stored. A server has one to three.
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

// Hosts returns the host names under which admins have signed in, the oldest first.
func (c *Chat) Hosts(ctx context.Context) ([]string, error) {
	names, err := c.Setting(ctx, settingHosts)
	return strings.Fields(names), err
}

// KnowsHost reports whether an admin has signed in under that host name.
func (c *Chat) KnowsHost(ctx context.Context, name string) (bool, error) {
	names, err := c.Hosts(ctx)
	return slices.Contains(names, name), err
}

// LearnHost stores a host name under which an admin has signed in. Beyond 32 names, the oldest is removed. An invalid name is
// ignored. Error: storage.
func (c *Chat) LearnHost(ctx context.Context, name string) error {
	if !ValidHost(name) {
		return nil
	}
	return c.changeHosts(ctx, func(_ Tx, known []string) ([]string, error) {
		if slices.Contains(known, name) {
			return known, nil
		}
		known = append(known, name)
		return known[max(0, len(known)-maxHosts):], nil
	})
}

// ForgetHost removes a host name. An unknown name is not an error. Errors: not_allowed, rate_limited, storage.
func (c *Chat) ForgetHost(ctx context.Context, by Caller, name string) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	return c.changeHosts(ctx, func(tx Tx, known []string) ([]string, error) {
		return slices.DeleteFunc(known, func(s string) bool { return s == name }), c.audit(tx, by, "settings", "")
	})
}

func (c *Chat) changeHosts(ctx context.Context, change func(tx Tx, known []string) ([]string, error)) error {
	err := c.disk.Write(ctx, func(tx Tx) error {
		var names string
		err := tx.QueryRow("SELECT value FROM setting WHERE name = ?", settingHosts).Scan(&names)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("load the known hosts: %w", err)
		}
		known, err := change(tx, strings.Fields(names))
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingHosts, strings.Join(known, " ")); err != nil {
			return fmt.Errorf("store the known hosts: %w", err)
		}
		return nil
	})
	c.settings.Clear()
	return storage("change the known hosts", err)
}
