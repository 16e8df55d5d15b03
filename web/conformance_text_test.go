package web_test

import (
	"fmt"
	"strings"
)

// inPieces returns a text message, a fragment for each part.
func inPieces(parts ...string) []rawFrame {
	var all []rawFrame
	for i, p := range parts {
		f := frame(opContinuation, p).masked(byte(i), 2, 3, 4)
		if i == 0 {
			f = frame(opText, p)
		}
		if i < len(parts)-1 {
			f = f.open()
		}
		all = append(all, f)
	}
	return all
}

// between puts frames between the first and the second.
func between(all []rawFrame, more ...rawFrame) []rawFrame {
	return append(append(append([]rawFrame{}, all[0]), more...), all[1:]...)
}

// fragmentCases are messages in fragments (5.4).
func fragmentCases() []frameCase {
	whole := saying("in pieces")
	said := []string{"in pieces"}
	two := inPieces(whole[:7], whole[7:])
	half := sized(65536, "in pieces")
	cases := []frameCase{
		{rfc: "5.4", name: "2 fragments", send: two, said: said},
		{rfc: "5.4", name: "3 fragments", send: inPieces(whole[:1], whole[1:9], whole[9:]), said: said},
		{rfc: "5.4", name: "a fragment for each byte", send: inPieces(strings.Split(whole, "")...), said: said},
		{rfc: "5.4", name: "a fragment for each byte, a byte at a time", send: inPieces(strings.Split(whole, "")...), pieces: 1, said: said},
		{rfc: "5.4", name: "an empty first fragment", send: inPieces("", whole), said: said},
		{rfc: "5.4", name: "an empty last fragment", send: inPieces(whole, ""), said: said},
		{rfc: "5.4", name: "an empty fragment within", send: inPieces(whole[:7], "", whole[7:]), said: said},
		{rfc: "5.4", name: "nothing but empty fragments", send: inPieces("", "", ""), errors: []string{"bad_frame"}},
		{rfc: "5.4", name: "1000 empty fragments within", send: inPieces(append(append([]string{whole[:7]}, make([]string, 1000)...), whole[7:])...), said: said},
		{rfc: "5.4", name: "2 messages in fragments", send: append(inPieces(whole[:7], whole[7:]), two...), said: []string{"in pieces", "in pieces"}},
		{rfc: "5.4", name: "a whole message behind one in fragments", send: append(inPieces(whole[:7], whole[7:]), frame(opText, saying("whole"))), said: []string{"in pieces", "whole"}},
		{rfc: "5.4", name: "a ping between fragments", send: between(two, frame(opPing, "p")), said: said, pongs: []string{"p"}},
		{rfc: "5.4", name: "a pong between fragments", send: between(two, frame(opPong, "unasked")), said: said},
		{rfc: "5.4", name: "3 pings between fragments", send: between(two, frame(opPing, "1"), frame(opPing, ""), frame(opPing, "3")), said: said, pongs: []string{"1", "", "3"}},
		{rfc: "5.5.2", name: "a ping is answered before the message has ended", send: []rawFrame{two[0], frame(opPing, "p"), closing(1000, "")}, pongs: []string{"p"}, code: 1000},
		{rfc: "5.4", name: "a ping between fragments, a byte at a time", send: between(two, frame(opPing, "p")), pieces: 1, said: said, pongs: []string{"p"}},
		{rfc: "5.4", name: "a new text within a message", send: between(two, frame(opText, whole)), code: 1002},
		{rfc: "5.4", name: "a new binary within a message", send: between(two, frame(opBinary, whole)), code: 1002},
		{rfc: "5.4", name: "a new fragmented text within a message", send: between(two, frame(opText, whole).open()), code: 1002},
		{rfc: "5.4", name: "a new empty text within a message", send: between(two, frame(opText, "")), code: 1002},
		{rfc: "5.4", name: "a continuation of nothing", send: []rawFrame{frame(opContinuation, whole)}, code: 1002},
		{rfc: "5.4", name: "an empty continuation of nothing", send: []rawFrame{frame(opContinuation, "")}, code: 1002},
		{rfc: "5.4", name: "an open continuation of nothing", send: []rawFrame{frame(opContinuation, whole).open(), frame(opContinuation, "")}, code: 1002},
		{rfc: "5.4", name: "a continuation of a whole message", send: []rawFrame{frame(opText, whole), frame(opContinuation, whole)}, said: said, code: 1002},
		{rfc: "5.4", name: "a continuation of a message that has ended", send: append(inPieces(whole[:7], whole[7:]), frame(opContinuation, whole)), said: said, code: 1002},
		{rfc: "5.4", name: "a continuation of a ping", send: []rawFrame{frame(opPing, "p"), frame(opContinuation, "no")}, pongs: []string{"p"}, code: 1002},
		{rfc: "5.4", name: "fragments of 65536 bytes together", send: inPieces(half[:30000], half[30000:]), said: said},
		{rfc: "10.4", name: "fragments of 65537 bytes together", send: inPieces(half, " "), code: 1009},
		{rfc: "10.4", name: "fragments of 120000 bytes together", send: inPieces(half[:40000], half[:40000], half[:40000]), code: 1009},
		{rfc: "10.4", name: "a fragment that claims more than is left", send: []rawFrame{frame(opText, half[:40000]).open(), frame(opContinuation, "").length(8).claiming(1 << 62)}, code: 1009},
		{rfc: "10.4", name: "fragments whose lengths overflow together", send: []rawFrame{frame(opText, "{").open(), frame(opContinuation, "").length(8).claiming(1<<63 - 1)}, code: 1009},
		{rfc: "10.4", name: "control frames don't count into a message", send: between(inPieces(half[:30000], half[30000:]), frame(opPing, "p")), said: said, pongs: []string{"p"}},
	}
	return append(cases, binaryCases()...)
}

