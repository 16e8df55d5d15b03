package ws

import (
	"slices"
	"testing"
)

// masked returns a frame of a client whose mask is all zeros.
func masked(b0 byte, payload ...byte) []byte {
	return append([]byte{b0, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)
}

// feed scans a stream in pieces of size bytes, up to a violation. good is the number of bytes before it, code its close code.
func feed(s *scanner, stream []byte, size int) (good, code int) {
	for piece := range slices.Chunk(stream, size) {
		n, v := s.scan(piece)
		good += n
		if v != nil {
			return good, v.Code
		}
	}
	return good, 0
}

func TestViolationsAreFoundHoweverTheBytesArrive(t *testing.T) {
	t.Parallel()
	text, ping := masked(0x81, 'h', 'i'), masked(0x89)
	for name, c := range map[string]struct {
		stream []byte
		good   int // bytes that are handed on
		code   int // 0: no violation
	}{
		"text":                            {text, 8, 0},
		"ping":                            {ping, 6, 0},
		"close without a code":            {masked(0x88), 6, 0},
		"close":                           {masked(0x88, 0x03, 0xe8), 8, 0},
		"close with a reason":             {masked(0x88, 0x03, 0xe8, 0xc3, 0xa9), 10, 0},
		"close of one byte":               {masked(0x88, 0x03), 6, protocolError},
		"close with a reason not UTF-8":   {masked(0x88, 0x03, 0xe8, 0xc3), 8, invalidPayload},
		"masked close, reason not UTF-8":  {[]byte{0x88, 0x83, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2, 0xff ^ 3}, 8, invalidPayload},
		"anything after a close":          {append(masked(0x88), 0x81, 0xfe, 0, 1), 10, 0},
		"125 in two bytes":                {[]byte{0x82, 0xfe, 0, 125}, 3, protocolError},
		"126 in two bytes":                {[]byte{0x82, 0xfe, 0, 126}, 4, 0},
		"65535 in eight bytes":            {[]byte{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 9, protocolError},
		"65536 in eight bytes":            {[]byte{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0}, 10, 0},
		"the top bit":                     {[]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0}, 9, protocolError},
		"after frames that are in order":  {slices.Concat(text, ping, masked(0x88, 0x03)), 20, protocolError},
		"after an unmasked frame":         {[]byte{0x81, 2, 'h', 'i', 0x81, 0x7e, 0, 2}, 7, protocolError},
		"an unmasked close":               {[]byte{0x88, 2, 0x03, 0xe8}, 4, 0},
		"an unmasked close of many bytes": {append([]byte{0x88, 0x7e, 0, 126}, make([]byte, 126)...), 130, 0},
	} {
		for size := 1; size <= len(c.stream); size++ {
			var s scanner
			if good, code := feed(&s, c.stream, size); good != c.good || code != c.code {
				t.Errorf("%s, %d bytes at a time: %d bytes handed on and %d, not %d and %d", name, size, good, code, c.good, c.code)
			}
		}
	}
}

// The limit allows two control frames and is refilled so slowly that the test does not notice.
func TestTheHeaderOfAControlFrameTooManyIsAViolation(t *testing.T) {
	t.Parallel()
	ping, pong, text, bye := masked(0x89, 'p'), masked(0x8a, 'p'), masked(0x81, 'h', 'i'), masked(0x88)
	for name, c := range map[string]struct {
		stream []byte
		good   int // bytes that are handed on
		code   int // 0: no violation
	}{
		"two and a close":    {slices.Concat(ping, pong, bye), 20, 0},
		"two and text":       {slices.Concat(ping, text, ping, text, text), 38, 0},
		"three":              {slices.Concat(ping, pong, ping), 19, policyViolation},
		"three with between": {slices.Concat(pong, text, pong, text, pong), 35, policyViolation},
	} {
		for size := 1; size <= len(c.stream); size++ {
			s := scanner{budget: newBudget(FrameLimits{Control: Rate{PerSecond: 1e-6, Burst: 2}})}
			if good, code := feed(&s, c.stream, size); good != c.good || code != c.code {
				t.Errorf("%s, %d bytes at a time: %d bytes handed on and %d, not %d and %d", name, size, good, code, c.good, c.code)
			}
		}
	}
}

// The result of a scan does not depend on the pieces in which the bytes arrive.
func FuzzPiecesMakeNoDifference(f *testing.F) {
	f.Add([]byte{0x88, 0x81, 1, 2, 3, 4, 5}, 1)
	f.Add([]byte{0x81, 0xfe, 0, 126}, 3)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		if size < 1 {
			return
		}
		var whole, pieces scanner
		want, wrong := whole.scan(stream)
		got := 0
		for piece := range slices.Chunk(stream, size) {
			n, v := pieces.scan(piece)
			got += n
			if v == nil {
				continue
			}
			if wrong == nil || *v != *wrong {
				t.Fatalf("in pieces: %v, whole: %v", v, wrong)
			}
			break
		}
		if got != want {
			t.Fatalf("%d bytes handed on in pieces, %d as a whole", got, want)
		}
	})
}
