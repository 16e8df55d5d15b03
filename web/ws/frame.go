package ws

import (
	"encoding/binary"
	"slices"
)

// The header of a frame (RFC 6455, 5.2).
const (
	finBit  = 0x80 // of the first byte: the last frame of a message
	maskBit = 0x80 // of the second byte: a mask follows the length

	opcodeBits = 0x0f // of the first byte
	opText     = 0x1
	opClose    = 0x8
	opPing     = 0x9
	opControl  = 0x8 // the bit that the opcodes of control frames have

	lengthBits = 0x7f // of the second byte: the length of the payload, or length16 or length64
	maxLength7 = 125  // the longest payload whose length is in the second byte; also the longest of a control frame
	length16   = 126  // the length is in the next two bytes
	length64   = 127  // the length is in the next eight bytes

	maxLength16 = 1<<16 - 1 // the longest payload whose length takes two more bytes

	headerSize    = 2 // of the shortest header, in bytes
	maskSize      = 4
	maxHeaderSize = headerSize + 8 + maskSize
)

// lengthEnd returns the offset behind the length of the payload, given the second byte of a header.
func lengthEnd(second byte) int {
	switch second & lengthBits {
	case length16:
		return headerSize + 2
	case length64:
		return headerSize + 8
	}
	return headerSize
}

// appendFrame appends a text frame without a mask, as servers send it.
func appendFrame(b, payload []byte) []byte {
	b = slices.Grow(b, maxHeaderSize+len(payload))
	switch n := len(payload); {
	case n <= maxLength7:
		b = append(b, finBit|opText, byte(n))
	case n <= maxLength16:
		b = binary.BigEndian.AppendUint16(append(b, finBit|opText, length16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, finBit|opText, length64), uint64(n))
	}
	return append(b, payload...)
}

// boundary returns the end of the first frame that ends at offset n or later. The frames have no masks.
func boundary(frames []byte, n int) int {
	end := 0
	for end < n {
		head := frames[end:]
		if len(head) < headerSize || len(head) < lengthEnd(head[1]) {
			return len(frames)
		}
		size := int(head[1] & lengthBits)
		switch size {
		case length16:
			size = int(binary.BigEndian.Uint16(head[headerSize:]))
		case length64:
			size = int(binary.BigEndian.Uint64(head[headerSize:]))
		}
		end += lengthEnd(head[1]) + size
	}
	return min(end, len(frames))
}

// isClose reports whether p begins with a close frame. p may also be the answer to the handshake; its first byte, "H", is
// not that of a close frame.
func isClose(p []byte) bool { return len(p) > 0 && p[0] == finBit|opClose }

// isPing reports whether p begins with a ping.
func isPing(p []byte) bool { return len(p) > 0 && p[0] == finBit|opPing }
