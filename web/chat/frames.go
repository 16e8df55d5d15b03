package chat

import (
	"encoding/binary"
	"slices"
)

// maxJoined is where a frame of several events is cut into two, in bytes.
const maxJoined = 64 << 10

// Frames are events encoded for those who get them: once for each dialect and kind of reader,
// however many readers there are. Not safe for concurrent use.
type Frames struct {
	events []Event
	varies Variance
	plain  dialect
	joined dialect
}

// dialect holds the frames of one. Mostly all readers get the same.
type dialect struct {
	same  []byte
	kinds map[Reader][]byte
}

// NewFrames encodes events, in order, as they are asked for.
func NewFrames(events []Event) *Frames {
	f := &Frames{events: events}
	for _, e := range events {
		f.varies |= e.varies
	}
	return f
}

// Plain is a frame for each event that the plain dialect knows, as they go over the line: unmasked,
// one after the other. It is empty where there is none.
func (f *Frames) Plain(r Reader) []byte { return f.find(&f.plain, r, f.encodePlain) }

// Joined is all events but those of the plain dialect alone, one a line, in as few frames as their size
// allows. It is empty where there is none.
func (f *Frames) Joined(r Reader) []byte { return f.find(&f.joined, r, f.encodeJoined) }

// find finds what readers like r get, or has it encoded.
func (f *Frames) find(d *dialect, r Reader, encode func(Reader) []byte) []byte {
	if f.varies == 0 {
		if d.same == nil {
			d.same = encode(r)
		}
		return d.same
	}
	kind := f.varies.Kind(r)
	frames, had := d.kinds[kind]
	if !had {
		frames = encode(r)
		if d.kinds == nil {
			d.kinds = map[Reader][]byte{}
		}
		d.kinds[kind] = frames
	}
	return frames
}

func (f *Frames) encodePlain(r Reader) []byte {
	frames := []byte{}
	for _, e := range f.events {
		if e.Plain {
			frames = appendFrame(frames, e.JSON(r))
		}
	}
	return frames
}

func (f *Frames) encodeJoined(r Reader) []byte {
	frames := []byte{}
	var lines []byte
	for _, e := range f.events {
		if e.PlainOnly {
			continue
		}
		line := e.JSON(r)
		if len(lines) > 0 && len(lines)+len(line) >= maxJoined {
			frames, lines = appendFrame(frames, lines), nil
		}
		if len(lines) == 0 {
			lines = line
			continue
		}
		lines = append(append(lines, '\n'), line...)
	}
	if len(lines) > 0 {
		frames = appendFrame(frames, lines)
	}
	return frames
}

// Of the header of a server's frame (RFC 6455, 5.2).
const (
	finalText = 0x80 | 1  // the last frame of a text, and the first
	length7   = 125       // the longest payload whose length is in the second byte
	length16  = 1<<16 - 1 // the longest whose length takes two more bytes, marked by 126
	mark16    = 126
	mark64    = 127

	mark64Size = 2 + 8 // of the longest header, in bytes
)

// appendFrame appends a text frame.
func appendFrame(b, payload []byte) []byte {
	b = slices.Grow(b, mark64Size+len(payload))
	switch n := len(payload); {
	case n <= length7:
		b = append(b, finalText, byte(n))
	case n <= length16:
		b = binary.BigEndian.AppendUint16(append(b, finalText, mark16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, finalText, mark64), uint64(n))
	}
	return append(b, payload...)
}
