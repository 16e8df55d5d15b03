package web_test

import (
	"flag"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

var olderProgram = flag.String("page.older", "", "an older build of hearth, with which TestCostOfRoomPage compares this one")

// pageTexts are what the messages of TestCostOfRoomPage say: mostly plain texts, as people write them.
var pageTexts = []string{
	"Oven is fixed. It was the fuse, not the heating element.", "Thanks! I'll tell the others.", "Who takes the *last* bun?",
	"The log from last week: https://example.org/log?week=46", "@user1 can you bring the keys tomorrow?", "ok", "**No** deliveries on Friday, the street is closed. Please order before Thursday noon.",
	"`make flour` works again", "- rye\n- wheat\n- spelt", "See you at 7",
}

// A room page costs little more than the API's answer with the same messages.
func TestCostOfRoomPage(t *testing.T) {
	hearthtest.Cost(t, "thousands of pages")
	const people, messages, requests, rounds = 5, 50, 40, 8
	programs := []string{hearthtest.Binary(t)}
	if *olderProgram != "" {
		programs = append(programs, *olderProgram)
	}
	kinds := []struct{ name, path string }{{"room page", "/chat/r0/"}, {"answer of the API", "/api/rooms/r0/messages?limit=50"}}
	servers, readers := make([]*hearthtest.Server, len(programs)), make([]*hearthtest.Browser, len(programs))
	for i, program := range programs {
		s := hearthtest.StartAs(t, []string{program}, t.TempDir())
		browsers := make([]*hearthtest.Browser, people)
		for j := range browsers {
			browsers[j] = s.SignUp(t, fmt.Sprint("user", j))
		}
		for room := range 10 {
			for j := range messages {
				b := browsers[j%people]
				if r := b.PostJSON(fmt.Sprintf("/api/rooms/r%d/messages", room), map[string]any{"message": pageTexts[j%len(pageTexts)]}); r.Status != http.StatusCreated {
					t.Fatal(program, r.Status, r.Body)
				}
			}
		}
		browsers[0].Post("/read/") // an older program does not have it: there, a visit marks as read
		servers[i], readers[i] = s, browsers[0]
	}
	time.Sleep(6 * time.Second) // what has been read is on disk
	least := make([][]time.Duration, len(programs))
	for i := range least {
		least[i] = make([]time.Duration, len(kinds))
	}
	for range rounds {
		for i := range programs {
			for j, kind := range kinds {
				before := cpuTime(t, servers[i])
				for range requests {
					if r := readers[i].Get(kind.path); r.Status != http.StatusOK || strings.Count(r.Body, "deliveries on Friday") < 5 {
						t.Fatalf("%s: %d %s", kind.path, r.Status, r.Body)
					}
				}
				if used := (cpuTime(t, servers[i]) - before) / requests; least[i][j] == 0 || used < least[i][j] {
					least[i][j] = used
				}
			}
		}
	}
	for i, program := range programs {
		if i == 0 && least[i][0] > 12*least[i][1] {
			t.Error("a room page costs too much")
		}
		t.Logf("%s: a room page costs %v CPU, %.2f times the API's answer (%v)", program, least[i][0], float64(least[i][0])/float64(least[i][1]), least[i][1])
	}
	if len(programs) > 1 {
		t.Logf("a room page costs %.2f times that of %s", float64(least[0][0])/float64(least[1][0]), *olderProgram)
	}
}
