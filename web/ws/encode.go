package ws

import "hearth/web/chat"

// maxJoined is the size at which a frame with several events is split, in bytes.
const maxJoined = 64 << 10

// Frames encodes events into frames, once for each dialect and kind of reader, however many readers there are. It is not
// safe for concurrent use.
type Frames struct {
	events []chat.Event
	varies chat.Variance
	plain  dialect
	joined dialect
}

// dialect holds the encoded frames of one dialect. Most events are the same for all readers.
type dialect struct {
	same  []byte
	kinds map[chat.Reader][]byte
}

// NewFrames returns the frames of events, in their order. They are encoded when they are first asked for.
func NewFrames(events []chat.Event) *Frames {
	f := &Frames{events: events}
	for _, e := range events {
		f.varies |= e.Varies()
	}
	return f
}

// Plain returns a frame for each event that the plain dialect has, one after the other. It is empty if there is none.
func (f *Frames) Plain(r chat.Reader) []byte { return f.find(&f.plain, r, f.encodePlain) }

// Joined returns the events of hearth.1, one a line, in as few frames as their size allows. It is empty if there is none.
func (f *Frames) Joined(r chat.Reader) []byte { return f.find(&f.joined, r, f.encodeJoined) }

// find returns the frames for readers like r, and encodes them if they are not encoded yet.
func (f *Frames) find(d *dialect, r chat.Reader, encode func(chat.Reader) []byte) []byte {
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
			d.kinds = map[chat.Reader][]byte{}
		}
		d.kinds[kind] = frames
	}
	return frames
}

func (f *Frames) encodePlain(r chat.Reader) []byte {
	frames := []byte{}
	for _, e := range f.events {
		if e.Plain {
			frames = appendFrame(frames, e.PlainJSON(r))
		}
	}
	return frames
}

func (f *Frames) encodeJoined(r chat.Reader) []byte {
	frames := []byte{}
	var lines []byte
	for _, e := range f.events {
		if e.PlainOnly || e.Cards && !r.Cards {
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
