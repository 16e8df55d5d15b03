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

// Backup runs `hearth backup`: it copies the database to a new file. Errors: UsageError, those of
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

// Restore runs `hearth restore`: it puts a backup in the place of the database, which no server may
// have open. Errors: UsageError, datadir.ErrInUse, migrate.ErrNewer, those of backup.Restore.
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

// deniedBy names the owner of the data folder if that is the reason for err.
func deniedBy(data string, err error) error {
	if (errors.Is(err, fs.ErrPermission) || backup.Denied(err)) && ownerOf(data) != "" {
		return FolderError(data, err)
	}
	return err
}

// printMade says where a data folder was made: one that was named by mistake is found by that.
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

// restore returns the name under which what was there is kept.
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

// prepare brings a backup to today's schema and has its rooms go on elsewhere. Tables of Litestream, which
// copies databases elsewhere, are left out; anything else that no version of Hearth has made is refused.
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
