// Package logging has the program's log handler, and limits how many records clients can cause.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Handler returns a handler that writes each record to out as one line: as JSON if format is "json", and as text otherwise. A
// record cannot begin a new line, change the direction of the text or control a terminal, because such characters are written
// as \uXXXX.
func Handler(out io.Writer, format string) slog.Handler {
	out = escaper{out}
	if format == "json" {
		return slog.NewJSONHandler(out, nil)
	}
	return slog.NewTextHandler(out, nil)
}

// escaper writes unprintable characters as \uXXXX, which is valid in JSON strings too. It is needed because the handlers of
// log/slog do not escape all of them: the JSON handler leaves U+007F and all later characters except U+2028 and U+2029, and the
// text handler leaves U+007F. Both handlers write a record with one call, so no character is split.
type escaper struct{ out io.Writer }

func (e escaper) Write(line []byte) (int, error) {
	n := len(line)
	for i, b := range line {
		if b >= 0x7f {
			line = escape(line[:i:i], line[i:])
			break
		}
	}
	if _, err := e.out.Write(line); err != nil {
		return 0, err
	}
	return n, nil
}

// escape appends text to done, with unprintable characters escaped.
func escape(done, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			done = utf8.AppendRune(done, utf8.RuneError)
		case r < ' ', unicode.IsPrint(r): // the only one below U+0020 is the line feed at the end
			done = append(done, text[:size]...)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				done = fmt.Appendf(done, `\u%04x`, unit)
			}
		}
		text = text[size:]
	}
	return done
}
