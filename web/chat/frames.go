package chat

import "bytes"

// maxJoined is where a frame of several events is cut into two, in bytes.
const maxJoined = 64 << 10

// Frames are events encoded for those who get them: once for each dialect and kind of reader,
// however many readers there are. Not safe for concurrent use.
type Frames struct {
	events []Event
	varies Variance
	plain  map[Reader][][]byte
	joined map[Reader][][]byte
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
func (f *Frames) Plain(r Reader) [][]byte {
	kind := f.varies.Kind(r)
	frames, had := f.plain[kind]
	if had {
		return frames
	}
	for _, e := range f.events {
		if e.Plain {
			frames = append(frames, e.JSON(r))
		}
	}
	if f.plain == nil {
		f.plain = map[Reader][][]byte{}
	}
	f.plain[kind] = frames
	return frames
}

// Joined is all events, one a line, in as few frames as their size allows.
func (f *Frames) Joined(r Reader) [][]byte {
	kind := f.varies.Kind(r)
	frames, had := f.joined[kind]
	if had {
		return frames
	}
	var b bytes.Buffer
	for _, e := range f.events {
		line := e.JSON(r)
		if b.Len() > 0 && b.Len()+len(line) >= maxJoined {
			frames = append(frames, bytes.Clone(b.Bytes()))
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.Write(line)
	}
	frames = append(frames, bytes.Clone(b.Bytes()))
	if f.joined == nil {
		f.joined = map[Reader][][]byte{}
	}
	f.joined[kind] = frames
	return frames
}
