package backup

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const testPatience = time.Minute

// database creates a database with so many rows in a new folder. As after a kill, it has a log, with the last ten rows. The
// other rows are in the database file.
func database(t testing.TB, rows int) (file string) {
	t.Helper()
	dir, left := t.TempDir(), filepath.Join(t.TempDir(), "left")
	db := open(t, filepath.Join(dir, "test.db"))
	run(t, db, "PRAGMA journal_mode = WAL", "PRAGMA user_version = 3",
		"CREATE TABLE line (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)", "CREATE TABLE pair (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID")
	insert(t, db, rows-10)
	run(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
	insert(t, db, 10)
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(left, "test.db")
}

func open(t testing.TB, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", address(file))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, queries ...string) {
	t.Helper()
	for _, q := range queries {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func insert(t testing.TB, db *sql.DB, rows int) {
	t.Helper()
	if rows > 0 {
		run(t, db, fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) INSERT INTO line (text) SELECT 'line ' || hex(randomblob(20)) || ' of some length' FROM n", rows))
	}
}

// contents returns the bytes of all files in a folder by name, without the files in skip, and without the index and the empty
// log that SQLite creates when it reads a database.
func contents(t testing.TB, dir string, skip ...string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(f.Name(), indexSuffix) && (len(b) > 0 || !strings.HasSuffix(f.Name(), logSuffix)) && !slices.Contains(skip, f.Name()) {
			all[f.Name()] = string(b)
		}
	}
	return all
}

// spoil overwrites part of a file.
func spoil(t testing.TB, file string, at int64, with string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(with), at)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// fold copies the log into the database file and empties it.
func fold(t testing.TB, file string) {
	t.Helper()
	db := open(t, file)
	run(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// root returns the number of the root page of a table or index, and the number of pages in the file.
func root(t testing.TB, file, name string) (page, pages int64) {
	t.Helper()
	db := open(t, file)
	defer db.Close()
	if err := db.QueryRow("SELECT rootpage, page_count FROM sqlite_schema, pragma_page_count WHERE name = ?", name).Scan(&page, &pages); err != nil {
		t.Fatal(err)
	}
	return page, pages
}

const page = 4096

func TestDamageIsRecognisedAndLeftAlone(t *testing.T) {
	t.Parallel()
	noise := strings.Repeat("\xa5", page)
	for name, damage := range map[string]func(file string) error{
		"another kind of file":  func(f string) error { return os.WriteFile(f, []byte(noise), 0o600) },
		"a few bytes":           func(f string) error { return os.WriteFile(f, []byte("SQLite"), 0o600) },
		"empty, with a log":     func(f string) error { return os.Truncate(f, 0) },
		"gone, with a log":      func(f string) error { return os.Remove(f) },
		"cut off, with a log":   func(f string) error { return os.Truncate(f, 30*page) },
		"cut off by one page":   func(f string) error { fold(t, f); return os.Truncate(f, size(f)-page) },
		"cut off within a page": func(f string) error { fold(t, f); return os.Truncate(f, size(f)-page-100) },
		"the header":            func(f string) error { fold(t, f); spoil(t, f, 16, "\xff\xff\xff\xff"); return nil },
		"the schema":            func(f string) error { fold(t, f); spoil(t, f, 100, noise[:200]); return nil },
		"the root of a table":   func(f string) error { p, _ := root(t, f, "line"); spoil(t, f, (p-1)*page, noise); return nil },
		"the root of an index": func(f string) error {
			p, _ := root(t, f, "sqlite_autoindex_line_1")
			spoil(t, f, (p-1)*page, noise)
			return nil
		},
		"a small table":        func(f string) error { p, _ := root(t, f, "pair"); spoil(t, f, (p-1)*page, noise); return nil },
		"a page in the middle": func(f string) error { spoil(t, f, leaves(t, f)[3], noise); return nil },
		"zeros in the middle": func(f string) error {
			_, n := root(t, f, "line")
			spoil(t, f, n/2*page, strings.Repeat("\x00", page))
			return nil
		},
		"restoring it was cut short":  func(f string) error { return errors.Join(os.Rename(f, f+wholeSuffix), os.Remove(f+logSuffix)) },
		"two pages have been swapped": func(f string) error { swap(t, f); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			file := database(t, 2000)
			if err := damage(file); err != nil {
				t.Fatal(err)
			}
			before := contents(t, filepath.Dir(file))
			err := Examine(file, testPatience)
			var d *DamagedError
			if !errors.As(err, &d) {
				t.Fatalf("found was %v", err)
			}
			if says := err.Error(); !strings.Contains(says, "hearth restore ") || strings.Contains(says, "\n") {
				t.Errorf("says %q", says)
			}
			if after := contents(t, filepath.Dir(file)); !maps.Equal(before, after) {
				t.Errorf("what was there was changed: %v, %v", slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
			}
		})
	}
}

// leaves returns the offsets of the pages with rows in a file, from page 20 on.
func leaves(t testing.TB, file string) (at []int64) {
	t.Helper()
	const leaf = 0x0d // the first byte of such a page (https://sqlite.org/fileformat.html, 1.6)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 20 * page; i < len(b); i += page {
		if b[i] == leaf {
			at = append(at, int64(i))
		}
	}
	return at
}

// swap exchanges two pages of a table.
func swap(t testing.TB, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := leaves(t, file)
	spoil(t, file, at[0], string(b[at[1]:at[1]+page]))
	spoil(t, file, at[1], string(b[at[0]:at[0]+page]))
}

func TestASoundDatabaseIsNotTakenForADamagedOne(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(file string) error{
		"as a kill leaves it": func(string) error { return nil },
		"as a stop leaves it": func(f string) error { fold(t, f); return nil },
		"nothing yet":         func(f string) error { return errors.Join(os.Remove(f), os.Remove(f+logSuffix)) },
		"empty":               func(f string) error { return errors.Join(os.Truncate(f, 0), os.Truncate(f+logSuffix, 0)) },
		"grown in its log": func(f string) error { // the file is shorter than the database
			db := open(t, f)
			run(t, db, "PRAGMA wal_autocheckpoint = 0")
			insert(t, db, 3000)
			left := t.TempDir()
			if err := os.CopyFS(left, os.DirFS(filepath.Dir(f))); err != nil {
				return err
			}
			return errors.Join(db.Close(), os.RemoveAll(filepath.Dir(f)), os.Rename(left, filepath.Dir(f)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := database(t, 2000)
			if err := prepare(file); err != nil {
				t.Fatal(err)
			}
			before := contents(t, filepath.Dir(file))
			if err := Examine(file, testPatience); err != nil {
				t.Error(err)
			}
			if after := contents(t, filepath.Dir(file)); !maps.Equal(before, after) {
				t.Errorf("what was there was changed")
			}
		})
	}
}

// When its time is over, Examine does not report damage in pages that it has not read. It still finds damage that costs
// little to find.
func TestExaminingEndsInTime(t *testing.T) {
	t.Parallel()
	noise := strings.Repeat("\xa5", page)
	for _, c := range []struct {
		name   string
		damage func(file string, pages int64) error
		found  bool
	}{
		{"in the middle", func(f string, _ int64) error { spoil(t, f, leaves(t, f)[3], noise); return nil }, false},
		{"cut off, with a log", func(f string, pages int64) error { return os.Truncate(f, pages/2*page) }, true},
		{"the last rows", func(f string, _ int64) error { fold(t, f); lastRows(t, f); return nil }, true},
		{"the schema", func(f string, _ int64) error { fold(t, f); spoil(t, f, 100, noise[:200]); return nil }, true},
	} {
		file := database(t, 2000)
		if err := c.damage(file, size(file)/page); err != nil {
			t.Fatal(err)
		}
		if err := Examine(file, time.Nanosecond); c.found != errors.As(err, new(*DamagedError)) || !c.found && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// lastRows overwrites the last page of a table.
func lastRows(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	table, _ := root(t, file, "line")
	const rightmost = 8 // the offset of the last child's number in an interior page (https://sqlite.org/fileformat.html, 1.6)
	last := int64(binary.BigEndian.Uint32(b[(table-1)*page+rightmost:]))
	spoil(t, file, (last-1)*page, strings.Repeat("\xa5", page))
}

func TestExplain(t *testing.T) {
	t.Parallel()
	if err := Explain("f", context.Canceled); err != context.Canceled {
		t.Error(err)
	}
}
