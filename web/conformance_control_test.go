package web_test

import (
	"fmt"
	"strings"
)

// controlCases are pings and pongs (5.5.2, 5.5.3).
func controlCases() []frameCase {
	long, tooLong := strings.Repeat("p", 125), strings.Repeat("p", 126)
	cases := []frameCase{
		{rfc: "5.5.2", name: "a ping without payload", send: []rawFrame{frame(opPing, "")}, pongs: []string{""}},
		{rfc: "5.5.2", name: "a ping of 1 byte", send: []rawFrame{frame(opPing, "p")}, pongs: []string{"p"}},
		{rfc: "5.5.2", name: "a ping of 124 bytes", send: []rawFrame{frame(opPing, long[1:])}, pongs: []string{long[1:]}},
		{rfc: "5.5.2", name: "a ping of 125 bytes", send: []rawFrame{frame(opPing, long)}, pongs: []string{long}},
		{rfc: "5.5.2", name: "a ping that is not UTF-8", send: []rawFrame{frame(opPing, "\x00\xff\xfe\x80\x01")}, pongs: []string{"\x00\xff\xfe\x80\x01"}},
		{rfc: "5.5.2", name: "a ping of 125 bytes, a byte at a time", send: []rawFrame{frame(opPing, long)}, pieces: 1, pongs: []string{long}},
		{rfc: "5.5.2", name: "a ping behind a message", send: []rawFrame{frame(opText, saying("first")), frame(opPing, "p")}, said: []string{"first"}, pongs: []string{"p"}},
		{rfc: "5.5.2", name: "a ping before a message", send: []rawFrame{frame(opPing, "p"), frame(opText, saying("second"))}, said: []string{"second"}, pongs: []string{"p"}},
		{rfc: "5.5.2", name: "a ping behind one's close is not answered", send: []rawFrame{closing(1000, ""), frame(opPing, "no")}, code: 1000},
		{rfc: "5.5", name: "a ping of 126 bytes", send: []rawFrame{frame(opPing, tooLong)}, code: 1002},
		{rfc: "5.5", name: "a ping of 65536 bytes", send: []rawFrame{frame(opPing, sized(65536, "no"))}, code: 1002},
		{rfc: "5.5", name: "a fragmented ping", send: []rawFrame{frame(opPing, "pi").open(), frame(opContinuation, "ng")}, code: 1002},
		{rfc: "5.5", name: "a fragment of a ping without payload", send: []rawFrame{frame(opPing, "").open()}, code: 1002},
		{rfc: "5.5.3", name: "a pong that nobody asked for", send: []rawFrame{frame(opPong, "unasked"), frame(opText, saying("still here"))}, said: []string{"still here"}},
		{rfc: "5.5.3", name: "a pong without payload", send: []rawFrame{frame(opPong, ""), frame(opPing, "p")}, pongs: []string{"p"}},
		{rfc: "5.5.3", name: "a pong of 125 bytes", send: []rawFrame{frame(opPong, long), frame(opPing, "p")}, pongs: []string{"p"}},
		{rfc: "5.5", name: "a pong of 126 bytes", send: []rawFrame{frame(opPong, tooLong)}, code: 1002},
		{rfc: "5.5", name: "a fragmented pong", send: []rawFrame{frame(opPong, "po").open(), frame(opContinuation, "ng")}, code: 1002},
		{rfc: "5.4", name: "a fragmented ping between fragments", send: []rawFrame{frame(opText, "{").open(), frame(opPing, "no").open(), frame(opContinuation, "}")}, code: 1002},
	}
	many := frameCase{rfc: "5.5.2", name: "100 pings at once are answered in order"}
	for i := range 100 {
		payload := fmt.Sprint("ping ", i)
		many.send = append(many.send, frame(opPing, payload))
		many.pongs = append(many.pongs, payload)
	}
	pongs := frameCase{rfc: "5.5.3", name: "100 pongs at once", pongs: []string{"end"}}
	for range 100 {
		pongs.send = append(pongs.send, frame(opPong, "unasked"))
	}
	pongs.send = append(pongs.send, frame(opPing, "end"))
	return append(cases, many, pongs)
}

