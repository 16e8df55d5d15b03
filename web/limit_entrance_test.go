package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
	"hearth/web/limits"
)

// entrance is one way to use a limit. It reports whether it was let through; what is neither let
// through nor refused by a limit fails the test.
type entrance struct {
	name string
	use  func(i int) (through bool)
}

// through reads an answer to a form or to the API.
func through(t *testing.T, r hearthtest.Reply) bool {
	t.Helper()
	if r.Status == http.StatusTooManyRequests {
		if r.Header.Get("Retry-After") == "" {
			t.Errorf("429 without Retry-After: %s", r.Body)
		}
		return false
	}
	if r.Status >= 400 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	return true
}

// answered sends a command with a nonce and reads the answer to it.
func answered(t *testing.T, s *hearthtest.Socket, command map[string]any) bool {
	t.Helper()
	nonce := fmt.Sprint("n", time.Now().UnixNano())
	command["nonce"] = nonce
	s.Send(command)
	f := s.Find("the answer to "+nonce, func(f hearthtest.Frame) bool { return f["nonce"] == nonce })
	if f.Type() == "error" && f.Text("code") != "rate_limited" {
		t.Fatalf("%v", f)
	}
	return f.Type() != "error"
}

// counted sends a command that has no receipt, and then one that is always refused: if there is no
// other error before that one, the first was let through.
func counted(t *testing.T, s *hearthtest.Socket, command map[string]any) bool {
	t.Helper()
	nonce := fmt.Sprint("c", time.Now().UnixNano())
	command["nonce"] = nonce
	s.Send(command)
	s.Send(map[string]any{"type": "nonsense", "nonce": nonce + "end"})
	let := true
	s.Find("the end", func(f hearthtest.Frame) bool {
		if f["nonce"] == nonce && f.Type() == "error" {
			if f.Text("code") != "rate_limited" {
				t.Errorf("%v", f)
			}
			let = false
		}
		return f["nonce"] == nonce+"end"
	})
	return let
}

// limitTest is a server with default limits and people who come from an address each.
type limitTest struct {
	*hearthtest.Server
	t    *testing.T
	boss *hearthtest.Browser
}

// person signs up somebody who comes from an address of their own.
func (l limitTest) person(name string, host int) *hearthtest.Browser {
	l.t.Helper()
	b := from(l.Visitor(l.t), fmt.Sprintf("198.51.100.%d", host))
	r := b.Post("/sign_up/", "username", name, "password1", hearthtest.Password, "password2", hearthtest.Password)
	if r.Status != http.StatusSeeOther {
		l.t.Fatalf("sign up %s: %d %s", name, r.Status, r.Body)
	}
	b.Name = name
	return b
}

func (l limitTest) messages() []entrance {
	b := l.person("messages", 1)
	s := b.Dial("/ws/chat/talk/")
	s.Say("first")
	id := s.Until("chat_message").Int("id")
	return []entrance{
		{"socket", func(i int) bool { return answered(l.t, s, map[string]any{"message": fmt.Sprint("m", i)}) }},
		{"edit", func(i int) bool {
			return counted(l.t, s, map[string]any{"type": "edit", "id": id, "message": fmt.Sprint("e", i)})
		}},
		{"reaction", func(i int) bool {
			return counted(l.t, s, map[string]any{"type": "react", "id": id, "emoji": "🎉", "on": i%2 == 0})
		}},
		{"private", func(i int) bool {
			return answered(l.t, s, map[string]any{"message": fmt.Sprint("/pm messages ", i)})
		}},
		{"API", func(i int) bool {
			return through(l.t, b.PostJSON("/api/rooms/talk/messages", map[string]any{"message": fmt.Sprint("a", i)}))
		}},
		{"form", func(i int) bool { return through(l.t, b.Post("/chat/talk/", "message", fmt.Sprint("f", i))) }},
	}
}

// watches returns the sockets on which people can be watched.
func (l limitTest) watches(b *hearthtest.Browser) (ways []entrance) {
	for _, path := range []string{"/ws/chat/talk/", "/users/"} {
		s := b.DialBatched(path)
		ways = append(ways, entrance{path, func(int) bool {
			s.Send(map[string]any{"type": "watch", "users": []string{"boss"}})
			s.Send(map[string]any{"type": "ping"})
			let := true
			s.Find("the answer", func(f hearthtest.Frame) bool {
				let = let && f.Type() != "error"
				return f.Type() == "pong"
			})
			return let
		}})
	}
	return ways
}

