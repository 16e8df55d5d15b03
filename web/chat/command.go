package chat

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hearth/web/limits"
	"hearth/web/locale"
)

// Command is a row of the table of commands.
type Command struct {
	Name    string   // without the slash; its description is the locale text command.<Name>
	Aliases []string // other names
	Members bool     // it is for people with an account
	Args    string   // the suffix of the locale text that names what follows: command.args.<Args>; "": nothing follows
	// run carries out a command that is no message. It returns the locale key of a sentence about the result, and its values.
	run func(c *Chat, ctx context.Context, by Caller, r *Room, rest string) (key string, args []any, err error)
}

// CommandsFor returns the commands that a caller can use.
func CommandsFor(by Caller) []Command {
	return slices.DeleteFunc(Commands(), func(x Command) bool { return x.Members && by.User == nil })
}

// Commands returns the table of commands.
func Commands() []Command {
	return []Command{
		{Name: "pm", Members: true, Aliases: []string{"msg", "dm"}, Args: "person_text"},
		{Name: "me", Args: "text"},
		{Name: "topic", Members: true, Args: "text", run: (*Chat).runTopic},
		{Name: "invite", Members: true, Args: "people", run: (*Chat).runInvite},
		{Name: "leave", Members: true, run: (*Chat).runLeave},
		{Name: "mute", Members: true, run: (*Chat).runMute},
		{Name: "shrug", Args: "text"},
		{Name: "help", run: runHelp},
	}
}

// privateCommands are the names of the command that sends a private message.
var privateCommands = map[string]bool{"pm": true, "msg": true, "dm": true}

// Ran is the result of a command that is no message.
type Ran struct {
	Command string // its name in the table
	Room    *Room
	by      Caller
	key     string
	args    []any
}

// Text returns a sentence about the result.
func (x *Ran) Text(l *locale.Locale) string {
	if x.Command == "help" {
		return helpText(l, x.by)
	}
	return l.T(x.key, x.args...)
}

type commandFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Command string `json:"command"`
	Nonce   string `json:"nonce,omitempty"`
}

// Event returns the event with which a client is told the result.
func (x *Ran) Event(nonce string) Event {
	return Event{Type: "command", Plain: true, varies: ByLang, frame: func(r Reader) any {
		return commandFrame{Type: "command", Message: x.Text(locale.Of(r.Lang)), Command: x.Command, Nonce: nonce}
	}}
}

// Run carries out a text that is a command, unless it is a message: "/topic Tea" sets the topic of the room with that name. ok is
// false for every other text. Errors: those of Enter and of what the command does, rate_limited.
func (c *Chat) Run(ctx context.Context, by Caller, room, text string) (ran *Ran, ok bool, err error) {
	name, rest, ok := commandOf(newlines.Replace(text))
	if !ok {
		return nil, false, nil
	}
	table := Commands()
	i := slices.IndexFunc(table, func(x Command) bool { return x.Name == name && x.run != nil })
	if i < 0 {
		return nil, false, nil
	}
	if err := c.Take(by, limits.Messages); err != nil {
		return nil, true, err
	}
	r, err := c.Enter(ctx, by, room)
	if err != nil {
		return nil, true, err
	}
	ran = &Ran{Command: name, Room: r, by: by}
	ran.key, ran.args, err = table[i].run(c, ctx, by, r, strings.TrimRightFunc(rest, isBlank))
	return ran, true, err
}

// guestCommand returns the error for a visitor who uses a command that is for people with an account.
func guestCommand() *Error { return &Error{Code: "sign_in", Key: "guest_command"} }

// runTopic sets the topic of the room, or tells it if there is no new one.
func (c *Chat) runTopic(ctx context.Context, by Caller, r *Room, rest string) (string, []any, error) {
	if rest == "" && r.Topic == "" {
		return "command.no_topic", nil, nil
	}
	if rest == "" {
		return "command.topic_is", []any{"topic", r.Topic}, nil
	}
	if by.User == nil {
		return "", nil, guestCommand()
	}
	err := c.ChangeRoom(ctx, by, r, RoomDraft{Topic: strings.ReplaceAll(rest, "\n", " "), Access: r.Access})
	return "command.topic_set", nil, err
}

// runInvite adds people to a closed room.
func (c *Chat) runInvite(ctx context.Context, by Caller, r *Room, rest string) (string, []any, error) {
	if by.User == nil {
		return "", nil, guestCommand()
	}
	if r.Access != Closed && r.Access != Group {
		return "", nil, &Error{Code: "not_allowed", Key: "invite_open"}
	}
	names := strings.Fields(rest)
	if len(names) == 0 {
		return "", nil, Errorf("no_such_user", "name", "")
	}
	if r.Access == Group {
		return "command.invited", []any{"count", len(names)}, c.AddToGroup(ctx, by, r, names)
	}
	for _, name := range names {
		if err := c.AddMember(ctx, by, r, strings.TrimPrefix(name, "@")); err != nil {
			return "", nil, err
		}
	}
	return "command.invited", []any{"count", len(names)}, nil
}

