package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"hearth/web/chat"
	"hearth/web/db/backup"
	"hearth/web/db/datadir"
	"hearth/web/db/migrate"
)

// Backup runs `hearth backup`: it copies the database to a new file. Errors: UsageError, datadir.ErrNone, those of
// backup.Make.
func (c Commands) Backup(ctx context.Context, args []string) error {
	data, file, err := c.dataAndFile("backup", args)
	if err != nil {
		return err
	}
	if err := datadir.Check(data); err != nil {
		return FolderError(data, err)
	}
	if err := backup.Make(ctx, datadir.Database(data), file); err != nil {
		return deniedBy(data, err)
	}
	fmt.Fprintf(c.Out, "%s is a copy of the database, and it is sound.\n", file)
	return nil
}

// Restore runs `hearth restore`: it replaces the database by a backup. No server may have the database open. Errors:
// UsageError, datadir.ErrInUse, migrate.ErrNewer, those of backup.Restore.
func (c Commands) Restore(ctx context.Context, args []string) error {
	data, file, err := c.dataAndFile("restore", args)
	if err != nil {
		return err
	}
	made := !exists(data)
	aside, err := restore(ctx, data, file)
	if err != nil {
		return FolderError(data, err)
	}
	if made {
		c.printMade(data)
	}
	fmt.Fprintf(c.Out, "The database is that of %s now.\n", file)
	if aside != "" {
		fmt.Fprintf(c.Out, "What was there is kept as %s.\n", aside)
	}
	return nil
}

// deniedBy adds the owner of the data folder to err if access was denied and the folder belongs to another user.
func deniedBy(data string, err error) error {
	if (errors.Is(err, fs.ErrPermission) || backup.Denied(err)) && ownerOf(data) != "" {
		return FolderError(data, err)
	}
	return err
}

// printMade prints the path of a new data folder, so that the person notices a folder that was created by mistake.
func (c Commands) printMade(data string) {
	path, err := filepath.Abs(data)
	if err != nil {
		path = data
	}
	fmt.Fprintf(c.Out, "Made the data folder %s\n", path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// restore runs the command in a data folder, and returns the name of the file that contains the old database, "" if there
// was none.
func restore(ctx context.Context, data, from string) (aside string, err error) {
	if err := datadir.Make(data); err != nil {
		return "", err
	}
	lock, err := datadir.Lock(data)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	aside, err = backup.Restore(ctx, from, datadir.Database(data), time.Now(), prepare)
	return aside, errors.Join(err, datadir.Tidy(data))
}

// prepare migrates a backup to the current schema and starts new sequences in its rooms. It removes the tables that
// Litestream, a tool for replication, adds to a database. It refuses any other difference from the schema of Hearth. Errors:
// those of migrate.CheckSchema and migrate.Up.
func prepare(ctx context.Context, conn *sql.Conn) error {
	if err := migrate.DropTables(ctx, conn, "_litestream_"); err != nil {
		return err
	}
	if err := migrate.CheckSchema(ctx, conn, chat.Migrations()); err != nil {
		return err
	}
	if err := migrate.Up(ctx, conn, chat.Migrations()); err != nil {
		return err
	}
	return chat.EndSequences(ctx, conn)
}

func (c Commands) dataAndFile(command string, args []string) (data, file string, err error) {
	f := c.newFlags(command)
	words, err := f.words(args)
	if err != nil {
		return "", "", err
	}
	if len(words) != 1 {
		return "", "", wrongArguments(command, len(words))
	}
	return f.data, words[0], nil
}