// idles returns the sockets on which a page says that nobody touches it.
func (l limitTest) idles(b *hearthtest.Browser) (ways []entrance) {
	for _, path := range []string{"/ws/chat/talk/", "/users/"} {
		s, on := b.DialBatched(path), false
		ways = append(ways, entrance{path, func(int) bool {
			s.Send(map[string]any{"type": "idle", "on": !on})
			s.Send(map[string]any{"type": "ping"})
			let := true
			s.Find("the answer", func(f hearthtest.Frame) bool {
				let = let && f.Type() != "error"
				return f.Type() == "pong"
			})
			on = on != let
			return let
		}})
	}
	return ways
}

// readMarks returns the ways to move a read position that say when they are refused. Read frames without back are ignored then. They use a
// room of their own, because an admin archives the others meanwhile.
func (l limitTest) readMarks(b *hearthtest.Browser) []entrance {
	through(l.t, b.PostJSON("/api/rooms/marks/messages", map[string]any{"message": "hi"}))
	id := lastID(l.t, b, "marks")
	s := b.DialBatched("/ws/chat/marks/")
	return []entrance{
		{"API", func(i int) bool {
			return through(l.t, b.PostJSON("/api/rooms/marks/read", map[string]any{"id": id - int64(i%2), "back": i%2 == 1}))
		}},
		{"socket", func(i int) bool {
			return counted(l.t, s, map[string]any{"type": "read", "id": id - int64(i%2), "back": true})
		}},
		l.one("form", func(int) hearthtest.Reply { return b.Post("/chat/marks/read/", "id", fmt.Sprint(id)) }),
		l.one("all rooms", func(int) hearthtest.Reply { return b.Post("/read/") }),
	}
}

func (l limitTest) rooms(b *hearthtest.Browser) []entrance {
	through(l.t, b.Post("/rooms/", "name", b.Name+"-renamed"))
	return []entrance{
		{"form", func(i int) bool {
			return through(l.t, b.Post("/rooms/", "name", fmt.Sprint(b.Name, "-form-", i), "topic", "t"))
		}},
		{"API", func(i int) bool {
			return through(l.t, b.PostJSON(fmt.Sprintf("/api/rooms/%s-api-%d/messages", b.Name, i), map[string]any{"message": "hi"}))
		}},
		{"composer", func(i int) bool {
			return through(l.t, b.Post(fmt.Sprintf("/chat/%s-page-%d/", b.Name, i), "message", "hi"))
		}},
		{"new name", func(i int) bool {
			return through(l.t, b.Post("/chat/"+b.Name+"-renamed/settings/", "name", fmt.Sprint(b.Name, "-renamed-", i), "topic", "", "access", "open"))
		}},
		{"socket", func(i int) bool {
			s := b.Dial(fmt.Sprintf("/ws/chat/%s-socket-%d/", b.Name, i))
			defer s.Close()
			return answered(l.t, s, map[string]any{"message": "hi"})
		}},
	}
}

func (l limitTest) roomChanges() []entrance {
	b := l.person("changer", 3)
	l.person("member", 4)
	through(l.t, b.Post("/rooms/", "name", "mine", "topic", "t", "access", "closed"))
	talk := openGroup(l.t, b, "boss", "second").Room
	return []entrance{
		{"conversation", func(int) bool {
			return through(l.t, b.PostJSON("/api/rooms/"+talk+"/people", map[string]any{"people": []string{"member"}}))
		}},
		{"conversation by form", func(int) bool { return through(l.t, b.Post("/chat/"+talk+"/people/", "people", "member")) }},
		{"settings", func(i int) bool {
			return through(l.t, b.Post("/chat/mine/settings/", "topic", fmt.Sprint("t", i), "access", "closed"))
		}},
		{"archive", func(i int) bool {
			return through(l.t, b.Post("/chat/mine/settings/", "action", map[bool]string{true: "archive", false: "restore"}[i%2 == 0]))
		}},
		{"add", func(int) bool { return through(l.t, b.Post("/chat/mine/members/", "action", "add", "name", "member")) }},
		{"remove", func(int) bool {
			return through(l.t, b.Post("/chat/mine/members/", "action", "remove", "name", "member"))
		}},
	}
}

// groups returns the ways to open group conversations, each time with other people.
func (l limitTest) groups(b *hearthtest.Browser, host int) []entrance {
	var names []string
	for i := range 8 {
		names = append(names, l.person(fmt.Sprint("friend-", i), host).Name)
	}
	used := 0
	others := func() []string {
		used++
		people := []string{"boss", "second"}
		for i, name := range names {
			if used>>i&1 == 1 {
				people = append(people, name)
			}
		}
		return people
	}
	return []entrance{
		{"API", func(int) bool { return through(l.t, b.PostJSON("/api/groups", map[string]any{"people": others()})) }},
		{"form", func(int) bool {
			var fields []string
			for _, name := range others() {
				fields = append(fields, "people", name)
			}
			return through(l.t, b.Post("/groups/", fields...))
		}},
	}
}

