package web_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// protocol returns a section of PROTOCOL.md, from its heading to the next of the same rank.
func protocol(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("PROTOCOL.md has no section %q", heading)
	}
	section, _, _ := strings.Cut(after, "\n## ")
	return section
}

// tableRows returns the cells of the lines of Markdown tables, without their heads.
func tableRows(section string) [][]string {
	var rows [][]string
	lines := strings.Split(section, "\n")
	for i, line := range lines {
		head := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|--")
		if strings.HasPrefix(line, "| `") && !head {
			rows = append(rows, strings.Split(strings.Trim(line, "|"), "|"))
		}
	}
	return rows
}

var backticks = regexp.MustCompile("`([a-z_]+)(\\??)`")

// quoted returns the words in backticks, and whether each is always there.
func quoted(cell string) map[string]bool {
	words := map[string]bool{}
	for _, m := range backticks.FindAllStringSubmatch(cell, -1) {
		words[m[1]] = m[2] == ""
	}
	return words
}

// frameKind is a kind of frame as PROTOCOL.md has it.
type frameKind struct {
	plain  bool
	fields map[string]bool // and whether they are always there
	seen   map[string]bool
}

func documentedFrames(t *testing.T) map[string]*frameKind {
	t.Helper()
	kinds := map[string]*frameKind{}
	for _, row := range tableRows(protocol(t, "Frames from the server")) {
		k := &frameKind{plain: strings.Contains(row[1], "plain"), fields: quoted(row[2]), seen: map[string]bool{}}
		k.fields["type"], k.fields["message"] = true, true
		for typ := range quoted(row[0]) {
			kinds[typ] = k
		}
	}
	return kinds
}

// sources returns the parsed files of a package, without its tests.
func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = f
	}
	return files
}

// literal returns the value of a string in the source.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// Every place that makes a frame says its type in the source, as a field called Type.
func TestEveryKindOfFrameIsInTheProtocol(t *testing.T) {
	t.Parallel()
	made := map[string]bool{}
	for _, f := range sources(t, "chat") {
		ast.Inspect(f, func(n ast.Node) bool {
			var value ast.Expr
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Type" {
					value = n.Value
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"same", "local", "coming", "many"}, f.Name) {
					value = n.Args[0]
				}
			}
			if s, ok := literal(value); ok {
				made[s] = true
			}
			return true
		})
	}
	documented := documentedFrames(t)
	for typ := range made {
		if documented[typ] == nil {
			t.Errorf("PROTOCOL.md does not have the frame %s", typ)
		}
	}
	for typ := range documented {
		if !made[typ] {
			t.Errorf("PROTOCOL.md has the frame %s, which nobody makes", typ)
		}
	}
}

func TestEveryCommandIsInTheProtocol(t *testing.T) {
	t.Parallel()
	types, fields := map[string]bool{}, map[string]bool{"type": true}
	for _, row := range tableRows(protocol(t, "Frames from the client")) {
		for typ := range quoted(row[0]) {
			types[typ] = true
		}
		for field := range quoted(row[1]) {
			fields[field] = true
		}
	}
	names := func(function string) map[string]bool {
		found := map[string]bool{}
		ast.Inspect(sources(t, ".")["command.go"], func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				return n.Name.Name == function
			case *ast.CaseClause:
				for _, e := range n.List {
					if s, ok := literal(e); ok && s != "" {
						found[s] = true
					}
				}
			}
			return true
		})
		return found
	}
	for field := range names("field") {
		if !fields[field] {
			t.Errorf("PROTOCOL.md does not have the field %s that clients may send", field)
		}
	}
	known := names("do")
	for typ := range known {
		if !types[typ] {
			t.Errorf("PROTOCOL.md does not have the command %s", typ)
		}
	}
	for typ := range types {
		if !known[typ] {
			t.Errorf("PROTOCOL.md has the command %s, which the server does not know", typ)
		}
	}
}

