// Package cli implements the subcommands of the program, which manage accounts and backups, and the banner that the
// server prints at its start. Errors are single sentences for the person at the terminal.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"hearth/web/chat"
	"hearth/web/db/backup"
	"hearth/web/db/datadir"
	"hearth/web/db/migrate"
)

// Commands runs subcommands. All but Restore work beside a running server as well as without one.
type Commands struct {
	In  *os.File // passwords are read from it: a terminal or a pipe
	Out io.Writer
	// Open opens the chat in a data folder. The caller must call done.
	Open func(data string) (c *chat.Chat, done func() error, err error)
	// Hash returns the hash of a password that is stored.
	Hash func(password string) (string, error)
}

// UsageError is an error in the arguments.
type UsageError struct{ error }

// Usagef formats a UsageError like fmt.Errorf.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// FolderError wraps an error of the data folder dir in a sentence that says what to do.
func FolderError(dir string, err error) error {
	if errors.As(err, new(*backup.DamagedError)) {
		return err
	}
	if errors.Is(err, datadir.ErrInUse) || errors.Is(err, datadir.ErrNone) || errors.Is(err, migrate.ErrNewer) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if errors.Is(err, fs.ErrPermission) || backup.Denied(err) {
		if owner := ownerOf(dir); owner != "" {
			return fmt.Errorf("can't use the data folder %s: it belongs to %s; run Hearth as that user, as in: sudo -u %s hearth … (%w)", dir, owner, owner, err)
		}
	}
	return fmt.Errorf("can't use the data folder %s: %w", dir, err)
}

// ownerOf returns the owner of the folder, or of the database in it; "" if that is the user of this process.
func ownerOf(dir string) string {
	if owner := datadir.Owner(dir); owner != "" {
		return owner
	}
	return datadir.Owner(datadir.Database(dir))
}

// flags are the flags of a command, without its other arguments.
type flags struct {
	*flag.FlagSet
	command string
	data    string
	out     io.Writer // for the help text
}

// newFlags returns the flag -data, which all commands have.
func (c Commands) newFlags(command string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("hearth "+command, flag.ContinueOnError), command: command, out: c.Out}
	f.SetOutput(io.Discard)
	data := os.Getenv("HEARTH_DATA")
	if data == "" {
		data = "./hearth-data"
	}
	f.StringVar(&f.data, "data", data, "data `folder` (HEARTH_DATA)")
	return f
}

// words parses args and returns the arguments that are not flags. Flags may be before, between and after them. Errors:
// UsageError, and flag.ErrHelp after it has printed the help text.
func (f *flags) words(args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			f.printHelp(f.out)
			return nil, err
		} else if err != nil {
			return nil, Usagef("%w; `hearth help %s` lists the flags", err, f.command)
		}
		if args = f.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
}