func (l limitTest) one(name string, use func(i int) hearthtest.Reply) entrance {
	return entrance{name, func(i int) bool { return through(l.t, use(i)) }}
}

// entrances returns the ways to use each limit.
func (l limitTest) entrances(n limits.Name) []entrance {
	host := 10
	for i, x := range limits.Table {
		if x.Name == n {
			host += i
		}
	}
	someone := func() *hearthtest.Browser { return l.person("user-"+strings.ReplaceAll(string(n), "_", "-"), host) }
	var admin *hearthtest.Browser
	if n == limits.Invitations || n == limits.AdminRooms || n == limits.Admin || n == limits.TextSearches || n == limits.Searches {
		admin = someone()
		row := regexp.MustCompile(`/admin/users/\d+/`).FindString(l.boss.Get("/admin/users/?q=" + admin.Name).Body)
		through(l.t, l.boss.Post(row, "action", "admin"))
	}
	switch n {
	case limits.Messages:
		return l.messages()
	case limits.Rooms:
		return l.rooms(l.person("roomer", 2))
	case limits.AdminRooms:
		return l.rooms(admin)[:2]
	case limits.Groups:
		return l.groups(someone(), host)
	case limits.RoomChanges:
		return l.roomChanges()
	case limits.Invitations:
		return []entrance{
			l.one("make", func(int) hearthtest.Reply { return admin.Post("/admin/invites/", "uses", "1", "days", "1") }),
			l.one("revoke", func(i int) hearthtest.Reply {
				return admin.Post("/admin/invites/", "action", "revoke", "id", fmt.Sprint(i))
			})}
	case limits.Profile:
		b := someone()
		return []entrance{l.one("form", func(i int) hearthtest.Reply {
			return b.Post("/profile/", "action", "details", "first_name", fmt.Sprint("F", i))
		})}
	case limits.Password:
		b := someone()
		return []entrance{l.one("form", func(int) hearthtest.Reply {
			return b.Post("/profile/", "action", "password", "old_password", hearthtest.Password, "password1", hearthtest.Password, "password2", hearthtest.Password)
		})}
	case limits.Settings:
		b := someone()
		return []entrance{
			l.one("profile", func(int) hearthtest.Reply {
				return b.Post("/profile/", "action", "appearance", "lang", "en", "theme", "dark")
			}),
			l.one("language", func(int) hearthtest.Reply { return b.Post("/language/", "lang", "en") }),
			l.one("block", func(int) hearthtest.Reply { return b.Post("/blocks/", "name", l.boss.Name, "blocked", "on") }),
			l.one("block over the API", func(int) hearthtest.Reply {
				return b.PostJSON("/api/users/"+l.boss.Name+"/block", map[string]any{"blocked": true})
			}),
			l.one("sign out", func(int) hearthtest.Reply {
				return b.Post("/profile/", "action", "signout", "session", "others")
			})}
	case limits.Admin:
		return []entrance{
			l.one("user", func(i int) hearthtest.Reply {
				return admin.Post("/admin/users/2/", "action", "details", "first_name", fmt.Sprint("F", i))
			}),
			l.one("settings", func(i int) hearthtest.Reply { return admin.Post("/admin/settings/", "place", fmt.Sprint("P", i)) }),
			l.one("first rooms", func(i int) hearthtest.Reply {
				return admin.Post("/admin/settings/", "action", "first_up", "room", "talk")
			}),
			l.one("room", func(i int) hearthtest.Reply {
				return admin.Post("/admin/rooms/1/", "action", map[bool]string{true: "archive", false: "restore"}[i%2 == 0])
			})}
	case limits.Status:
		b := someone()
		return []entrance{l.one("form", func(i int) hearthtest.Reply {
			return b.Post("/profile/", "action", "status", "text", fmt.Sprint("s", i))
		})}
	case limits.Idle:
		return l.idles(someone())
	case limits.ReadMarks:
		return l.readMarks(someone())
	case limits.Watch:
		return l.watches(someone())
	case limits.SignUps:
		return []entrance{l.one("form", func(i int) hearthtest.Reply {
			b := from(l.Visitor(l.t), "198.51.100.200")
			return b.Post("/sign_up/", "username", fmt.Sprint("new", i), "password1", hearthtest.Password, "password2", hearthtest.Password)
		})}
	case limits.LogIns:
		someone()
		return []entrance{l.one("form", func(i int) hearthtest.Reply {
			b := from(l.Visitor(l.t), fmt.Sprintf("203.0.113.%d", i))
			return b.Post("/login/", "username", "user-log-ins", "password", hearthtest.Password)
		})}
	case limits.SignInLinks:
		b := someone()
		return []entrance{l.one("form", func(int) hearthtest.Reply { return b.Post("/profile/", "action", "link") })}
	case limits.GuestNames:
		return []entrance{l.one("form", func(i int) hearthtest.Reply {
			return from(l.Visitor(l.t), "198.51.100.201").Post("/guest/", "guest_name", fmt.Sprint("Wanda", i))
		})}
	case limits.Requests:
		b := someone()
		return []entrance{
			l.one("page", func(int) hearthtest.Reply { return b.Get("/profile/") }),
			l.one("API", func(int) hearthtest.Reply { return b.Get("/api/rooms") }),
			l.one("form", func(int) hearthtest.Reply { return b.Post("/rooms/", "name", "nowhere") }),
			{"no handshake", func(int) bool {
				r := b.Get("/ws/chat/r/")
				return r.Status == http.StatusUpgradeRequired || through(l.t, r)
			}},
			{"no page", func(int) bool {
				r := b.Get("/nowhere/")
				return r.Status == http.StatusNotFound || through(l.t, r)
			}},
		}
	case limits.Searches:
		b := admin
		return []entrance{
			l.one("lobby", func(int) hearthtest.Reply { return b.Get("/?q=a") }),
			l.one("API", func(int) hearthtest.Reply { return b.Get("/api/users?q=a") }),
			l.one("conversation", func(int) hearthtest.Reply { return b.Get("/groups/new/?q=a") }),
			l.one("users", func(int) hearthtest.Reply { return b.Get("/admin/users/?q=a") }),
			l.one("rooms", func(int) hearthtest.Reply { return b.Get("/admin/rooms/?q=a") }),
		}
	case limits.TextSearches:
		return []entrance{l.one("page", func(int) hearthtest.Reply { return admin.Get("/admin/messages/?q=a") })}
	}
	return nil
}

