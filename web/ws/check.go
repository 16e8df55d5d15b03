package ws

import (
	"encoding/binary"
	"net"
	"time"
	"unicode/utf8"
)

// Close codes of RFC 6455, 7.4.1.
const (
	protocolError   = 1002
	invalidPayload  = 1007
	policyViolation = 1008
)

// violation is the error of a connection whose client broke a rule. The server should send a close frame with this code
// and reason.
type violation struct {
	Code   int
	Reason string
}

// Error returns the reason.
func (v *violation) Error() string { return v.Reason }

// frameChecker checks the frames that are read from a connection for what gorilla/websocket lets pass: lengths that are
// not in the shortest form, close codes of one byte, close reasons that are not UTF-8, and too many frames. The byte that
// completes a violation is not returned; that Read and all later ones return the *violation.
type frameChecker struct {
	net.Conn
	watch scanner
	err   error
}

// Read reads from the connection, up to a violation. If the client sends too many frames, Read waits, so that TCP slows
// the client down.
func (c *frameChecker) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	time.Sleep(c.watch.budget.debt)
	c.watch.budget.debt = 0
	n, err := c.Conn.Read(p)
	if good, v := c.watch.scan(p[:n]); v != nil {
		c.err = v
		return good, v
	}
	return n, err
}

// scanner follows the frames in a stream that arrives in pieces of any size.
type scanner struct {
	head  [maxHeaderSize]byte
	have  int    // bytes of head so far
	left  uint64 // bytes of payload still to come
	close []byte // payload of a close frame so far, masked
	done  bool   // a close frame has come; what follows is not checked

	budget budget
}

// scan scans p. At a violation it returns the number of bytes before it.
func (s *scanner) scan(p []byte) (int, *violation) {
	for i := 0; i < len(p) && !s.done; {
		n := 1
		var v *violation
		if s.left > 0 {
			n = int(min(s.left, uint64(len(p)-i)))
			v = s.payload(p[i : i+n])
		} else {
			v = s.header(p[i])
		}
		i += n
		if v != nil {
			return i - 1, v
		}
	}
	return len(p), nil
}

// header takes the next byte of a header.
func (s *scanner) header(b byte) *violation {
	s.head[s.have] = b
	s.have++
	if s.have < headerSize || s.have < lengthEnd(s.head[1]) {
		return nil
	}
	length, v := s.length()
	if v != nil || s.have < s.size() {
		return v
	}
	if v := s.budget.take(s.head[0] & opcodeBits); v != nil {
		return v
	}
	s.left = length
	if length == 0 {
		return s.end()
	}
	return nil
}

// size returns the size of the header, with its mask.
func (s *scanner) size() int {
	if s.head[1]&maskBit != 0 {
		return lengthEnd(s.head[1]) + maskSize
	}
	return lengthEnd(s.head[1])
}

// length returns the length of the payload. RFC 6455, 5.2 requires the shortest form.
func (s *scanner) length() (uint64, *violation) {
	n := uint64(s.head[1] & lengthBits)
	switch n {
	case length16:
		n = uint64(binary.BigEndian.Uint16(s.head[headerSize:]))
		if n < length16 {
			return 0, &violation{protocolError, "length not in its shortest form"}
		}
	case length64:
		n = binary.BigEndian.Uint64(s.head[headerSize:])
		if n <= maxLength16 {
			return 0, &violation{protocolError, "length not in its shortest form"}
		}
		if n>>63 != 0 {
			return 0, &violation{protocolError, "length of 64 bits"}
		}
	}
	return n, nil
}

// payload takes the next bytes of a payload.
func (s *scanner) payload(p []byte) *violation {
	if s.closes() {
		s.close = append(s.close, p...)
	}
	s.left -= uint64(len(p))
	if s.left > 0 {
		return nil
	}
	return s.end()
}

// closes reports whether this is a close frame of an allowed size.
func (s *scanner) closes() bool {
	return s.head[0]&opcodeBits == opClose && s.head[1]&lengthBits <= maxLength7
}

// end handles the end of a frame. It checks the payload of a close frame.
func (s *scanner) end() *violation {
	s.have = 0
	if !s.closes() {
		return nil
	}
	s.done = true
	mask := s.head[lengthEnd(s.head[1]):] // the library refuses frames without a mask
	for i := range s.close {
		s.close[i] ^= mask[i%4]
	}
	if len(s.close) == 1 {
		return &violation{protocolError, "close code of one byte"}
	}
	if len(s.close) > 2 && !utf8.Valid(s.close[2:]) {
		return &violation{invalidPayload, "close reason must be UTF-8"}
	}
	return nil
}

// newFrameChecker returns a frameChecker for conn.
func newFrameChecker(conn net.Conn, limits FrameLimits) *frameChecker {
	return &frameChecker{Conn: conn, watch: scanner{budget: newBudget(limits)}}
}
