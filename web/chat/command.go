package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// privateCommands are the names of the command that sends a private message.
var privateCommands = map[string]bool{"pm": true, "msg": true, "dm": true}

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

// published returns the text that d publishes in a room: the text itself, unless it begins with "//word". Error:
// unknown_command, for a text that is a command.
func (d *Draft) published() (string, error) {
	if literal, ok := literalOf(d.Text); ok {
		return literal, nil
	}
	if name, _, ok := commandOf(d.Text); ok {
		return "", Errorf("unknown_command", "name", name)
	}
	return d.Text, nil
}
