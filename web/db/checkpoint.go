package db

import (
	"context"
	"errors"
	"fmt"

	"hearth/web/chat"
)

// checkpointWait is how long a checkpoint waits for readers of older snapshots, in milliseconds. Writes wait meanwhile.
const checkpointWait = 20

// LogPages returns how many pages are in SQLite's log, copied into the database file or not.
func (t *Tx) LogPages() (int, error) {
	var busy, pages, copied int
	if err := t.QueryRow("PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &copied); err != nil {
		return 0, fmt.Errorf("measure the log: %w", err)
	}
	return pages, nil
}

// Checkpoint copies SQLite's log into the database file, and reports whether it copied everything: a reader of an older snapshot
// needs the log. The next commit overwrites the log from its beginning. With truncate the log file is emptied too, which makes the
// next commits slower, because the file has to grow again: 1.8 times with one sender (go test -bench Store/1).
func (t *Tx) Checkpoint(truncate bool) (done bool, err error) {
	var patience int
	if err := t.conn.QueryRowContext(context.Background(), "PRAGMA busy_timeout").Scan(&patience); err != nil {
		return false, fmt.Errorf("read busy_timeout: %w", err)
	}
	if err := t.setBusyTimeout(checkpointWait); err != nil {
		return false, err
	}
	query := "PRAGMA wal_checkpoint(PASSIVE)"
	if truncate {
		query = "PRAGMA wal_checkpoint(TRUNCATE)"
	}
	var busy, pages, copied int
	err = t.conn.QueryRowContext(context.Background(), query).Scan(&busy, &pages, &copied)
	if err != nil {
		err = fmt.Errorf("checkpoint: %w", err)
	}
	return err == nil && busy == 0 && pages == copied, errors.Join(err, t.setBusyTimeout(patience))
}

func (t *Tx) setBusyTimeout(ms int) error {
	var set int
	if err := t.conn.QueryRowContext(context.Background(), fmt.Sprintf("PRAGMA busy_timeout(%d)", ms)).Scan(&set); err != nil {
		return fmt.Errorf("set busy_timeout: %w", err)
	}
	return nil
}

// ClearPages returns a job that overwrites the unused parts of pages in the log file with zeros. SQLite's secure_delete clears
// deleted rows, but leaves copies of rows that it moves to other pages. It returns nil if there is nothing to clear.
func ClearPages(log string, done func(error)) *Job {
	pages, err := leftovers(log)
	if err != nil {
		done(fmt.Errorf("read the log: %w", err))
		return nil
	}
	if len(pages) == 0 {
		return nil
	}
	return NewJob(func(tx chat.Tx) error {
		for _, number := range pages {
			if err := clearPage(tx, number); err != nil {
				return err
			}
		}
		return nil
	}, done)
}

// clearPage clears the unused part of a page. Another process may have changed the page since leftovers has read it.
func clearPage(tx chat.Tx, number uint32) error {
	var page []byte
	if err := tx.QueryRow("SELECT data FROM sqlite_dbpage WHERE pgno = ?", number).Scan(&page); err != nil {
		return fmt.Errorf("read page %d: %w", number, err)
	}
	unused := gap(page)
	if clean(unused) {
		return nil
	}
	clear(unused)
	if _, err := tx.Exec("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?", page, number); err != nil {
		return fmt.Errorf("write page %d: %w", number, err)
	}
	return nil
}