// closeCases returns the closing handshake (5.5.1, 7.1 and 7.4).
func closeCases() []frameCase {
	said := saying("no")
	cases := []frameCase{
		{rfc: "7.1.5", name: "a close without a code", send: []rawFrame{frame(opClose, "")}, code: noCode},
		{rfc: "5.5.1", name: "a close with a reason", send: []rawFrame{closing(1000, "that's all – добро 🔥")}, code: 1000},
		{rfc: "5.5.1", name: "a close with a reason of 123 bytes", send: []rawFrame{closing(1000, strings.Repeat("r", 123))}, code: 1000},
		{rfc: "5.5", name: "a close with a reason of 124 bytes", send: []rawFrame{closing(1000, strings.Repeat("r", 124))}, code: 1002},
		{rfc: "5.5.1", name: "a close a byte at a time", send: []rawFrame{closing(4000, "slowly")}, pieces: 1, code: 4000},
		{rfc: "5.5.1", name: "a close of 1 byte", send: []rawFrame{frame(opClose, "\x03")}, code: 1002},
		{rfc: "5.5.1", name: "a close of 1 byte with a key of zeros", send: []rawFrame{frame(opClose, "\x03").masked(0, 0, 0, 0)}, code: 1002},
		{rfc: "5.5", name: "a fragmented close", send: []rawFrame{closing(1000, "").open(), frame(opContinuation, "no")}, code: 1002},
		{rfc: "5.5.1", name: "text behind a close", send: []rawFrame{closing(1000, ""), frame(opText, said)}, code: 1000},
		{rfc: "5.5.1", name: "binary behind a close", send: []rawFrame{closing(1000, ""), frame(opBinary, said)}, code: 1000},
		{rfc: "5.5.1", name: "another close behind a close", send: []rawFrame{closing(1001, ""), closing(1000, "")}, code: 1001},
		{rfc: "5.5.1", name: "a wrong frame behind a close", send: []rawFrame{closing(1000, ""), frame(7, said).bare()}, code: 1000},
		{rfc: "5.5.1", name: "a wrong length behind a close", send: []rawFrame{closing(1000, ""), frame(opText, said).length(8)}, code: 1000},
		{rfc: "5.5.1", name: "1 MiB behind a close", send: []rawFrame{closing(1000, ""), frame(opText, sized(1<<20, "no"))}, code: 1000},
		{rfc: "5.5.1", name: "a close behind a message", send: []rawFrame{frame(opText, saying("last words")), closing(1000, "")}, said: []string{"last words"}, code: 1000},
		{rfc: "5.5.1", name: "a close behind a ping", send: []rawFrame{frame(opPing, "p"), closing(1000, "")}, pongs: []string{"p"}, code: 1000},
		{rfc: "5.4", name: "a close between fragments", send: []rawFrame{frame(opText, `{"message":`).open(), closing(1000, ""), frame(opContinuation, `"no"}`)}, code: 1000},
		{rfc: "5.4", name: "a wrong close between fragments", send: []rawFrame{frame(opText, `{"message":`).open(), frame(opClose, "\x03"), frame(opContinuation, `"no"}`)}, code: 1002},
		{rfc: "8.1", name: "a close whose reason is not UTF-8", send: []rawFrame{closing(1000, "\xff")}, code: 1007},
		{rfc: "8.1", name: "a close whose reason has a surrogate", send: []rawFrame{closing(1000, "no \xed\xa0\x80")}, code: 1007},
		{rfc: "8.1", name: "a close whose reason breaks off in a character", send: []rawFrame{closing(1000, "no \xe2\x82")}, code: 1007},
		{rfc: "8.1", name: "a close whose reason is overlong", send: []rawFrame{closing(1000, "no \xc0\xaf")}, pieces: 1, code: 1007},
	}
	// 1012 and 1013 are in the registry of 11.7 since.
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999} {
		cases = append(cases, frameCase{rfc: "7.4.1", name: fmt.Sprintf("code %d comes back", code), send: []rawFrame{closing(code, "")}, code: int(code)})
	}
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cases = append(cases, frameCase{rfc: "7.4.2", name: fmt.Sprintf("code %d may not be sent", code), send: []rawFrame{closing(code, "")}, code: 1002})
	}
	return cases
}
