// Package console is what is typed and read where Hearth runs: the commands that look after accounts
// and backups, and the greeting of the server. What went wrong comes back as one sentence.
package console

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"hearth/web/backup"
	"hearth/web/chat"
	"hearth/web/folder"
	"hearth/web/migrate"
)

// Console runs commands. They work beside a running server or without one, but for Restore.
type Console struct {
	In  *os.File // where passwords are typed, or piped in
	Out io.Writer
	// Open opens the chat whose data folder is data, and returns what closes it again.
	Open func(data string) (c *chat.Chat, done func() error, err error)
	// Hash makes of a password what is stored of it.
	Hash func(password string) (string, error)
}

// UsageError is a mistake on the command line.
type UsageError struct{ error }

// Usagef makes a UsageError, as fmt.Errorf makes errors.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// FolderError says in a sentence why the data folder dir can't be used.
func FolderError(dir string, err error) error {
	if errors.As(err, new(*backup.DamagedError)) {
		return err
	}
	if errors.Is(err, folder.ErrInUse) || errors.Is(err, folder.ErrNone) || errors.Is(err, migrate.ErrNewer) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if errors.Is(err, fs.ErrPermission) || backup.Denied(err) {
		if owner := ownerOf(dir); owner != "" {
			return fmt.Errorf("can't use the data folder %s: it belongs to %s; run Hearth as that user, as in: sudo -u %s hearth … (%w)", dir, owner, owner, err)
		}
	}
	return fmt.Errorf("can't use the data folder %s: %w", dir, err)
}

// ownerOf is who the folder, or the database in it, belongs to; "" if that is this process's user.
func ownerOf(dir string) string {
	if owner := folder.Owner(dir); owner != "" {
		return owner
	}
	return folder.Owner(folder.Database(dir))
}

// flags are a command's, without the words beside them.
type flags struct {
	*flag.FlagSet
	data string
}

// newFlags has the flag that all commands take, -data.
func newFlags(command string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("hearth "+command, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	data := os.Getenv("HEARTH_DATA")
	if data == "" {
		data = "./hearth-data"
	}
	f.StringVar(&f.data, "data", data, "")
	return f
}

// words parses args: flags may stand before, between and after the words that are returned.
func (f *flags) words(args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, Usagef("%w; `hearth help` shows how", err)
		}
		if args = f.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
}
