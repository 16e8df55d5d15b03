package chat

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"modernc.org/sqlite"
)

// strokes are letters whose mark is no character of its own in Unicode.
var strokes = strings.NewReplacer("đ", "d", "ħ", "h", "ı", "i", "ł", "l", "ø", "o", "ŧ", "t", "ð", "d", "æ", "ae", "œ", "oe", "þ", "th")

// foldMarks returns the form in which searches compare names: case and marks make no difference, so that "nguyen" finds "Nguyễn".
// Marks that make another sound of a kana (か, が) stay.
func foldMarks(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0 {
		return strings.ToLower(name)
	}
	isMark := func(r rune) bool { return unicode.Is(unicode.Mn, r) && r != '\u3099' && r != '\u309a' }
	// A chain keeps state, so it cannot be shared.
	folded, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.Predicate(isMark)), norm.NFC), cases.Fold().String(name))
	if err != nil { // it was not UTF-8
		return strings.ToLower(name)
	}
	return strokes.Replace(folded)
}

// Migrations and queries use foldMarks as the SQL function fold_marks.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("fold_marks", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		text, ok := args[0].(string)
		if !ok {
			return nil, fmt.Errorf("fold_marks of a %T", args[0])
		}
		return foldMarks(text), nil
	})
}
