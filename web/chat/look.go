package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/ergochat/confusables"
)

// alike replaces ASCII characters that look like others in some fonts.
var alike = strings.NewReplacer("i", "l", "1", "l", "|", "l", "0", "o", "rn", "m", "vv", "w")

// labelLook returns a text that is equal for names that people may confuse beside a message. It makes more names equal than look
// does, because it refuses nobody: it only adds the username. Case, spaces and punctuation are ignored.
func labelLook(name string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, look(name))
	if bare == "" {
		bare = name
	}
	return alike.Replace(fold(confusables.SkeletonTweaked(bare)))
}

// looksAlike is the SQL condition that the name of a user can be confused with that of another user. It does not compare two
// usernames, because a new account cannot have a username that looks like an existing one.
const looksAlike = `EXISTS (SELECT 1 FROM user_look mine JOIN user_look other ON other.look = mine.look AND other.user_id <> mine.user_id
	WHERE mine.user_id = user.id AND (mine.full_name OR other.full_name))`

// maxNamesakes is for how many people a change is announced when a name becomes or ceases to be unique. The names of further
// people change when they are loaded again.
const maxNamesakes = 50

// looks are the labelLooks of the names of a person. full may be empty.
type looks struct{ username, full string }

func looksOf(u *User) looks { return looks{labelLook(u.Name), labelLook(u.FullName())} }

// storeLooks stores the looks of a user, and returns the other users whose shown name changes because of it.
func storeLooks(tx Tx, id int64, l looks) (changed []int64, err error) {
	namesakes := `SELECT DISTINCT user.id, ` + looksAlike + ` FROM user_look JOIN user ON user.id = user_look.user_id WHERE user_look.user_id <> ?1 AND
		(user_look.look IN (SELECT look FROM user_look WHERE user_id = ?1) OR user_look.look IN (?2, ?3)) LIMIT ?4`
	before, err := flags(tx, namesakes, id, l.username, l.full, maxNamesakes)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec("DELETE FROM user_look WHERE user_id = ?", id); err != nil {
		return nil, fmt.Errorf("forget what user %d looks like: %w", id, err)
	}
	if _, err := tx.Exec("INSERT INTO user_look (look, user_id, full_name) VALUES (?, ?, 0)", l.username, id); err != nil {
		return nil, fmt.Errorf("store what user %d looks like: %w", id, err)
	}
	if l.full != "" {
		if _, err := tx.Exec("INSERT INTO user_look (look, user_id, full_name) VALUES (?, ?, 1)", l.full, id); err != nil {
			return nil, fmt.Errorf("store what user %d looks like: %w", id, err)
		}
	}
	for other, was := range before {
		var is bool
		if err := tx.QueryRow("SELECT "+looksAlike+" FROM user WHERE id = ?", other).Scan(&is); err != nil {
			return nil, fmt.Errorf("look for namesakes of user %d: %w", id, err)
		}
		if is != was {
			changed = append(changed, other)
		}
	}
	return changed, nil
}

// flags runs a query for rows of an id and a flag.
func flags(tx Tx, query string, args ...any) (map[int64]bool, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for namesakes: %w", err)
	}
	found := map[int64]bool{}
	for rows.Next() {
		var id int64
		var flag bool
		if err := rows.Scan(&id, &flag); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		found[id] = flag
	}
	return found, errors.Join(rows.Err(), rows.Close())
}

// renamed announces the users whose shown name has changed because of another user's name.
func (c *Chat) renamed(ctx context.Context, others []int64) error {
	if len(others) > 0 {
		c.users.Clear() // also those beyond maxNamesakes
	}
	for _, id := range others {
		if err := c.changed(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// FillLooks stores the looks of accounts that were created by an earlier version. The server calls it at the start.
func (c *Chat) FillLooks(ctx context.Context) error {
	const batch = 1000
	for {
		rows, err := c.read.Query(ctx, "SELECT "+userColumns+" FROM user WHERE id NOT IN (SELECT user_id FROM user_look) LIMIT ?", batch)
		if err != nil {
			return storage("look for names", err)
		}
		users, err := scanUsers(rows)
		if err != nil || len(users) == 0 {
			return err
		}
		all := make([]looks, len(users))
		for i, u := range users {
			all[i] = looksOf(u)
		}
		err = c.disk.Write(ctx, func(tx Tx) error {
			for i, u := range users {
				if _, err := storeLooks(tx, u.ID, all[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return storage("store what names look like", err)
		}
		c.users.Clear()
	}
}