// runLeave makes the caller leave the room.
func (c *Chat) runLeave(ctx context.Context, by Caller, r *Room, _ string) (string, []any, error) {
	return c.changeMembership(ctx, by, r, "command.left", func(m *Membership) { m.Left = true })
}

// runMute sets the level of the room to Muted.
func (c *Chat) runMute(ctx context.Context, by Caller, r *Room, _ string) (string, []any, error) {
	return c.changeMembership(ctx, by, r, "command.muted", func(m *Membership) { m.Level = Muted })
}

func (c *Chat) changeMembership(ctx context.Context, by Caller, r *Room, done string, change func(*Membership)) (string, []any, error) {
	if by.User == nil {
		return "", nil, guestCommand()
	}
	m, err := c.MembershipIn(ctx, by.User, r)
	if err != nil {
		return "", nil, err
	}
	change(&m)
	name := r.Name
	if r.Access == Group {
		people, err := c.peopleOf(ctx, r, r.ID)
		if err != nil {
			return "", nil, err
		}
		name = GroupTitle(locale.Of(by.Lang), people, by.User.ID)
	}
	return done, []any{"room", name}, c.SetMembership(ctx, by, r, m)
}

func runHelp(*Chat, context.Context, Caller, *Room, string) (string, []any, error) {
	return "", nil, nil
}

// helpText lists the commands, one a line.
func helpText(l *locale.Locale, by Caller) string {
	var b strings.Builder
	for _, x := range CommandsFor(by) {
		b.WriteString("/" + x.Name)
		if x.Args != "" {
			b.WriteString(" " + l.T("command.args."+x.Args))
		}
		b.WriteString(" – " + l.T("command."+x.Name) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// commandOf splits a text that is a command: a slash, letters, then white space or the end, as in "/pm bob hello". It returns
// the name in lower case. Case, full-width characters, and white space or invisible characters before the slash make no
// difference: a text that people take for a command must not be published by mistake. "/etc/hosts" is no command.
func commandOf(text string) (name, rest string, ok bool) {
	after, ok := cutSlash(strings.TrimLeftFunc(text, isBlank))
	if !ok {
		return "", "", false
	}
	end := strings.IndexFunc(after, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	if end < 0 {
		end = len(after)
	}
	if next, _ := utf8.DecodeRuneInString(after[end:]); end == 0 || end < len(after) && !isBlank(next) {
		return "", "", false
	}
	return strings.ToLower(norm.NFKC.String(after[:end])), strings.TrimLeftFunc(after[end:], isBlank), true
}

// literalOf returns the text of "//word …", which says "/word …" literally.
func literalOf(text string) (literal string, ok bool) {
	if literal, ok = cutSlash(strings.TrimLeftFunc(text, isBlank)); !ok {
		return "", false
	}
	if _, slash := cutSlash(literal); !slash {
		return "", false
	}
	_, _, ok = commandOf(literal)
	return literal, ok
}

// cutSlash removes a slash, which may be full-width, from the beginning of a text.
func cutSlash(text string) (after string, found bool) {
	if after, found = strings.CutPrefix(text, "/"); !found {
		after, found = strings.CutPrefix(text, "／")
	}
	return after, found
}

// isBlank reports whether r is white space or has no visible form.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// privately splits "/pm NAME text"; private reports whether text is such a command. A missing NAME or text is "".
func privately(text string) (who, rest string, private bool) {
	name, after, ok := commandOf(text)
	if !ok || !privateCommands[name] {
		return "", "", false
	}
	i := strings.IndexFunc(after, unicode.IsSpace)
	if i < 0 {
		return after, "", true
	}
	return after[:i], strings.TrimLeftFunc(after[i:], unicode.IsSpace), true
}

// isCommand reports whether a text is a command.
func isCommand(text string) bool {
	_, _, ok := commandOf(text)
	return ok
}

// shrug is what the command /shrug adds to a message.
const shrug = `¯\_(ツ)_/¯`

// publish sets the text that d publishes in a room, and whether it is an action. Errors: unknown_command, for a text that is another
// command; those of a text.
func (d *Draft) publish() error {
	if literal, ok := literalOf(d.Text); ok {
		d.Text = literal
		return nil
	}
	name, rest, ok := commandOf(d.Text)
	switch {
	case !ok:
		return nil
	case name == "me":
		d.flags = flagAction
		return checkText(rest)
	case name == "shrug":
		d.Text = strings.TrimSpace(rest + " " + shrug)
		return checkText(d.Text)
	}
	return Errorf("unknown_command", "name", name)
}
