package web_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"hearth/web/hearthtest"
)

// Opcodes of RFC 6455, 11.8.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

const (
	finBit  = 0x80
	maskBit = 0x80
	// noCode stands for a close frame without a code, as in RFC 6455, 7.1.5.
	noCode = 1005
	// theKey and theAccept are the example of RFC 6455, 1.3.
	theKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	theAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	// rawPatience is how long a raw client waits for what must come.
	rawPatience = time.Minute
)

// rawFrame is a client's frame, right or wrong in any way.
type rawFrame struct {
	head     byte // FIN, RSV1 to RSV3, opcode
	payload  []byte
	key      [4]byte
	unmasked bool
	form     int     // bytes of extended length: 2, 8, or 0 for the shortest
	claim    *uint64 // the length that the header says, if it isn't the payload's
}

// frame returns a proper frame, alone a message.
func frame(opcode byte, payload string) rawFrame {
	return rawFrame{head: finBit | opcode, payload: []byte(payload), key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}
}

func (f rawFrame) open() rawFrame                  { f.head &^= finBit; return f }
func (f rawFrame) rsv(n int) rawFrame              { f.head |= 0x80 >> n; return f }
func (f rawFrame) bare() rawFrame                  { f.unmasked = true; return f }
func (f rawFrame) masked(key ...byte) rawFrame     { f.key = [4]byte(key); return f }
func (f rawFrame) length(bytes int) rawFrame       { f.form = bytes; return f }
func (f rawFrame) claiming(length uint64) rawFrame { f.claim = &length; return f }

// wire returns the frame as RFC 6455, 5.2 draws it.
func (f rawFrame) wire() []byte {
	n := uint64(len(f.payload))
	if f.claim != nil {
		n = *f.claim
	}
	form, mask := f.form, byte(maskBit)
	if form == 0 && n > 125 {
		form = 2
		if n > 0xffff {
			form = 8
		}
	}
	if f.unmasked {
		mask = 0
	}
	b := []byte{f.head}
	switch form {
	case 2:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	case 8:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), n)
	default:
		b = append(b, mask|byte(n))
	}
	if f.unmasked {
		return append(b, f.payload...)
	}
	b = append(b, f.key[:]...)
	for i, c := range f.payload {
		b = append(b, c^f.key[i%4])
	}
	return b
}

