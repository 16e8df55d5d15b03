package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"hearth/web/chat"
	"hearth/web/db/datadir"
	"hearth/web/label"
	"hearth/web/locale"
)

// userCommand is what follows `hearth user`.
type userCommand struct {
	Commands
	chat  *chat.Chat
	verb  string
	words []string // the arguments after the verb, without flags; the first is the user's name
	userFlags
}

type userFlags struct {
	data          string
	profile       chat.Profile
	admin         bool
	passwordStdin bool
	json          bool
	url           string
}

// User runs `hearth user` with the args that follow it. Errors: UsageError, those of FolderError, and the errors of the chat
// as English sentences.
func (c Commands) User(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return Usagef("user needs a command: add, list, passwd, link, admin, disable or enable")
	}
	if isHelp(args[0]) {
		PrintCommands(c.Out, "user ")
		return nil
	}
	u := userCommand{Commands: c, verb: args[0]}
	if err := u.parse(args[1:]); err != nil {
		return err
	}
	if err := u.mayOpen(); err != nil {
		return FolderError(u.data, err)
	}
	made := !exists(u.data)
	opened, done, err := c.Open(u.data)
	if err != nil {
		return err
	}
	if made {
		c.printMade(u.data)
	}
	u.chat = opened
	return errors.Join(u.explain(u.run(ctx)), done())
}

// mayOpen checks that the folder is a data folder. `user add` may also use an empty folder, and with -admin a folder that
// does not exist yet. Error: datadir.ErrNone.
func (u *userCommand) mayOpen() error {
	if u.verb == "add" && (datadir.Empty(u.data) || u.admin && !exists(u.data)) {
		return nil
	}
	return datadir.Check(u.data)
}

func (u *userCommand) parse(args []string) error {
	f := u.newFlags("user " + u.verb)
	switch u.verb {
	case "add":
		f.BoolVar(&u.admin, "admin", false, "make the account an admin's; creates the data folder if there is none")
		f.StringVar(&u.profile.DisplayName, "name", "", "`name` as others see it; without it, the first and last name")
		f.StringVar(&u.profile.FirstName, "first", "", "first `name`")
		f.StringVar(&u.profile.LastName, "last", "", "last `name`")
		f.StringVar(&u.profile.Email, "email", "", "e-mail `address`")
	case "link":
		f.StringVar(&u.url, "url", "http://localhost:8000", "`address` of the server, as in https://chat.example.org")
	case "list":
		f.BoolVar(&u.json, "json", false, "print a JSON object for each account, one a line")
	}
	if u.verb == "add" || u.verb == "passwd" {
		f.BoolVar(&u.passwordStdin, "password-stdin", false, "read the password from standard input")
	}
	needs := map[string]int{"add": 1, "list": 0, "passwd": 1, "admin": 2, "link": 1, "disable": 1, "enable": 1}
	n, known := needs[u.verb]
	if !known {
		return Usagef("there is no command user %s: add, list, passwd, link, admin, disable and enable are", u.verb)
	}
	words, err := f.words(args)
	if err != nil {
		return err
	}
	if len(words) != n {
		return wrongArguments("user "+u.verb, len(words))
	}
	u.data, u.words = f.data, words
	return nil
}

// explain replaces an error of the chat by the English text that a person gets for it.
func (u *userCommand) explain(err error) error {
	if errors.Is(err, chat.ErrNotFound) {
		return fmt.Errorf("there is no user %q; `hearth user list` lists them", u.words[0])
	}
	var e *chat.Error
	if errors.As(err, &e) && e.Err == nil {
		return errors.New(locale.Of("en").T("error."+e.Code, e.Args...))
	}
	return err
}