// elsewhere are the limits that other tests hold against a running server.
var elsewhere = map[limits.Name]string{
	limits.GuessesAccount: "TestFewGuessesOfStrangers", limits.GuessesAddress: "TestFewGuessesOfStrangers", limits.GuessesDevice: "TestFewGuessesOfStrangers",
	limits.Conversations: "chat.TestConversationsAreLimited", limits.Typing: "TestTypingIsLimited",
	limits.AllRequests: "TestRequestsOfAnyKindAreLimited", limits.NewSockets: "TestSocketsASecondAreLimitedByAddress", limits.VisitorOpen: "TestOpenSocketsAreLimited",
	limits.UserOpen: "TestOpenSocketsAreLimited", limits.Control: "TestControlFramesAreLimited", limits.Frames: "TestAFloodOfOtherFramesIsReadLate",
}

// Each limit is one allowance for all the ways in which it can be used.
func TestEveryLimitHoldsAtEveryEntrance(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "thousands of requests")
	s := hearthtest.Start(t, "-limits", "on", "-guests", "write", "-proxies", "127.0.0.1")
	l := limitTest{Server: s, t: t}
	l.boss = s.SignUp(t, "boss")
	s.SignUp(t, "second")
	for _, limit := range limits.Table {
		if elsewhere[limit.Name] != "" {
			continue
		}
		if limit.Name == limits.LogIns && hearthtest.Race {
			continue // 100 password hashes
		}
		t.Run(string(limit.Name), func(t *testing.T) {
			l := l
			l.t = t
			ways := l.entrances(limit.Name)
			if len(ways) == 0 {
				t.Fatal("nothing tests this limit")
			}
			begun := time.Now()
			used := 0
			for i := 0; ways[i%len(ways)].use(i); i++ {
				used++
				if used > 5*limit.Burst {
					t.Fatalf("%d and no limit", used)
				}
			}
			back := int(time.Since(begun).Seconds()*float64(limit.Rate.N)/limit.Rate.Per.Seconds()) + 1
			if used < limit.Burst-1 || used > limit.Burst+back {
				t.Errorf("%d were let through, %d at once and %d later are the limit", used, limit.Burst, back)
			}
			for i, w := range ways {
				tries := 0
				for w.use(10_000+1000*i+tries) && tries < limit.Burst/2 {
					tries++
				}
				if tries > 0 && limit.Rate.Per > time.Second && tries > back+1 || tries == limit.Burst/2 {
					t.Errorf("by way of %s another %d were let through", w.name, tries)
				}
			}
			t.Logf("%d through %d entrances", used, len(ways))
		})
	}
}
