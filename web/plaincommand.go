package web

import (
	"bytes"
	"unicode/utf8"
)

// plainCommand reads a frame such as nearly all are: {"message":"…","nonce":"…"}, nothing but names
// of a command whose values are texts, and no escapes. All else is left to encoding/json, which takes
// three times as long; the difference is a fiftieth of what a message to ten people costs.
func plainCommand(frame []byte) (cmd command, ok bool) {
	rest := cursor(frame)
	if !rest.take('{') {
		return cmd, false
	}
	for {
		name, ok := rest.text()
		if !ok || !rest.take(':') {
			return cmd, false
		}
		value, ok := rest.text()
		if !ok || !cmd.set(name, value) {
			return cmd, false
		}
		if !rest.take(',') {
			break
		}
	}
	return cmd, rest.take('}') && rest.empty()
}

// set sets the field called name, if it is one of texts.
func (c *command) set(name, value string) bool {
	switch name {
	case "type":
		c.Type = value
	case "message":
		c.Message = &value
	case "nonce":
		c.Nonce = value
	default:
		return false
	}
	return true
}

// cursor is what is left to be read of a JSON text.
type cursor []byte

func (c *cursor) skipSpace() { *c = bytes.TrimLeft(*c, " \t\r\n") }

// empty reports whether nothing is left.
func (c *cursor) empty() bool {
	c.skipSpace()
	return len(*c) == 0
}

// take takes one sign, if it is the next.
func (c *cursor) take(sign byte) bool {
	c.skipSpace()
	if len(*c) == 0 || (*c)[0] != sign {
		return false
	}
	*c = (*c)[1:]
	return true
}

// text takes a text in quotes without escapes.
func (c *cursor) text() (string, bool) {
	if !c.take('"') {
		return "", false
	}
	end := bytes.IndexByte(*c, '"')
	if end < 0 {
		return "", false
	}
	text := (*c)[:end]
	*c = (*c)[end+1:]
	for _, b := range text {
		if b == '\\' || b < ' ' {
			return "", false
		}
	}
	return string(text), utf8.Valid(text)
}
