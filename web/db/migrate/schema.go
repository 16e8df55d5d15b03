package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrAltered is the error of a database whose tables, indexes, triggers or views are not those that the steps create.
var ErrAltered = errors.New("its schema is not that of Hearth")

// CheckSchema compares the schema of a database with that of a new database to which the same steps were applied. It ignores
// the tables and indexes of SQLite itself. Errors: ErrAltered, ErrNewer, ErrForeign.
func CheckSchema(ctx context.Context, conn *sql.Conn, steps fs.FS) error {
	version, err := read(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	if err := fits(version, steps); err != nil {
		return err
	}
	want, err := schemaAfter(ctx, steps, version)
	if err != nil {
		return fmt.Errorf("make a schema to compare with: %w", err)
	}
	have, err := schema(ctx, conn)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	for name, text := range have {
		if want[name] != text {
			return fmt.Errorf("%w: it has another %s", ErrAltered, name)
		}
	}
	for name := range want {
		if _, there := have[name]; !there {
			return fmt.Errorf("%w: it has no %s", ErrAltered, name)
		}
	}
	return nil
}

// schemaAfter returns the schema of a new database after the first version steps.
func schemaAfter(ctx context.Context, steps fs.FS, version int) (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx) // each connection has a database of its own
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	names, err := list(steps)
	if err != nil {
		return nil, err
	}
	for i, name := range names[:version] {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return nil, err
		}
		if err := take(ctx, conn, i+1, string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return schema(ctx, conn)
}

// schema returns the SQL texts of the tables, indexes, triggers and views of a database, by kind and name.
func schema(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var kind, name, table, text string
		if err := rows.Scan(&kind, &name, &table, &text); err != nil {
			return nil, err
		}
		all[fmt.Sprintf("%s %q", kind, name)] = table + ": " + strings.Join(strings.Fields(text), " ")
	}
	return all, rows.Err()
}

// DropTables removes the tables whose names begin with prefix.
func DropTables(ctx context.Context, conn *sql.Conn, prefix string) error {
	rows, err := conn.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, length(?1)) = ?1", prefix)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	for _, name := range names {
		if _, err := conn.ExecContext(ctx, `DROP TABLE "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			return fmt.Errorf("remove the table %q: %w", name, err)
		}
	}
	return nil
}
