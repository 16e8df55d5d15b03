package migrate

import (
	"context"
	"errors"
	"testing"
)

func TestASchemaIsCompared(t *testing.T) {
	t.Parallel()
	steps := folder("CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT, y TEXT UNIQUE) STRICT; CREATE INDEX i ON a (y);", "ALTER TABLE a ADD COLUMN z TEXT")
	for change, want := range map[string]error{
		"SELECT 1":                          nil, // nothing
		"INSERT INTO a (y) VALUES ('some')": nil,
		"ANALYZE":                           nil,
		"CREATE TABLE b (x)":                ErrAltered,
		"CREATE VIEW v AS SELECT * FROM a":  ErrAltered,
		"CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END": ErrAltered,
		"CREATE INDEX j ON a (y)":                                     ErrAltered,
		"DROP INDEX i":                                                ErrAltered,
		"DROP INDEX i; CREATE INDEX i ON a (x)":                       ErrAltered,
		"ALTER TABLE a ADD COLUMN w TEXT":                             ErrAltered,
		"ALTER TABLE a ADD COLUMN w TEXT AS (upper(y)) VIRTUAL":       ErrAltered,
		"DROP TABLE a":                                                ErrAltered,
		"PRAGMA user_version = 1":                                     ErrAltered,
		"PRAGMA user_version = 0":                                     ErrForeign,
		"PRAGMA user_version = 3":                                     ErrNewer,
		"CREATE TABLE _litestream_seq (id INTEGER); CREATE TABLE _litestream_x (id INTEGER)": nil,
		"CREATE VIEW _litestream_v AS SELECT 1":                                              ErrAltered,
	} {
		_, conn := open(t, database(t))
		ctx := context.Background()
		if err := Run(ctx, conn, steps); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(ctx, change); err != nil {
			t.Fatal(change, err)
		}
		if err := DropTables(ctx, conn, "_litestream_"); err != nil {
			t.Error(change, err)
		}
		if err := CheckSchema(ctx, conn, steps); !errors.Is(err, want) {
			t.Errorf("%s: %v", change, err)
		}
	}
}
