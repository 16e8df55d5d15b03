package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/hearthtest"
)

func names(f hearthtest.Frame, field string) []string {
	var all []string
	list, _ := f[field].([]any)
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

func TestTheTutorialsClient(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada").Dial("/ws/chat/lobby/"), s.SignUp(t, "bob").Dial("/ws/chat/lobby/")

	list := ada.Next()
	if list.Type() != "user_list" || len(names(list, "users")) != 0 || list["users"] == nil || list["room"] != "lobby" || list["you"] != "ada" || list.Int("seq") != 0 {
		t.Errorf("ada was greeted with %v", list)
	}
	if f := ada.Next(); f.Type() != "user_join" || f["user"] != "ada" {
		t.Errorf("ada is told of her own coming with %v", f)
	}
	if f := ada.Next(); f.Type() != "user_join" || f["user"] != "bob" || f.Text("message") == "" {
		t.Errorf("ada is told of bob with %v", f)
	}
	if f := bob.Next(); f.Type() != "user_list" || !slices.Equal(names(f, "users"), []string{"ada"}) || f["you"] != "bob" {
		t.Errorf("bob was greeted with %v", f)
	}
	bob.Until("user_join")

	bob.Say("hi <b>there</b> ☃")
	for _, who := range []*hearthtest.Socket{ada, bob} {
		f := who.Next()
		if f.Type() != "chat_message" || f["user"] != "bob" || f["message"] != "hi <b>there</b> ☃" || f["room"] != "lobby" ||
			f.Int("seq") != 1 || f.Int("id") == 0 || !stamp.MatchString(f.Text("timestamp")) {
			t.Errorf("%s got %v", who.Name, f)
		}
	}
	_ = bob.Close()
	if f := ada.Next(); f.Type() != "user_leave" || f["user"] != "bob" {
		t.Errorf("ada is told that bob left with %v", f)
	}
}

func TestEveryFrameHasATypeAndAMessage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	a, b := ada.DialBatched("/ws/chat/kitchen/"), bob.Dial("/ws/chat/kitchen/")
	b.Say("hello")
	b.Say("/pm ada psst")
	b.Say("")
	a.Send(map[string]any{"type": "typing"})
	kinds := map[string]bool{}
	for _, sock := range []*hearthtest.Socket{b, a} { // once bob's mark is out, all of his is
		for _, f := range sock.Settled() {
			kinds[f.Type()] = true
			if _, ok := f["message"].(string); f.Type() == "" || !ok {
				t.Errorf("%s got %v", sock.Name, f)
			}
		}
	}
	for _, want := range []string{"user_list", "user_join", "chat_message", "private_message", "private_message_delivered", "error", "typing"} {
		if !kinds[want] {
			t.Errorf("no %s was seen, only %v", want, kinds)
		}
	}
}

func TestThePlainDialectGetsOnlyItsKindsOneAFrame(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	a, b := s.SignUp(t, "ada").Dial("/ws/chat/r/"), s.SignUp(t, "bob").DialBatched("/ws/chat/r/")
	b.Send(map[string]any{"type": "typing"})
	b.Say("one")
	first := b.Until("chat_message")
	b.Send(map[string]any{"type": "delete", "id": first.Int("id")})
	b.Until("message_deleted")
	frames := a.Settled()
	for _, f := range frames {
		if k := f.Type(); k != "user_list" && k != "user_join" && k != "chat_message" {
			t.Errorf("a plain client got %v", f)
		}
	}
	if a.Raw != len(frames)+1 {
		t.Errorf("%d events came in %d frames", len(frames)+1, a.Raw)
	}
}