// binaryCases are 7.4.1's 1003: an endpoint that understands only text MAY close with it, and
// PROTOCOL.md does. 7.1.7 has nothing count that follows.
func binaryCases() []frameCase {
	return []frameCase{
		{rfc: "7.4.1", name: "binary", send: []rawFrame{frame(opBinary, "\x00\xff")}, code: 1003},
		{rfc: "7.4.1", name: "empty binary", send: []rawFrame{frame(opBinary, "")}, code: 1003},
		{rfc: "7.4.1", name: "binary that would be a message", send: []rawFrame{frame(opBinary, saying("no"))}, code: 1003},
		{rfc: "7.4.1", name: "binary in fragments", send: []rawFrame{frame(opBinary, "a").open(), frame(opContinuation, "b")}, code: 1003},
		{rfc: "7.4.1", name: "binary of 65536 bytes", send: []rawFrame{frame(opBinary, sized(65536, "no"))}, code: 1003},
		{rfc: "7.1.7", name: "text behind binary", send: []rawFrame{frame(opBinary, "no"), frame(opText, saying("no")), frame(opText, saying("no"))}, code: 1003},
		{rfc: "7.1.7", name: "text before binary", send: []rawFrame{frame(opText, saying("yes")), frame(opBinary, "no")}, said: []string{"yes"}, code: 1003},
	}
}

// textCases are text in and out of UTF-8 (5.6, 8.1).
func textCases() []frameCase {
	var cases []frameCase
	for name, text := range map[string]string{
		"1 byte": "a~", "2 bytes": "a\u00a1\u07ff", "3 bytes": "a\u0800\ud7ff\ue000\ufffc", "4 bytes": "a\U00010000\U0010ffff",
		"all lengths": "aé☃🔥", "noncharacters": "a\ufffe\uffff\ufdd0\U0001ffff", "a byte order mark": "a\ufeffb", "Greek": "κόσμε",
	} {
		whole := `{"message":"` + text + `"}`
		cases = append(cases,
			frameCase{rfc: "5.6", name: "characters of " + name, send: []rawFrame{frame(opText, whole)}, said: []string{text}},
			frameCase{rfc: "5.6", name: "characters of " + name + ", a fragment for each byte", send: inPieces(bytesOf(whole)...), said: []string{text}})
	}
	for name, bad := range map[string]string{
		"a continuation byte alone": "\x80", "the last continuation byte alone": "\xbf", "the byte FE": "\xfe", "the byte FF": "\xff",
		"overlong 2 bytes": "\xc0\xaf", "overlong C1": "\xc1\xbf", "overlong 3 bytes": "\xe0\x80\xaf", "the last overlong 3 bytes": "\xe0\x9f\xbf",
		"overlong 4 bytes": "\xf0\x80\x80\xaf", "the last overlong 4 bytes": "\xf0\x8f\xbf\xbf", "overlong 5 bytes": "\xf8\x80\x80\x80\xaf", "overlong 6 bytes": "\xfc\x80\x80\x80\x80\xaf",
		"overlong NUL": "\xc0\x80", "the first surrogate": "\xed\xa0\x80", "the last surrogate": "\xed\xbf\xbf", "a surrogate pair": "\xed\xa0\xbd\xed\xb4\xa5",
		"U+110000": "\xf4\x90\x80\x80", "the byte F5": "\xf5\x80\x80\x80", "5 bytes": "\xf8\x88\x80\x80\x80", "6 bytes": "\xfc\x84\x80\x80\x80\x80",
		"2 bytes cut short": "\xc3", "3 bytes cut short": "\xe2\x98", "4 bytes cut short": "\xf0\x9f\x94", "Latin-1": "caf\xe9",
	} {
		cases = append(cases, frameCase{rfc: "8.1", name: name, send: []rawFrame{frame(opText, `{"message":"no`+bad+`"}`)}, code: 1007})
	}
	end := func(s string) string { return saying("no") + s }
	return append(cases,
		frameCase{rfc: "8.1", name: "a text that breaks off in a character of 2 bytes", send: []rawFrame{frame(opText, end("\xc3"))}, code: 1007},
		frameCase{rfc: "8.1", name: "a text that breaks off in a character of 3 bytes", send: []rawFrame{frame(opText, end("\xe2\x82"))}, code: 1007},
		frameCase{rfc: "8.1", name: "a text that breaks off in a character of 4 bytes", send: []rawFrame{frame(opText, end("\xf0\x9f\x94"))}, code: 1007},
		frameCase{rfc: "8.1", name: "a last fragment that breaks off in a character", send: inPieces(`{"message":"no"}`, "\xf0\x9f"), code: 1007},
		frameCase{rfc: "8.1", name: "a character broken by another fragment", send: inPieces("{\"message\":\"no\xe2", "\x98x\"}"), code: 1007},
		frameCase{rfc: "8.1", name: "not UTF-8 a byte at a time", send: []rawFrame{frame(opText, "\"\xff\"")}, pieces: 1, code: 1007},
		frameCase{rfc: "8.1", name: "not UTF-8, then text", send: []rawFrame{frame(opText, "\xff"), frame(opText, saying("no"))}, code: 1007},
		frameCase{rfc: "8.1", name: "not UTF-8, then a close", send: []rawFrame{frame(opText, "\xff"), closing(1000, "")}, code: 1007},
		frameCase{rfc: "8.1", name: "text, then not UTF-8", send: []rawFrame{frame(opText, saying("yes")), frame(opText, "\xff")}, said: []string{"yes"}, code: 1007},
		frameCase{rfc: "5.6", name: "U+FFFD is UTF-8, but no text: JSON's broken surrogates turn into it", send: []rawFrame{frame(opText, saying("a\ufffd"))}, errors: []string{"bad_text"}},
		frameCase{rfc: "5.6", name: "NUL is UTF-8, but no JSON", send: []rawFrame{frame(opText, "\x00")}, errors: []string{"bad_frame"}})
}