func TestEveryErrorIsInTheProtocol(t *testing.T) {
	t.Parallel()
	section := protocol(t, "Codes of errors")
	documented := quoted(section)
	for _, field := range []string{"code", "limit", "offset", "before", "after", "around", "time", "type", "message"} {
		delete(documented, field)
	}
	made := map[string]bool{}
	for _, dir := range []string{"..", ".", "chat"} {
		for _, f := range sources(t, dir) {
			ast.Inspect(f, func(n ast.Node) bool {
				if code, ok := errorCode(n); ok {
					made[code] = true
				}
				return true
			})
		}
	}
	for code := range made {
		if _, ok := documented[code]; !ok {
			t.Errorf("PROTOCOL.md does not have the error %s", code)
		}
	}
	for code := range documented {
		if !made[code] {
			t.Errorf("PROTOCOL.md has the error %s, which nobody makes", code)
		}
	}
	statuses := statusTable(t)
	for _, row := range tableRows(section) {
		for code := range quoted(row[0]) {
			want := statuses[code]
			if want == 0 {
				want = http.StatusUnprocessableEntity
			}
			if strings.TrimSpace(row[1]) != strconv.Itoa(want) {
				t.Errorf("PROTOCOL.md has %s answered with%s, the server with %d", code, row[1], want)
			}
		}
	}
}

// errorCode returns the code in Errorf("code", …), chat.Errorf("code", …) and Error{Code: "code"}.
func errorCode(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			if x, ok := f.X.(*ast.Ident); ok && x.Name == "chat" {
				name = f.Sel.Name
			}
		}
		if name == "Errorf" && len(n.Args) > 0 {
			return literal(n.Args[0])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
			return literal(n.Value)
		}
	}
	return "", false
}

// statusTable returns the table in handler.go: codes and what HTTP calls them.
func statusTable(t *testing.T) map[string]int {
	t.Helper()
	numbers := map[string]int{}
	for status := 100; status < 600; status++ {
		numbers["Status"+strings.ReplaceAll(http.StatusText(status), " ", "")] = status
	}
	statuses := map[string]int{}
	ast.Inspect(sources(t, ".")["handler.go"], func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			code, isCode := literal(kv.Key)
			if sel, ok := kv.Value.(*ast.SelectorExpr); ok && isCode {
				statuses[code] = numbers[sel.Sel.Name]
			}
		}
		return true
	})
	return statuses
}

// watchKinds checks frames against the protocol and notes what was seen.
func watchKinds(t *testing.T, kinds map[string]*frameKind, plain bool, frames ...hearthtest.Frame) {
	t.Helper()
	for _, f := range frames {
		k := kinds[f.Type()]
		if k == nil {
			t.Errorf("PROTOCOL.md does not have %v", f)
			continue
		}
		if plain && !k.plain {
			t.Errorf("a plain client got %v", f)
		}
		for field := range f {
			if _, ok := k.fields[field]; !ok {
				t.Errorf("PROTOCOL.md does not have the field %s of %v", field, f)
			}
			k.seen[field] = true
		}
		for field, always := range k.fields {
			if _, has := f[field]; always && !has {
				t.Errorf("%v lacks %s", f, field)
			}
		}
	}
}

// watchCrowd has many come to the kitchen and leave it again at about the same time, until sock is told of them
// together.
func watchCrowd(t *testing.T, kinds map[string]*frameKind, s *hearthtest.Server, sock *hearthtest.Socket) {
	t.Helper()
	var crowd []*hearthtest.Browser
	for i := range 12 {
		b := s.Visitor(t)
		b.Post("/guest/", "guest_name", fmt.Sprint("Crowd", i))
		crowd = append(crowd, b)
	}
	for joined, left := false, false; !joined || !left; {
		var open []*hearthtest.Socket
		for _, b := range crowd {
			open = append(open, b.Dial("/ws/chat/kitchen/"))
		}
		for _, c := range open {
			_ = c.Close()
		}
		for gone := 0; gone < len(crowd); {
			f := sock.Next()
			watchKinds(t, kinds, false, f)
			switch f.Type() {
			case "users_joined":
				joined = true
			case "user_leave":
				gone++
			case "users_left":
				left = true
				gone += len(f["users"].([]any))
			}
		}
	}
}

