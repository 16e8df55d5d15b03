// Package logging makes the program's log handlers and limits how often others can make it log.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Handler returns a handler that writes one line for each record to out, as text or, with format
// "json", as JSON. Nothing in a record can begin a new line, change the direction of the text, or
// control a terminal: such characters are written as \uXXXX.
func Handler(out io.Writer, format string) slog.Handler {
	out = escaper{out}
	if format == "json" {
		return slog.NewJSONHandler(out, nil)
	}
	return slog.NewTextHandler(out, nil)
}

// escaper writes what cannot be printed as \uXXXX, which is right within the strings of JSON too. The
// handlers of log/slog leave some of it: the JSON handler everything from DEL on but U+2028 and
// U+2029, the text handler DEL. They write each record at once.
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

// escape appends text to done, with what cannot be printed escaped.
func escape(done, text []byte) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			done = utf8.AppendRune(done, utf8.RuneError)
		case r < ' ', unicode.IsPrint(r): // below U+0020 is the end of the line alone
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