// closing returns a close frame.
func closing(code uint16, reason string) rawFrame {
	return frame(opClose, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// saying returns the JSON that says text in the room.
func saying(text string) string {
	b, err := json.Marshal(map[string]string{"message": text})
	if err != nil {
		panic(err) // a map of strings
	}
	return string(b)
}

// sized is JSON of exactly so many bytes that says text in the room.
func sized(n int, text string) string {
	head, tail := `{"message":"`+text+`","pad":"`, `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

// rawConn is a client that knows nothing but TCP.
type rawConn struct {
	*net.TCPConn
	t      testing.TB
	reader *bufio.Reader
}

// dialRaw opens a TCP connection to the server.
func dialRaw(t testing.TB, s *hearthtest.Server) *rawConn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(rawPatience)); err != nil {
		t.Fatal(err)
	}
	return &rawConn{conn.(*net.TCPConn), t, bufio.NewReader(conn)}
}

// send writes b, some bytes at a time; all at once for 0.
func (c *rawConn) send(b []byte, pieces int) {
	c.t.Helper()
	if pieces == 0 {
		pieces = max(len(b), 1)
	}
	for len(b) > 0 {
		n := min(pieces, len(b))
		if _, err := c.Write(b[:n]); err != nil {
			return // the server has hung up, and what it said before tells why
		}
		b = b[n:]
	}
}

// ask sends a request and reads the head of the answer.
func (c *rawConn) ask(request string) (*http.Response, error) {
	c.send([]byte(request), 0)
	return http.ReadResponse(c.reader, nil)
}

// handshake opens a socket as RFC 6455, 4.1 says.
func (c *rawConn) handshake(path, cookie string) {
	c.t.Helper()
	resp, err := c.ask("GET " + path + " HTTP/1.1\r\nHost: " + c.RemoteAddr().String() + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + theKey + "\r\nSec-WebSocket-Version: 13\r\nCookie: " + cookie + "\r\n\r\n")
	if err != nil {
		c.t.Fatal(err)
	}
	if got := resp.Header.Get("Sec-WebSocket-Accept"); resp.StatusCode != http.StatusSwitchingProtocols || got != theAccept {
		c.t.Fatalf("the handshake is answered with %d and the key with %q", resp.StatusCode, got)
	}
}

// read reads a frame, and holds the server to what RFC 6455 asks of its frames.
func (c *rawConn) read() (opcode byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.reader, head); err != nil {
		return 0, nil, err
	}
	opcode = head[0] & 0x0f
	if head[0] != finBit|opcode || head[1]&maskBit != 0 {
		return 0, nil, fmt.Errorf("a frame of the server begins with % x: 5.1 wants it unmasked, 5.2 without reserved bits, and it never fragments", head)
	}
	length := uint64(head[1])
	switch length {
	case 126:
		length, err = c.long(2, 126)
	case 127:
		length, err = c.long(8, 1<<16)
	}
	if err != nil {
		return 0, nil, err
	}
	if opcode >= opClose && length > 125 {
		return 0, nil, fmt.Errorf("a control frame of %d bytes: 5.5 allows 125", length)
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(c.reader, payload)
	if err == nil && opcode == opText && !utf8.Valid(payload) {
		err = errors.New("a text frame of the server is not UTF-8, as 5.6 wants it")
	}
	return opcode, payload, err
}

// long reads an extended length, which 5.2 wants used for lengths from least on alone.
func (c *rawConn) long(size int, least uint64) (uint64, error) {
	b := make([]byte, 8)
	if _, err := io.ReadFull(c.reader, b[8-size:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint64(b)
	if n < least || n>>63 != 0 {
		return 0, fmt.Errorf("a length of %d in %d bytes: 5.2 wants the shortest form", n, size)
	}
	return n, nil
}

// heard is what a raw client was told.
type heard struct {
	said, pongs, errors []string // its own messages, the payloads of pongs, codes of error frames
	code                int      // of the close frame; 0: none came
	ended               bool     // so did the TCP connection
}

// next takes the next frame into account.
func (h *heard) next(c *rawConn) {
	c.t.Helper()
	opcode, payload, err := c.read()
	switch {
	case errors.Is(err, io.EOF):
		h.ended = true
	case err != nil:
		c.t.Fatalf("after %+v: %v", *h, err)
	case h.code != 0:
		c.t.Fatalf("opcode %d came after a close frame, against 5.5.1", opcode)
	case opcode == opText:
		h.event(c.t, payload)
	case opcode == opPong:
		h.pongs = append(h.pongs, string(payload))
	case opcode == opClose:
		h.code = closeCode(c.t, payload)
	default:
		c.t.Fatalf("opcode %d with %q, which nobody asked for", opcode, payload)
	}
}

func (h *heard) event(t testing.TB, payload []byte) {
	t.Helper()
	var f hearthtest.Frame
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&f); err != nil {
		t.Fatalf("%q: %v", payload, err)
	}
	switch {
	case f.Type() == "chat_message" && f["history"] != true:
		h.said = append(h.said, f.Text("message"))
	case f.Type() == "error":
		h.errors = append(h.errors, f.Text("code"))
	}
}

// closeCode returns the code in a close frame's payload (5.5.1).
func closeCode(t testing.TB, payload []byte) int {
	t.Helper()
	if len(payload) == 0 {
		return noCode
	}
	if len(payload) < 2 || !utf8.Valid(payload[2:]) {
		t.Fatalf("the server closes with the payload %q", payload)
	}
	return int(binary.BigEndian.Uint16(payload))
}
