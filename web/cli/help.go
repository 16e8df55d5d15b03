package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// command describes a subcommand in the help texts.
type command struct{ name, words, does string }

// commands are all subcommands, in the order of the help text.
var commands = []command{
	{"serve", "", "run the server; this is the default"},
	{"user add", "NAME", "create an account; asks for the password"},
	{"user list", "", "list the accounts"},
	{"user passwd", "NAME", "set a password; asks for it"},
	{"user link", "NAME", "print a one-time link for signing in and choosing a new password"},
	{"user admin", "NAME on|off", "grant or revoke admin rights"},
	{"user disable", "NAME", "close an account"},
	{"user enable", "NAME", "open an account again"},
	{"backup", "FILE", "copy the database to a new file, also while the server runs"},
	{"restore", "FILE", "replace the database with such a copy; the server must be stopped"},
	{"version", "", "print the version"},
	{"help", "[COMMAND]", "print help"},
}

// PrintCommands lists the subcommands whose names begin with prefix.
func PrintCommands(out io.Writer, prefix string) {
	w := tabwriter.NewWriter(out, 0, 4, 3, ' ', 0)
	for _, c := range commands {
		if strings.HasPrefix(c.name, prefix) {
			fmt.Fprintf(w, "  hearth %s\t%s\n", strings.TrimSpace(c.name+" "+c.words), c.does)
		}
	}
	_ = w.Flush() // if out cannot be written to, the error cannot be printed either
	fmt.Fprint(out, "\nhearth COMMAND --help prints the flags of a command.\n")
}

// printHelp prints the help text of one subcommand.
func (f *flags) printHelp(out io.Writer) {
	for _, c := range commands {
		if c.name == f.command {
			fmt.Fprintf(out, "Usage: hearth %s\n\n%s%s.\n\nFlags:\n", strings.TrimSpace(c.name+" [flags] "+c.words), strings.ToUpper(c.does[:1]), c.does[1:])
		}
	}
	f.SetOutput(out)
	f.PrintDefaults()
	f.SetOutput(io.Discard)
}

// isHelp reports whether an argument asks for help.
func isHelp(arg string) bool {
	return arg == "-h" || arg == "-help" || arg == "--help" || arg == "help"
}

// wrongArguments returns the error for a subcommand that was given n arguments beside the flags.
func wrongArguments(name string, n int) error {
	for _, c := range commands {
		if c.name == name && c.words != "" {
			return Usagef("%s takes %s, but the number of arguments is %d; `hearth help %s` describes it", name, c.words, n, name)
		}
	}
	return Usagef("%s takes no arguments; `hearth help %s` describes it", name, name)
}
