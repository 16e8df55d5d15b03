// Package migrate updates a SQLite database to the current schema. The migrations are the .sql files of a folder, called
// steps here, in the order of their names. PRAGMA user_version is the number of steps that were applied. A step cannot be
// undone. The program must register the driver "sqlite".
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
)

// ErrNewer is the error of a database of a newer version, with migrations that are unknown here.
var ErrNewer = errors.New("this database was written by a newer Hearth; use that version (nothing was changed)")

// ErrForeign is the error of a database to which no step was applied.
var ErrForeign = errors.New("it is not Hearth's")

// Check returns ErrNewer if the database at dsn is of a newer version and must not be written to. It only reads.
func Check(ctx context.Context, dsn string, steps fs.FS) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	version, err := read(ctx, db)
	if err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	if err := fits(version, steps); err != nil && !errors.Is(err, ErrForeign) {
		return err
	}
	return nil
}

// fits checks that a database of that version can be updated to the current schema. Errors: ErrNewer, ErrForeign.
func fits(version int, steps fs.FS) error {
	names, err := list(steps)
	switch {
	case err != nil:
		return err
	case version == 0:
		return ErrForeign
	case version > len(names):
		return ErrNewer
	}
	return nil
}

// Up is Run for a database that may not be of this program. Errors: ErrNewer, ErrForeign.
func Up(ctx context.Context, conn *sql.Conn, steps fs.FS) error {
	version, err := read(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	if err := fits(version, steps); err != nil {
		return err
	}
	return Run(ctx, conn, steps)
}

// Run applies the missing steps, each in a transaction of its own. If a step fails, the earlier ones stay applied. Several
// processes may run it on one database at once.
func Run(ctx context.Context, conn *sql.Conn, steps fs.FS) error {
	names, err := list(steps)
	if err != nil {
		return err
	}
	for i, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return fmt.Errorf("read migration %s: %w", name, err)
		}
		if err := take(ctx, conn, i+1, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

// list returns the names of the steps, in their order.
func list(steps fs.FS) ([]string, error) {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("list the migrations: %w", err)
	}
	return names, nil
}

// take applies one step. It reads the version inside the transaction, because another process may have applied the step
// meanwhile.
func take(ctx context.Context, conn *sql.Conn, version int, step string) (err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, undo := conn.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, undo)
		}
	}()
	have, err := read(ctx, conn)
	if err != nil {
		return err
	}
	if have < version {
		if _, err := conn.ExecContext(ctx, step); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return err
}

// rower is a *sql.DB or a *sql.Conn.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func read(ctx context.Context, db rower) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
