package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"hearth/web/chat"
)

// maxLine is the longest line of a piped password, in bytes. The rest of a longer line is ignored.
const maxLine = 4096

// newPassword reads a password for the user called name, and hashes it.
func (u *userCommand) newPassword(name string) (hash string, err error) {
	read := u.typed
	if u.passwordStdin {
		read = u.piped
	}
	password, err := read()
	if err != nil {
		return "", err
	}
	if err := chat.CheckPassword(password, name); err != nil {
		return "", err
	}
	return u.Hash(password)
}

// piped returns the first line of c.In.
func (c Commands) piped() (string, error) {
	line, err := bufio.NewReader(io.LimitReader(c.In, maxLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// typed asks for the password twice on the terminal, without echo. Errors: UsageError if c.In is not a terminal; the two
// answers differ.
func (c Commands) typed() (string, error) {
	terminal := int(c.In.Fd())
	if !term.IsTerminal(terminal) {
		return "", Usagef("there is no terminal to ask for the password; pipe it in with -password-stdin")
	}
	var answers [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(c.Out, prompt)
		b, err := term.ReadPassword(terminal)
		fmt.Fprintln(c.Out)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		answers[i] = string(b)
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return answers[0], nil
}
