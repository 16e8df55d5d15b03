package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ergochat/confusables"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"hearth/web/label"
)

// The longest names, in Unicode code points after normalising (PROTOCOL.md, "Names and sizes").
const (
	MaxUsername = 150
	MaxRoomName = 128
)

// maxMarks is how many combining marks may follow each other (UTS #39, 5.4, has four): enough for all scripts, too few to cover
// the lines above and below.
const maxMarks = 4

// maxNameBytes is the longest name that is normalised, in bytes. Longer names are refused before. A code point is composed of at
// most three code points, of four bytes each.
const maxNameBytes = 3 * 4 * MaxUsername

// Username returns a username as it is stored (NFKC, trimmed) and its key: two names with the same key differ only in case.
// Errors: name_empty, name_too_long, name_characters, name_ends. Accounts of earlier versions may have names that are refused
// with name_ends now.
func Username(s string) (name, key string, err error) {
	if len(s) > maxNameBytes {
		return "", "", Errorf("name_too_long", "max", MaxUsername)
	}
	return personalName(norm.NFKC.String(strings.TrimSpace(s)), "@.+-_")
}

// GuestName is Username for the name that a visitor chose. It may also contain spaces; several of them become one.
func GuestName(s string) (name, key string, err error) {
	if len(s) > maxNameBytes {
		return "", "", Errorf("name_too_long", "max", MaxUsername)
	}
	return personalName(strings.Join(strings.Fields(norm.NFKC.String(s)), " "), "@.+-_ ")
}

// personalName checks a name that is normalised, and returns it with its key. others are the characters that it may contain beside
// letters and digits.
func personalName(name, others string) (_, key string, err error) {
	switch {
	case name == "":
		return "", "", Errorf("name_empty")
	case utf8.RuneCountInString(name) > MaxUsername:
		return "", "", Errorf("name_too_long", "max", MaxUsername)
	case !spelled(name, others):
		return "", "", Errorf("name_characters")
	case !wordEnds(name):
		return "", "", Errorf("name_ends")
	}
	return name, foldName(name), nil
}

// wordEnds reports whether a name begins and ends with a letter or a digit, which may have marks.
func wordEnds(name string) bool {
	name = strings.TrimRightFunc(name, func(r rune) bool { return unicode.In(r, unicode.M) })
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	return isWord(first) && isWord(last)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// NameKey returns the key of any name, also of an invalid one.
func NameKey(name string) string { return foldName(strings.TrimSpace(name)) }

// RoomName returns the name of a room as it is stored (NFC, trimmed, spaces as "-") and its key: two names with the same key
// differ only in case and joiners. Errors: room_name_empty, room_name_too_long, room_name_characters, room_name_dots.
func RoomName(s string) (name, key string, err error) {
	if len(s) > maxNameBytes {
		return "", "", Errorf("room_name_too_long", "max", MaxRoomName)
	}
	if simple(s) {
		return s, s, nil
	}
	name = norm.NFC.String(dashes(strings.TrimSpace(s)))
	switch {
	case name == "":
		return "", "", Errorf("room_name_empty")
	case utf8.RuneCountInString(name) > MaxRoomName:
		return "", "", Errorf("room_name_too_long", "max", MaxRoomName)
	case !spelled(name, "-_."+joiners) || label.Clean(name) != name:
		return "", "", Errorf("room_name_characters")
	case strings.Trim(name, ".") == "":
		return "", "", Errorf("room_name_dots") // in a URL, "." and ".." are not names
	}
	return name, norm.NFC.String(fold(withoutJoiners.Replace(name))), nil
}

// joiners are the zero-width non-joiner and joiner. The name of a room may contain them if the script needs them. The key ignores
// them.
const joiners = "\u200c\u200d"

var withoutJoiners = strings.NewReplacer("\u200c", "", "\u200d", "")

// simple reports whether a room's name surely equals its key, as in lobby or team-2. It avoids the slower checks for most names,
// because every request checks a name.
func simple(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return name != "" && len(name) <= MaxRoomName
}

// dashes turns spaces of any width into "-".
func dashes(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return '-'
		}
		return r
	}, s)
}

// foldName returns a text that is equal for names that differ only in case, as NFKC_Casefold does.
func foldName(name string) string {
	if ascii(name) {
		return strings.ToLower(name)
	}
	return norm.NFKC.String(fold(norm.NFKC.String(name)))
}

// fold is Unicode's case folding. It converts Cherokee to upper case first, because the library folds each case of Cherokee to
// the other.
func fold(s string) string {
	return cases.Fold().String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToUpper(r)
		}
		return r
	}, s))
}

// spelled reports whether s consists of letters and digits of any script, their marks, and the given characters.
func spelled(s, signs string) bool {
	marks := maxMarks // so that a mark before the first letter is refused
	for _, r := range s {
		switch {
		case r == utf8.RuneError, invisible(r):
			return false
		case unicode.IsLetter(r), unicode.IsDigit(r):
			marks = 0
		case unicode.In(r, unicode.Mn, unicode.Mc):
			if marks++; marks > maxMarks {
				return false
			}
		case strings.ContainsRune(signs, r):
			marks = maxMarks
		default:
			return false
		}
	}
	return true
}

// invisible reports whether r is a letter or mark that cannot be seen, such as the fillers of Hangul or a variation selector.
// Characters that change the direction of text are neither letters nor marks, so they are not included.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// look returns a text that is equal for names that people cannot tell apart although they are written in different scripts, such
// as "ada" and "аdа" with Cyrillic а. It is the skeleton of UTS #39 with two changes. First, it does not change ASCII: otherwise
// Ian would equal Lan, and erna would equal ema. Second, if a letter looks like no ASCII letter, but its other case does, look
// uses the ASCII letter: мария can be written Мария, which looks like the same name with a Latin M.
func look(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(name) {
		b.WriteString(seen(r))
	}
	return foldName(b.String())
}

// seen returns what r looks like.
func seen(r rune) string {
	if r < utf8.RuneSelf {
		return string(r)
	}
	for _, r := range [...]rune{r, unicode.ToUpper(r), unicode.ToLower(r)} {
		s := confusables.SkeletonTweaked(string(r))
		if s == "l" && unicode.IsUpper(r) {
			return "I" // Greek Ι, Cyrillic І: the table maps all letters that look like I to l
		}
		if ascii(s) {
			return s
		}
	}
	return confusables.SkeletonTweaked(string(unicode.ToLower(r)))
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
