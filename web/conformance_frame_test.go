package web_test

import (
	"fmt"
	"slices"
	"strings"
)

// A frame alone: its opcode, reserved bits, mask and length.
func headerCases() []frameCase {
	return slices.Concat(sizeCases(), lengthCases(), maskCases(), reservedCases())
}

// Frames of all sizes. PROTOCOL.md allows 64 KiB, and has 1009 for more, as 7.4.1 does.
func sizeCases() []frameCase {
	cases := []frameCase{
		{rfc: "5.6", name: "text of 0 bytes is no JSON", send: []rawFrame{frame(opText, "")}, errors: []string{"bad_frame"}},
		{rfc: "5.6", name: "text of 1 byte is no JSON", send: []rawFrame{frame(opText, "{")}, errors: []string{"bad_frame"}},
		{rfc: "10.4", name: "text of 65537 bytes", send: []rawFrame{frame(opText, sized(65537, "no"))}, code: 1009},
		{rfc: "10.4", name: "text of 1 MiB", send: []rawFrame{frame(opText, sized(1<<20, "no"))}, code: 1009},
		{rfc: "10.4", name: "a header that claims 1 TiB", send: []rawFrame{frame(opText, "").length(8).claiming(1 << 40)}, code: 1009},
		{rfc: "10.4", name: "a header that claims 2^63-1", send: []rawFrame{frame(opText, "").length(8).claiming(1<<63 - 1)}, code: 1009},
		{rfc: "10.4", name: "binary of 65537 bytes", send: []rawFrame{frame(opBinary, sized(65537, "no"))}, code: 1009},
		{rfc: "10.4", name: "what follows a frame too big is lost", send: []rawFrame{frame(opText, sized(65537, "no")), frame(opText, saying("no"))}, code: 1009},
	}
	for _, n := range []int{37, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536} {
		text := fmt.Sprintf("of %d bytes", n)
		cases = append(cases, frameCase{rfc: "5.2", name: "text " + text, send: []rawFrame{frame(opText, sized(n, text))}, said: []string{text}})
	}
	return cases
}

// 5.2: the minimal number of bytes MUST be used, and the top bit of 64 MUST be 0.
func lengthCases() []frameCase {
	var cases []frameCase
	for _, k := range []struct{ form, n int }{{2, 40}, {2, 125}, {8, 40}, {8, 125}, {8, 126}, {8, 65535}} {
		name := fmt.Sprintf("text of %d bytes with its length in %d", k.n, k.form)
		cases = append(cases, frameCase{rfc: "5.2", name: name, send: []rawFrame{frame(opText, sized(k.n, "no")).length(k.form)}, code: 1002})
	}
	for _, form := range []int{2, 8} {
		cases = append(cases,
			frameCase{rfc: "5.2", name: fmt.Sprintf("empty text with its length in %d bytes", form), send: []rawFrame{frame(opText, "").length(form)}, code: 1002},
			frameCase{rfc: "5.2", name: fmt.Sprintf("a continuation with its length in %d bytes", form),
				send: []rawFrame{frame(opText, `{"message":`).open(), frame(opContinuation, `"no"}`).length(form)}, code: 1002},
			frameCase{rfc: "5.5", name: fmt.Sprintf("a ping with its length in %d bytes", form), send: []rawFrame{frame(opPing, "hi").length(form)}, code: 1002},
			frameCase{rfc: "5.5", name: fmt.Sprintf("a close with its length in %d bytes", form), send: []rawFrame{closing(1000, "").length(form)}, code: 1002},
			frameCase{rfc: "5.2", name: fmt.Sprintf("a wrong length in %d bytes after a right frame", form), pongs: []string{"right"},
				send: []rawFrame{frame(opPing, "right"), frame(opText, saying("no")).length(form)}, code: 1002},
		)
	}
	for name, n := range map[string]uint64{"alone": 1 << 63, "with a small length": 1<<63 | 40, "with all others": 1<<64 - 1} {
		cases = append(cases, frameCase{rfc: "5.2", name: "the top bit of the length " + name, send: []rawFrame{frame(opText, sized(40, "no")).length(8).claiming(n)}, code: 1002})
	}
	return append(cases, frameCase{rfc: "5.2", name: "a wrong length a byte at a time", send: []rawFrame{frame(opText, sized(40, "no")).length(8)}, pieces: 1, code: 1002})
}

