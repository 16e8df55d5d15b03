package chat

import "encoding/binary"

// maxJoined is where a frame of several events is cut into two, in bytes.
const maxJoined = 64 << 10

// Frames are events encoded for those who get them: once for each dialect and kind of reader,
// however many readers there are. Not safe for concurrent use.
type Frames struct {
	events []Event
	varies Variance
	plain  bursts
	joined bursts
}

// Burst is what one reader gets of some events.
type Burst struct {
	// Payloads are the frames' contents, parts of Wire.
	Payloads [][]byte
	// Wire are the same frames as they go over the line, unmasked (RFC 6455, 5.2).
	Wire []byte
}

// bursts are those of one dialect. Mostly all readers get the same one.
type bursts struct {
	same  *Burst
	kinds map[Reader]*Burst
}

// NewFrames encodes events, in order, as they are asked for.
func NewFrames(events []Event) *Frames {
	f := &Frames{events: events}
	for _, e := range events {
		f.varies |= e.varies
	}
	return f
}

// Plain is a frame for each event that the plain dialect knows.
func (f *Frames) Plain(r Reader) *Burst { return f.burst(&f.plain, r, f.encodePlain) }

// Joined is all events, one a line, in as few frames as their size allows.
func (f *Frames) Joined(r Reader) *Burst { return f.burst(&f.joined, r, f.encodeJoined) }

// burst finds what readers like r get, or has it encoded.
func (f *Frames) burst(b *bursts, r Reader, encode func(Reader) *Burst) *Burst {
	if f.varies == 0 {
		if b.same == nil {
			b.same = encode(r)
		}
		return b.same
	}
	kind := f.varies.Kind(r)
	found := b.kinds[kind]
	if found == nil {
		found = encode(r)
		if b.kinds == nil {
			b.kinds = map[Reader]*Burst{}
		}
		b.kinds[kind] = found
	}
	return found
}

func (f *Frames) encodePlain(r Reader) *Burst {
	payloads := make([][]byte, 0, len(f.events))
	for _, e := range f.events {
		if e.Plain {
			payloads = append(payloads, e.JSON(r))
		}
	}
	return newBurst(payloads)
}

func (f *Frames) encodeJoined(r Reader) *Burst {
	var payloads [][]byte
	var lines []byte
	for _, e := range f.events {
		line := e.JSON(r)
		if len(lines) > 0 && len(lines)+len(line) >= maxJoined {
			payloads, lines = append(payloads, lines), nil
		}
		if len(lines) > 0 {
			lines = append(lines, '\n')
		}
		lines = append(lines, line...)
	}
	return newBurst(append(payloads, lines))
}

// newBurst puts headers before payloads.
func newBurst(payloads [][]byte) *Burst {
	size := 0
	for _, p := range payloads {
		size += maxHeader + len(p)
	}
	b := &Burst{Payloads: payloads, Wire: make([]byte, 0, size)}
	for i, p := range payloads {
		b.Wire = appendHeader(b.Wire, len(p))
		start := len(b.Wire)
		b.Wire = append(b.Wire, p...)
		payloads[i] = b.Wire[start:len(b.Wire):len(b.Wire)]
	}
	return b
}

// Of the header of a server's frame (RFC 6455, 5.2).
const (
	maxHeader = 10        // bytes, where the length takes eight
	finalText = 0x80 | 1  // the last frame of a text, and the first
	length7   = 125       // the longest payload whose length is in the second byte
	length16  = 1<<16 - 1 // the longest whose length takes two more bytes, marked by 126
	mark16    = 126
	mark64    = 127
)

// appendHeader appends the header of a text frame of n bytes.
func appendHeader(b []byte, n int) []byte {
	switch {
	case n <= length7:
		return append(b, finalText, byte(n))
	case n <= length16:
		return binary.BigEndian.AppendUint16(append(b, finalText, mark16), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, finalText, mark64), uint64(n))
}