func TestAPersonIsOneHoweverManySockets(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	watcher := s.SignUp(t, "ada").Dial("/ws/chat/r/")
	watcher.Until("user_join")
	bob := s.SignUp(t, "bob")
	one, two := bob.Dial("/ws/chat/r/"), bob.Dial("/ws/chat/r/")
	if f := two.Next(); !slices.Equal(names(f, "users"), []string{"ada", "bob"}) {
		t.Errorf("bob's second socket is told %v", f)
	}
	_ = one.Close()
	time.Sleep(2500 * time.Millisecond) // longer than the grace
	if joins, leaves := comings(watcher); joins != 1 || leaves != 0 {
		t.Errorf("bob joined %d times and left %d times", joins, leaves)
	}
	for again := true; again; { // a reload; one that took longer than the grace is none
		left := time.Now()
		_ = two.Close()
		two = bob.Dial("/ws/chat/r/")
		f := two.Next()
		again = time.Since(left) > 2*time.Second
		if again {
			watcher.Settled()
		} else if !slices.Equal(names(f, "users"), []string{"ada", "bob"}) {
			t.Errorf("after a reload bob is told %v", f)
		}
	}
	time.Sleep(2500 * time.Millisecond)
	if joins, leaves := comings(watcher); joins > 0 || leaves > 0 {
		t.Errorf("for a reload bob joined %d times and left %d times", joins, leaves)
	}
}

// comings counts who was told to have come and gone so far.
func comings(s *hearthtest.Socket) (joins, leaves int) {
	for _, f := range s.Settled() {
		switch f.Type() {
		case "user_join":
			joins++
		case "user_leave":
			leaves++
		}
	}
	return joins, leaves
}

func TestHistoryAndResuming(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	a := ada.Dial("/ws/chat/r/")
	for i := 1; i <= 15; i++ {
		a.Say(fmt.Sprint("message ", i))
	}
	a.Settled() // the mark is number 16

	plain := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	if f := plain.Next(); f.Type() != "user_list" || f.Int("seq") != 16 {
		t.Errorf("bob was greeted with %v", f)
	}
	for i := 7; i <= 16; i++ {
		f := plain.Next()
		if f.Type() != "chat_message" || f["history"] != true || f.Int("seq") != int64(i) {
			t.Errorf("number %d of the history is %v", i, f)
		}
	}
	if f := plain.Next(); f.Type() != "user_join" {
		t.Errorf("after the history came %v", f)
	}
	batched := ada.DialBatched("/ws/chat/r/")
	if f := batched.Next(); f.Type() != "user_list" {
		t.Errorf("greeted with %v", f)
	}
	for _, f := range batched.Settled() {
		if f["history"] == true {
			t.Errorf("hearth.1 got history: %v", f)
		}
	}
	resumed := ada.Dial("/ws/chat/r/?after=12")
	resumed.Until("user_list")
	for i := 13; i <= 16; i++ {
		if f := resumed.Next(); f.Type() != "chat_message" || f["history"] == true || f.Int("seq") != int64(i) {
			t.Errorf("resumed with %v, want number %d", f, i)
		}
	}
	for _, after := range []string{"99", "-1", "soon"} {
		lost := ada.DialBatched("/ws/chat/r/?after=" + after)
		lost.Until("user_list")
		if f := lost.Next(); f.Type() != "reset" || f.Int("seq") < 16 {
			t.Errorf("after=%s is answered with %v", after, f)
		}
	}
}

func TestALongGapIsAReset(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	a := ada.Dial("/ws/chat/r/")
	for i := range 501 {
		a.Say(fmt.Sprint(i))
	}
	a.Find("the last", func(f hearthtest.Frame) bool { return f.Int("seq") == 501 })
	if b := ada.DialBatched("/ws/chat/r/?after=0"); b.Until("reset").Int("seq") != 501 {
		t.Error("the reset says another seq")
	}
	b := ada.DialBatched("/ws/chat/r/?after=1")
	for want := int64(2); want <= 501; want++ {
		if f := b.Until("chat_message"); f.Int("seq") != want {
			t.Fatalf("got number %d instead of %d", f.Int("seq"), want)
		}
	}
}

func TestANonceIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	one := ada.Dial("/ws/chat/r/")
	one.Send(map[string]any{"message": "once", "nonce": "n1"})
	first := one.Until("chat_message")
	if first["nonce"] != "n1" {
		t.Errorf("the receipt is %v", first)
	}
	two := ada.Dial("/ws/chat/r/?after=1")
	two.Send(map[string]any{"message": "once", "nonce": "n1"})
	if f := two.Until("chat_message"); f.Int("id") != first.Int("id") || f.Int("seq") != first.Int("seq") || f["nonce"] != "n1" {
		t.Errorf("sent again it is %v, not %v", f, first)
	}
	two.Send(map[string]any{"message": "/pm ada to myself", "nonce": "n2"})
	receipt := two.Until("private_message_delivered")
	two.Send(map[string]any{"message": "/pm ada to myself", "nonce": "n2"})
	if f := two.Until("private_message_delivered"); f.Int("id") != receipt.Int("id") || f["nonce"] != "n2" {
		t.Errorf("sent again it is %v", f)
	}
	if f := one.Settled(); slices.ContainsFunc(f, func(f hearthtest.Frame) bool { return f.Type() == "chat_message" }) {
		t.Errorf("the other socket got it again: %v", f)
	}
	bob := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	bob.Send(map[string]any{"message": "bob's own", "nonce": "n1"})
	if f := bob.Find("bob's", func(f hearthtest.Frame) bool { return f["user"] == "bob" && f.Type() == "chat_message" }); f["message"] != "bob's own" {
		t.Errorf("bob's nonce gave %v", f)
	}
}

