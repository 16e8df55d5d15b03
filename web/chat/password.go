package chat

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The limits of a password's length, in characters. NIST SP 800-63B requires at least 8, and that at least 64 are permitted.
const (
	minPassword = 8
	maxPassword = 256
)

//go:embed passwords/common.txt
var commonPasswords string

// commonList returns the lines of passwords/common.txt, which is sorted.
var commonList = sync.OnceValue(func() []string {
	return strings.Split(strings.TrimSuffix(commonPasswords, "\n"), "\n")
})

// CheckPassword applies the rules for a new password of the user with that username. Errors:
// password_short, password_long, password_digits, password_common, password_name.
func CheckPassword(password, name string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword:
		return Errorf("password_short", "min", minPassword)
	case n > maxPassword:
		return Errorf("password_long", "max", maxPassword)
	case strings.IndexFunc(password, func(r rune) bool { return !unicode.IsDigit(r) }) < 0:
		return Errorf("password_digits")
	case NameKey(password) == NameKey(name):
		return Errorf("password_name")
	case common(password):
		return Errorf("password_common")
	}
	return nil
}

// common reports whether a password is one of the most common ones, in any case.
func common(password string) bool {
	_, found := slices.BinarySearch(commonList(), strings.ToLower(password))
	return found
}