// 5.1: a server MUST close upon receiving a frame that is not masked, here with 1002 as 7.4.1 has it.
func maskCases() []frameCase {
	said := saying("masked")
	cases := []frameCase{
		{rfc: "5.1", name: "what follows an unmasked frame is lost", send: []rawFrame{frame(opText, saying("no")).bare(), frame(opText, saying("no"))}, code: 1002},
		{rfc: "5.1", name: "an unmasked frame after a masked one", send: []rawFrame{frame(opText, said), frame(opText, saying("no")).bare()}, said: []string{"masked"}, code: 1002},
		{rfc: "5.1", name: "an unmasked continuation of a masked frame", send: []rawFrame{frame(opText, `{"message":`).open(), frame(opContinuation, `"no"}`).bare()}, code: 1002},
		{rfc: "5.3", name: "keys that differ from fragment to fragment", said: []string{"masked"}, send: []rawFrame{
			frame(opText, said[:3]).masked(1, 2, 3, 4).open(), frame(opContinuation, said[3:8]).masked(0, 0, 0, 0).open(), frame(opContinuation, said[8:]).masked(0xff, 0xfe, 0xfd, 0xfc)}},
		{rfc: "5.3", name: "a key for a payload that is not there", send: []rawFrame{frame(opPing, "").masked(9, 9, 9, 9)}, pongs: []string{""}},
		{rfc: "5.3", name: "a masked ping is echoed unmasked", send: []rawFrame{frame(opPing, "\x01\x02\x03\x04\x05").masked(1, 2, 3, 4)}, pongs: []string{"\x01\x02\x03\x04\x05"}},
	}
	for name, f := range map[string]rawFrame{"text": frame(opText, saying("no")), "empty text": frame(opText, ""), "binary": frame(opBinary, "no"),
		"continuation": frame(opContinuation, "no"), "ping": frame(opPing, "no"), "pong": frame(opPong, "no"), "close": closing(1000, "")} {
		cases = append(cases, frameCase{rfc: "5.1", name: "unmasked " + name, send: []rawFrame{f.bare()}, code: 1002})
	}
	for _, key := range [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {1, 0, 0, 0}, {0, 0, 0, 1}, {'{', '"', 'm', 'e'}} {
		cases = append(cases, frameCase{rfc: "5.3", name: fmt.Sprintf("the key % x", key), send: []rawFrame{frame(opText, said).masked(key...)}, said: []string{"masked"}})
	}
	for n := range 5 { // all phases of the mask, and more than a word of it
		text := "phase " + strings.Repeat("é", 20) + strings.Repeat("!", n)
		cases = append(cases, frameCase{rfc: "5.3", name: fmt.Sprintf("a payload of %d bytes", len(saying(text))), send: []rawFrame{frame(opText, saying(text))}, said: []string{text}})
	}
	return cases
}

// 5.2: reserved bits MUST be 0 without an extension, and unknown opcodes fail the connection.
func reservedCases() []frameCase {
	var cases []frameCase
	for bit := 1; bit <= 3; bit++ {
		for name, f := range map[string]rawFrame{"text": frame(opText, saying("no")), "empty text": frame(opText, ""), "binary": frame(opBinary, "no"),
			"ping": frame(opPing, "no"), "pong": frame(opPong, "no"), "close": closing(1000, "")} {
			cases = append(cases, frameCase{rfc: "5.2", name: fmt.Sprintf("RSV%d on %s", bit, name), send: []rawFrame{f.rsv(bit)}, code: 1002})
		}
		cases = append(cases, frameCase{rfc: "5.2", name: fmt.Sprintf("RSV%d on a continuation", bit),
			send: []rawFrame{frame(opText, `{"message":`).open(), frame(opContinuation, `"no"}`).rsv(bit)}, code: 1002})
	}
	cases = append(cases,
		frameCase{rfc: "5.2", name: "all reserved bits", send: []rawFrame{frame(opText, saying("no")).rsv(1).rsv(2).rsv(3)}, code: 1002},
		frameCase{rfc: "5.2", name: "what follows a reserved bit is lost", send: []rawFrame{frame(opText, saying("no")).rsv(1), frame(opText, saying("no"))}, code: 1002},
		frameCase{rfc: "5.2", name: "what came before a reserved bit counts", send: []rawFrame{frame(opText, saying("before")), frame(opText, saying("no")).rsv(2)}, said: []string{"before"}, code: 1002})
	for _, opcode := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		cases = append(cases,
			frameCase{rfc: "5.2", name: fmt.Sprintf("opcode %X, empty", opcode), send: []rawFrame{frame(opcode, "")}, code: 1002},
			frameCase{rfc: "5.2", name: fmt.Sprintf("opcode %X with text, and text behind", opcode), send: []rawFrame{frame(opcode, saying("no")), frame(opText, saying("no"))}, code: 1002},
			frameCase{rfc: "5.4", name: fmt.Sprintf("opcode %X between fragments", opcode),
				send: []rawFrame{frame(opText, `{"message":`).open(), frame(opcode, "no"), frame(opContinuation, `"no"}`)}, code: 1002})
	}
	return cases
}