func TestWhatAClientCanGetWrong(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	other := s.SignUp(t, "ada").Dial("/ws/chat/r/")
	bob := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	long, _ := json.Marshal(map[string]string{"message": strings.Repeat("я", 4001), "nonce": "long"})
	for _, c := range []struct{ frame, code string }{
		{`hello`, "bad_frame"}, {`"hello"`, "bad_frame"}, {`[]`, "bad_frame"}, {`null`, "bad_frame"}, {`{}`, "bad_frame"}, {``, "bad_frame"},
		{`{"message":7}`, "bad_frame"}, {`{"message":null}`, "bad_frame"}, {`{"message":"a"} {"message":"b"}`, "bad_frame"},
		{`{"type":"dance","message":"a"}`, "bad_frame"}, {`{"message":"a","nonce":"` + strings.Repeat("n", 65) + `"}`, "bad_frame"},
		{`{"message":"a","x":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, "bad_frame"},
		{`{"message":""}`, "empty"}, {`{"message":" \n\t "}`, "empty"}, {string(long), "too_long"},
		{`{"message":"a\u0000b"}`, "bad_text"}, {`{"message":"a\u001bb"}`, "bad_text"},
		{`{"type":"delete","id":12345}`, "no_such_message"}, {`{"type":"delete"}`, "no_such_message"},
		{`{"message":"a","reply_to":99}`, "no_such_message"},
	} {
		if err := bob.WriteMessage(websocket.TextMessage, []byte(c.frame)); err != nil {
			t.Fatal(err)
		}
		if f := bob.Until("error"); f["code"] != c.code || f.Text("message") == "" {
			t.Errorf("%.60s is answered with %v, want %s", c.frame, f, c.code)
		}
	}
	for _, ok := range []string{`{"message":"a","user":"ada","id":7,"seq":9,"timestamp":"2001-01-01T00:00:00.000Z","extra":{}}`,
		`{"type":"chat_message","message":"b"}`, `{"message":"` + strings.Repeat("я", 4000) + `"}`, `{"message":"  tab\t and\nline "}`} {
		if err := bob.WriteMessage(websocket.TextMessage, []byte(ok)); err != nil {
			t.Fatal(err)
		}
		var sent struct{ Message string }
		_ = json.Unmarshal([]byte(ok), &sent)
		if f := bob.Until("chat_message"); f["user"] != "bob" || f["message"] != sent.Message || strings.HasPrefix(f.Text("timestamp"), "2001") {
			t.Errorf("%.60s came back as %v", ok, f)
		}
	}
	for _, f := range other.Settled() {
		if f.Type() == "error" {
			t.Errorf("ada saw bob's mistake: %v", f)
		}
	}
}

func TestWhatEndsAConnection(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for _, c := range []struct {
		kind, code int
		frame      []byte
	}{
		{websocket.BinaryMessage, 1003, []byte("hi")},
		{websocket.TextMessage, 1007, []byte{'"', 0xff, '"'}},
		{websocket.TextMessage, 1009, []byte(`{"message":"` + strings.Repeat("x", 70_000) + `"}`)},
	} {
		sock := ada.Dial("/ws/chat/r/")
		if err := sock.WriteMessage(c.kind, c.frame); err != nil {
			t.Fatal(err)
		}
		if code := sock.Closed(); code != c.code {
			t.Errorf("closed with %d, want %d", code, c.code)
		}
	}
	sock := ada.Dial("/ws/chat/r/")
	sock.Until("user_list")
	ada.Post("/logout/")
	if code := sock.Closed(); code != 1008 {
		t.Errorf("after logging out: closed with %d", code)
	}
	bob := s.SignUp(t, "bob").Dial("/ws/chat/r/")
	bob.Until("user_list")
	s.Stop(t)
	if code := bob.Closed(); code != 1001 {
		t.Errorf("the server stops: closed with %d", code)
	}
}

func TestWhoMayEnter(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	visitor := s.Visitor(t)
	for _, c := range []struct {
		who    *hearthtest.Browser
		path   string
		origin string
		status int
	}{
		{visitor, "/ws/chat/r/", "", 403}, {visitor, "/users/", "", 403}, {visitor, "/new-user/", "", 403},
		{ada, "/ws/chat/r/", "http://evil.example", 403}, {ada, "/users/", "http://evil.example", 403}, {ada, "/ws/chat/r/", "null", 403},
		{ada, "/ws/", "", 404}, {ada, "/ws/chat/", "", 404}, {ada, "/ws/chat/a/b/", "", 404}, {ada, "/ws/chat/a%2Fb/", "", 404},
		{ada, "/ws/chat/.../", "", 404}, {ada, "/ws/chat/" + strings.Repeat("a", 129) + "/", "", 404}, {ada, "/ws/chat/a%00b/", "", 404}, {ada, "/users/x", "", 404},
	} {
		h := http.Header{}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		_, resp, err := c.who.TryDial(c.path, h)
		if err == nil || resp == nil || resp.StatusCode != c.status {
			t.Errorf("%s from %q: %v %v, want %d", c.path, c.origin, resp, err, c.status)
		}
	}
	for _, path := range []string{"/ws/chat/r/", "/users/", "/new-user/"} {
		if r := ada.Get(path); r.Status != http.StatusUpgradeRequired {
			t.Errorf("GET %s: %d", path, r.Status)
		}
	}
	ada.Dial("/ws/chat/Чат-Комната_1.2/").Until("user_list")
	if f := ada.Dial("/ws/chat/%D1%87%D0%B0%D1%82-%D0%BA%D0%BE%D0%BC%D0%BD%D0%B0%D1%82%D0%B0_1.2/").Next(); len(names(f, "users")) != 1 {
		t.Errorf("the same room in other letters: %v", f)
	}
}

func TestARoomThatNobodySpokeInIsNotKept(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	rooms := func() string { return ada.Get("/api/rooms").Body }
	sock := ada.Dial("/ws/chat/passing/")
	sock.Until("user_list")
	_ = sock.Close()
	for deadline := time.Now().Add(20 * time.Second); strings.Contains(rooms(), "passing"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the room is kept though nobody spoke")
		}
	}
	sock = ada.Dial("/ws/chat/passing/")
	sock.Settled()
	_ = sock.Close()
	if !strings.Contains(rooms(), "passing") {
		t.Error("the room is not kept though somebody spoke")
	}
}

func TestManyJoinsAreSentAsAList(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "write")
	ada := s.SignUp(t, "ada")
	if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "said while nobody was there"}); r.Status != http.StatusCreated {
		t.Fatal(r.Status, r.Body)
	}
	watcher := ada.Dial("/ws/chat/r/")
	watcher.Until("user_join")
	const crowd = 160
	for i := range crowd {
		v := s.Visitor(t)
		v.Post("/guest/", "guest_name", fmt.Sprint("guest", i))
		v.Dial("/ws/chat/r/")
	}
	here := map[string]bool{"ada": true}
	for len(here) < crowd+1 {
		switch f := watcher.Next(); f.Type() {
		case "user_join":
			here[f.Text("user")] = true
		case "user_leave":
			delete(here, f.Text("user"))
		case "user_list":
			if f.Int("seq") != 1 {
				t.Errorf("a list in the middle has number %d", f.Int("seq"))
			}
			clear(here)
			for _, n := range names(f, "users") {
				here[n] = true
			}
		}
	}
}