func (u *userCommand) run(ctx context.Context) error {
	switch u.verb {
	case "list":
		return u.list(ctx)
	case "add":
		return u.add(ctx)
	}
	user, err := u.chat.UserByName(ctx, u.words[0])
	if err == nil && user.Deleted {
		err = chat.ErrNotFound
	}
	if err != nil {
		return err
	}
	by := chat.Console()
	switch u.verb {
	case "passwd":
		hash, err := u.newPassword(user.Name)
		if err != nil {
			return err
		}
		return u.chat.SetPassword(ctx, by, user.ID, hash)
	case "link":
		return u.link(ctx, user)
	case "admin":
		if u.words[1] != "on" && u.words[1] != "off" {
			return Usagef("user admin NAME takes on or off, not %q", u.words[1])
		}
		return u.chat.SetAdmin(ctx, by, user.ID, u.words[1] == "on")
	}
	return u.chat.SetDisabled(ctx, by, user.ID, u.verb == "disable")
}

func (u *userCommand) add(ctx context.Context) error {
	name := u.words[0]
	if err := u.chat.CheckName(ctx, name); err != nil {
		return err
	}
	hash, err := u.newPassword(name)
	if err != nil {
		return err
	}
	made, err := u.chat.CreateUser(ctx, chat.Console(), chat.NewUser{Name: name, Password: hash, Admin: u.admin, Profile: u.profile})
	if err != nil {
		return err
	}
	role := "a user"
	if made.Admin {
		role = "an admin"
	}
	fmt.Fprintf(u.Out, "%s is %s now.\n", made.Name, role)
	return nil
}

// link prints a one-time link with which the user signs in and chooses a new password.
func (u *userCommand) link(ctx context.Context, user *chat.User) error {
	token, err := u.chat.CreateSigninLink(ctx, chat.Console(), user, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(u.Out, "%s/signin/%s/\n", strings.TrimRight(label.Clean(u.url), "/"), token)
	fmt.Fprintf(u.Out, "With this link %s can sign in once, within %d hours, and choose a new password.\n", user.Name, int(chat.ResetLinkLife.Hours()))
	return nil
}

// listedUser is the JSON object of an account in `user list -json`.
type listedUser struct {
	Name      string     `json:"name"`
	FirstName string     `json:"first_name"`
	LastName  string     `json:"last_name"`
	Email     string     `json:"email"`
	Admin     bool       `json:"admin"`
	Disabled  bool       `json:"disabled"`
	LastSeen  chat.Stamp `json:"last_seen"` // null: never
	Display   string     `json:"display"`   // as others see it
}

func (u *userCommand) list(ctx context.Context) error {
	if u.json {
		enc := json.NewEncoder(u.Out)
		enc.SetEscapeHTML(false)
		return u.each(ctx, func(user *chat.User) error {
			return enc.Encode(listedUser{user.Name, user.FirstName, user.LastName, user.Email, user.Admin, user.Disabled, chat.Stamp(user.LastSeen), user.Display()})
		})
	}
	w := tabwriter.NewWriter(u.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tFIRST\tLAST\tE-MAIL\tSTATE\tLAST SEEN\tDISPLAY")
	err := u.each(ctx, func(user *chat.User) error {
		seen := "never"
		if !user.LastSeen.IsZero() {
			seen = user.LastSeen.Local().Format(time.DateTime)
		}
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", user.Name, user.FirstName, user.LastName, user.Email, state(user), seen, user.Display())
		return err
	})
	return errors.Join(err, w.Flush())
}

// each calls f for every account.
func (u *userCommand) each(ctx context.Context, f func(*chat.User) error) error {
	for offset := 0; ; {
		users, total, err := u.chat.Users(ctx, chat.UserQuery{Limit: 1000, Offset: offset})
		if err != nil {
			return err
		}
		for _, user := range users {
			if err := f(user); err != nil {
				return err
			}
		}
		if offset += len(users); offset >= total || len(users) == 0 {
			return nil
		}
	}
}

func state(u *chat.User) string {
	switch {
	case u.Disabled && u.Admin:
		return "admin, disabled"
	case u.Disabled:
		return "disabled"
	case u.Admin:
		return "admin"
	}
	return "user"
}