// bytesOf is s in strings of a byte each.
func bytesOf(s string) []string {
	var all []string
	for i := range len(s) {
		all = append(all, s[i:i+1])
	}
	return all
}

// transportCases returns the ways in which TCP brings the bytes, or stops (5.4, 7.1.1, 7.2.1).
func transportCases() []frameCase {
	whole, said := frame(opText, saying("on its way")), []string{"on its way"}
	cases := []frameCase{
		{rfc: "5.2", name: "a message a byte at a time", send: []rawFrame{whole}, pieces: 1, said: said},
		{rfc: "5.2", name: "a message of 300 bytes, 3 at a time", send: []rawFrame{frame(opText, sized(300, "on its way"))}, pieces: 3, said: said},
		{rfc: "5.2", name: "65536 bytes, 100 at a time", send: []rawFrame{frame(opText, sized(65536, "on its way"))}, pieces: 100, said: said},
		{rfc: "7.1.1", name: "TCP half closed before any frame", hangUp: true},
		{rfc: "7.1.1", name: "TCP half closed behind a message", send: []rawFrame{whole}, hangUp: true, said: said},
		{rfc: "7.1.1", name: "TCP half closed behind a ping", send: []rawFrame{frame(opPing, "p")}, hangUp: true, pongs: []string{"p"}},
		{rfc: "7.1.1", name: "TCP half closed behind a close", send: []rawFrame{closing(1000, "")}, hangUp: true, code: 1000},
		{rfc: "7.1.1", name: "TCP half closed behind a wrong frame", send: []rawFrame{whole.bare()}, hangUp: true, code: 1002},
		{rfc: "7.2.1", name: "TCP half closed between fragments", send: inPieces(`{"message":"no"}`, "")[:1], hangUp: true},
		{rfc: "7.2.1", name: "TCP half closed within a payload", send: []rawFrame{whole}, cut: 1, hangUp: true},
		{rfc: "7.2.1", name: "TCP half closed within a ping", send: []rawFrame{frame(opPing, "ping")}, cut: 1, hangUp: true},
		{rfc: "7.2.1", name: "TCP half closed within a close", send: []rawFrame{closing(1000, "")}, cut: 1, hangUp: true},
	}
	for n := 1; n <= 6; n++ {
		cases = append(cases, frameCase{rfc: "7.2.1", name: fmt.Sprintf("TCP half closed %d bytes before the header's end", n),
			send: []rawFrame{frame(opText, "")}, cut: n, hangUp: true})
	}
	many := frameCase{rfc: "5.2", name: "50 messages and 50 pings in one write"}
	for i := range 50 {
		text := fmt.Sprint("one of many, ", i)
		many.send = append(many.send, frame(opText, saying(text)), frame(opPing, text))
		many.said, many.pongs = append(many.said, text), append(many.pongs, text)
	}
	return append(cases, many)
}