// An evening in which everything happens that the protocol tells of.
func TestFieldsOfFramesAreThoseInTheProtocol(t *testing.T) {
	t.Parallel()
	kinds := documentedFrames(t)
	s := hearthtest.Start(t, "-limits", "on")
	ada, tom, mai, guest := s.SignUp(t, "ada"), s.SignUp(t, "tom"), s.SignUp(t, "mai"), s.Visitor(t)
	for _, b := range []*hearthtest.Browser{ada, mai} {
		b.Post("/profile/", "form", "details", "first_name", b.Name, "last_name", "Lund", "email", b.Name+"@example.org")
	}
	ada.Post("/admin/settings/", "guests", "write")
	guest.Post("/guest/", "guest_name", "Wanda")

	people, table := tom.Dial("/users/"), tom.Dial("/new-user/")
	watchKinds(t, kinds, true, table.Next())
	a, b := ada.DialBatched("/ws/chat/kitchen/"), tom.Dial("/ws/chat/kitchen/")
	w := guest.Dial("/ws/chat/kitchen/")
	b.Send(map[string]any{"message": "*buns*, anyone?", "nonce": "n1"})
	first := b.Until("chat_message").Int("id")
	a.Send(map[string]any{"message": "me", "reply_to": first})
	b.Send(map[string]any{"message": "/pm mai there are buns", "nonce": "n2"})
	b.Send(map[string]any{"message": "", "nonce": "n3"})
	w.Say("me too")
	watchKinds(t, kinds, true, b.Settled()...)
	own := a.Find("ada's own", func(f hearthtest.Frame) bool { return f["message"] == "me" }).Int("id")
	two := ada.DialBatched("/ws/chat/kitchen/")
	watchKinds(t, kinds, false, two.Next()) // greeted: from here on all comes in its order
	a.Send(map[string]any{"type": "read", "id": first})
	b.Send(map[string]any{"type": "edit", "id": first, "message": "*rolls*, anyone?"})
	a.Send(map[string]any{"type": "react", "id": first, "emoji": "🎉", "on": true})
	watchKinds(t, kinds, false, two.Until("read"), two.Until("reaction"))
	a.Send(map[string]any{"type": "read", "id": first - 1, "back": true})
	watchKinds(t, kinds, false, two.Until("read"))
	watchKinds(t, kinds, false, a.Until("message_edited"))
	a.Send(map[string]any{"type": "delete", "id": own})
	watchKinds(t, kinds, false, two.Until("message_deleted"))
	b.Send(map[string]any{"type": "ping"})
	watchKinds(t, kinds, true, b.Until("pong"))
	a.Send(map[string]any{"type": "typing"})
	watchKinds(t, kinds, false, two.Until("typing"))

	mailbox := mai.DialBatched("/users/")
	a.Send(map[string]any{"message": "@room, dinner"})
	dinner := two.Find("a mention of everybody", func(f hearthtest.Frame) bool { return f["message"] == "@room, dinner" })
	a.Send(map[string]any{"type": "edit", "id": dinner.Int("id"), "message": "@room, lunch"})
	watchKinds(t, kinds, false, dinner, two.Until("message_edited"))
	a.Send(map[string]any{"message": "/me eats"})
	eats := two.Find("an action", func(f hearthtest.Frame) bool { return f["message"] == "eats" })
	a.Send(map[string]any{"type": "edit", "id": eats.Int("id"), "message": "/me drinks"})
	watchKinds(t, kinds, false, eats, two.Until("message_edited"))
	a.Send(map[string]any{"message": "/pm mai /me winks"})
	watchKinds(t, kinds, false, mailbox.Until("private_message"), two.Until("private_message_delivered"))
	b.Send(map[string]any{"message": "/help", "nonce": "n4"})
	watchKinds(t, kinds, true, b.Until("command"))
	ada.Post("/chat/kitchen/membership/", "favourite", "on")
	watchKinds(t, kinds, false, two.Until("membership"))
	ada.Post("/chat/kitchen/membership/", "left", "on")
	watchKinds(t, kinds, false, two.Until("membership"))
	ada.Post("/chat/kitchen/membership/", "left", "off")
	watchKinds(t, kinds, false, two.Until("membership"))

	g := openGroup(t, ada, "tom", "mai")
	watchKinds(t, kinds, false, two.Find("the conversation", func(f hearthtest.Frame) bool { return f["room"] == g.Room }))
	through(t, ada.PostJSON("/api/rooms/"+g.Room+"/messages", map[string]string{"message": "just us"}))
	watchKinds(t, kinds, false, mailbox.Find("its message", func(f hearthtest.Frame) bool { return f["room"] == g.Room }))
	s.SignUp(t, "zoe")
	through(t, ada.PostJSON("/api/rooms/"+g.Room+"/people", map[string]any{"people": []string{"zoe"}}))
	watchKinds(t, kinds, true, tom.Dial("/ws/chat/"+g.Room+"/").Find("who was added", func(f hearthtest.Frame) bool { return f["notice"] == "added" }))

	m := mai.Dial("/ws/chat/kitchen/?after=999")
	watchKinds(t, kinds, true, m.Next(), m.Until("reset"), m.Until("private_message"))
	mai.Dial("/ws/chat/kitchen/").Until("chat_message")
	watchKinds(t, kinds, true, mai.Dial("/ws/chat/kitchen/").Settled()...)
	m.Say("/pm ada have one")
	watchKinds(t, kinds, true, m.Settled()...)
	watchKinds(t, kinds, false, a.Until("private_message"), a.Until("unread"))
	lobby := ada.DialBatched("/users/?rooms=all")
	pantry := ada.DialBatched("/ws/chat/pantry/")
	pantry.Say("/me bakes")
	watchKinds(t, kinds, false, lobby.Find("an action as the last message", func(f hearthtest.Frame) bool { return f.Type() == "last_message" && f["action"] == true }))
	for _, form := range [][]string{{"action", "room", "name", "bakery", "access", "open"}, {"action", "archive"}, {"action", "restore"}, {"action", "delete", "confirm", "bakery"}} {
		ada.Post("/chat/pantry/settings/", form...)
	}
	for _, field := range []string{"was", "archived", "deleted"} {
		watchKinds(t, kinds, false, lobby.Find("a room frame with "+field, func(f hearthtest.Frame) bool { return f.Type() == "room" && f[field] != nil }))
	}
	empty := mai.Dial("/ws/chat/cellar/")
	empty.Until("user_join")
	watchKinds(t, kinds, false, lobby.Find("the cellar filling", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f.Int("here") == 1 }))
	_ = empty.Close()
	watchKinds(t, kinds, false, lobby.Find("the cellar gone", func(f hearthtest.Frame) bool { return f["room"] == "cellar" && f["gone"] == true }))

	var page struct{ Messages []hearthtest.Frame }
	ada.Get("/api/rooms/kitchen/messages").JSON(t, &page)
	for _, m := range page.Messages {
		m["type"] = "chat_message"
		watchKinds(t, kinds, true, m)
	}

	lobby.Send(map[string]any{"type": "watch", "users": []string{"ada", "eve", "tom"}})
	watchKinds(t, kinds, false, lobby.Until("people"))
	watchCrowd(t, kinds, s, two)

	eve := s.SignUp(t, "eve")
	watchKinds(t, kinds, false, lobby.Find("eve", tells("went", "eve")))
	e := eve.Dial("/ws/chat/kitchen/")
	e.Say("/pm mai goodbye")
	e.Until("private_message_delivered")
	e.Say("a last bun")
	e.Until("chat_message")
	eve.Post("/profile/", "action", "delete", "messages", "keep", "delete_password", hearthtest.Password)
	watchKinds(t, kinds, false, lobby.Until("user_deleted"), lobby.Until("notice"))
	a.Send(map[string]any{"message": "soon gone"})
	gone := a.Find("ada's own", func(f hearthtest.Frame) bool { return f["message"] == "soon gone" })
	a.Send(map[string]any{"type": "delete", "id": gone.Int("id")})
	a.Find("its end", func(f hearthtest.Frame) bool { return f.Type() == "message_deleted" && f.Int("id") == gone.Int("id") })
	watchKinds(t, kinds, false, lobby.Find("the last message of a former member", func(f hearthtest.Frame) bool { return f.Type() == "last_message" && f["former"] == true }))
	ada.Get("/api/rooms/kitchen/messages?limit=1").JSON(t, &page)
	page.Messages[0]["type"] = "chat_message"
	late := mai.DialBatched("/ws/chat/hall/").Find("the last words", func(f hearthtest.Frame) bool { return f["message"] == "goodbye" })
	watchKinds(t, kinds, true, page.Messages[0], late)
	visitor := guest.DialBatched("/users/")
	visitor.Until("people")
	ada.Post("/admin/settings/", "guests", "read")
	watchKinds(t, kinds, false, visitor.Until("guests"))
	ada.Post("/admin/settings/", "guests", "write")
	watchKinds(t, kinds, true, people.Find("eve", func(f hearthtest.Frame) bool {
		watchKinds(t, kinds, true, f)
		return f["username"] == "eve"
	}))
	watchKinds(t, kinds, true, w.Settled()...)
	_ = w.Close()
	watchKinds(t, kinds, true, b.Until("user_leave"))
	for range 300 { // more than are let through in ten seconds
		b.Send(map[string]any{"message": "buns"})
	}
	watchKinds(t, kinds, true, b.Find("the limit", func(f hearthtest.Frame) bool { return f["code"] == "rate_limited" }))
	watchKinds(t, kinds, false, two.Settled()...)

	for typ, k := range kinds {
		for field := range k.fields {
			if !k.seen[field] {
				t.Errorf("no %s had the field %s", typ, field)
			}
		}
	}
}
