package web_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// Two addresses of this machine: hostile clients come from the one, everybody else from the other.
const hostileAddress = "127.0.0.2"

// dialHostile connects from the hostile address, with a receive buffer of 4 KiB; nil if that is
// refused.
func dialHostile(t *testing.T, s *hearthtest.Server) *rawConn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(hostileAddress)}, Timeout: rawPatience}
	conn, err := d.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Skipf("there is no address %s here: %v", hostileAddress, err)
	}
	tcp := conn.(*net.TCPConn)
	t.Cleanup(func() { _ = tcp.SetLinger(0); _ = tcp.Close() })
	if err := tcp.SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	return &rawConn{TCPConn: tcp, t: t, reader: bufio.NewReaderSize(tcp, 512)}
}

// pipeline sends requests whose answers it does not read. It does not wait for the server either.
func (c *rawConn) pipeline(requests string) {
	c.t.Helper()
	if err := c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	_, _ = c.Write([]byte(requests)) // it may take only some of them, or hang up
}

func request(path, cookie string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie + "\r\n\r\n"
}

// kernelMemory returns how many bytes the system keeps for TCP connections.
func kernelMemory(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/net/sockstat")
	found := regexp.MustCompile(`(?m)^TCP: .* mem (\d+)`).FindSubmatch(b)
	if err != nil || found == nil {
		t.Skipf("the system does not say how much memory TCP has: %v", err)
	}
	pages, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Sixty pipelines that nobody reads pin at most 30 MB of the system's memory. Not parallel: the
// memory is that of all connections of this machine.
func TestUnreadPipelinesPinLittleMemory(t *testing.T) {
	hearthtest.Slow(t, "dozens of stalled connections")
	s := hearthtest.Start(t, "-limits", "on")
	s.SignUp(t, "ada")
	before := kernelMemory(t)
	const pipelines, requests = 60, 400
	for range pipelines {
		dialHostile(t, s).pipeline(strings.Repeat(request("/login/", ""), requests))
	}
	most := 0
	for range 40 {
		most = max(most, kernelMemory(t)-before)
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("%d pipelines pin %.1f MB", pipelines, float64(most)/1e6)
	if most > 30e6 {
		t.Errorf("that is more than 30 MB")
	}
}

// One address has at most 256 connections or more, and then the others are refused at once; another
// address is not concerned, and those of the first are let in again when some have ended.
func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	t.Parallel()
	s := hearthtest.StartWithFiles(t, 1024, "-limits", "on")
	ada := s.SignUp(t, "ada")
	const bound = 256
	var open []*rawConn
	refused := 0
	for range bound + 44 {
		c := dialHostile(t, s)
		if err := c.SetDeadline(time.Now().Add(rawPatience)); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	for _, c := range open[bound:] {
		if resp, err := http.ReadResponse(c.reader, nil); err == nil && resp.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 44 {
		t.Errorf("%d of 44 connections too many are refused", refused)
	}
	began := time.Now()
	ada.Dial("/ws/chat/r/").Until("user_list")
	t.Logf("a socket from another address opens after %v; %d connections are refused", time.Since(began).Round(time.Millisecond), gauge(t, ada, "hearth_refused_connections_total"))
	for _, c := range open[:bound] {
		_ = c.Close()
	}
	for deadline := time.Now().Add(rawPatience); ; time.Sleep(20 * time.Millisecond) {
		c := dialHostile(t, s)
		_ = c.SetDeadline(time.Now().Add(rawPatience))
		if resp, err := c.ask(request("/healthz", "")); err == nil && resp.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("connections that have ended still count")
		}
	}
}

// All requests of an address together are limited, also those that are counted nowhere else; what is
// too much is refused with little work, and another address is not concerned.
func TestRequestsOfAnyKindAreLimited(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-limits", "on", "-proxies", "127.0.0.1")
	begun, answered := time.Now(), 0
	c := dialRaw(t, s)
	ask := strings.Replace(request("/healthz", ""), "Cookie: ", "X-Forwarded-For: 192.0.2.1", 1)
	for ; ; answered++ {
		resp, err := c.ask(ask)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusTooManyRequests {
			if resp.Header.Get("Retry-After") == "" || !resp.Close {
				t.Errorf("the refusal has the header %v", resp.Header)
			}
			break
		}
		if answered > most(2000, 200, begun) {
			t.Fatalf("%d requests and no limit", answered)
		}
	}
	if answered < 2000 {
		t.Errorf("%d requests are let through", answered)
	}
	wantReply(t, "another address", from(s.Visitor(t), "192.0.2.2").Get("/healthz"), http.StatusOK)
}
