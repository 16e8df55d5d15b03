package e2e

import (
	"fmt"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

const (
	newGroup  = `.side-heading [data-dialog="new-group"]`
	findField = "#new-group-search"
	groupLink = `#direct-links [data-room^="+"]`
)

// choose types a part of a name in an open dialog, and takes the first match with Enter.
func (p *page) choose(dialog, text, user string) {
	p.t.Helper()
	p.fill("#"+dialog+"-search", text)
	p.sees("#" + dialog + `-found [role=option][data-user="` + user + `"][aria-selected=true]`)
	p.enter()
	p.sees("#" + dialog + ` .chips li[data-user="` + user + `"]`)
}

// Three people talk: the dialog opens their conversation, it appears beside the others' direct messages, and the same people open the
// same one.
func TestThreePeopleTalk(t *testing.T) {
	s := start(t)
	ada, bob, cleo := member(t, s, "ada"), member(t, s, "bob"), member(t, s, "cleo")
	bob.open("/")
	cleo.open("/chat/garden/")
	ada.open("/")
	ada.click(newGroup)
	ada.until("the focus in the field", `document.activeElement.id === "new-group-search"`)
	ada.choose("new-group", "bo", "bob")
	ada.choose("new-group", "cle", "cleo")
	ada.enter()
	ada.until("the conversation", `document.readyState === "complete" && location.pathname.startsWith("/chat/+")`)
	at := value[string](ada, "location.pathname")
	room := strings.Trim(strings.TrimPrefix(at, "/chat/"), "/")
	ada.reads(".pane-head h1", "bob, cleo")
	ada.say("between the three of us")
	for _, p := range []*page{bob, cleo} {
		p.reads(groupLink+" .badge .number", "1")
	}
	bob.reads(groupLink+" .side-name", "ada, cleo")
	cleo.reads(groupLink+" .side-name", "ada, bob")
	bob.until("the title of the document", `document.title.startsWith("(1) ")`)
	bob.click(groupLink)
	bob.at(at)
	bob.hears("between the three of us")
	bob.missing(groupLink + " .badge")
	bob.say("only us")
	ada.hears("only us")
	cleo.reads(groupLink+" .badge .number", "2")
	cleo.click(groupLink)
	cleo.at(at)
	cleo.heard("between the three of us", "only us")
	cleo.say("nobody else")
	ada.hears("nobody else")
	ada.shoot("group.png")

	cleo.open("/")
	cleo.click(newGroup)
	cleo.choose("new-group", "bob", "bob")
	cleo.choose("new-group", "ada", "ada")
	cleo.click("#new-group .actions .button:not(.quiet)")
	cleo.at(at)
	ada.sees(`#elsewhere [data-user="bob"], #here [data-user="bob"]`)
	if got := value[int](ada, `document.querySelectorAll("#people .person").length`); got != 3 {
		t.Errorf("%d people are beside the conversation of %s", got, room)
	}
}

// Somebody is added, sees only what comes then, and leaves again; lines in the log say so, and the titles follow.
func TestAddedToAConversation(t *testing.T) {
	s := start(t)
	ada, bob, cleo := s.SignUp(t, "ada"), s.SignUp(t, "bob"), s.SignUp(t, "cleo")
	b := s.SignUp(t, "dan")
	b.Post("/profile/", "form", "details", "first_name", "Dan", "last_name", "Moss")
	var g struct{ Room string }
	ada.PostJSON("/api/groups", map[string]any{"people": []string{"bob", "cleo"}}).JSON(t, &g)
	ada.PostJSON("/api/rooms/"+g.Room+"/messages", map[string]string{"message": "before dan"})
	cleo.PostJSON("/api/rooms/"+g.Room+"/messages", map[string]string{"message": "a secret"})
	at := "/chat/" + g.Room + "/"
	a, c, d := signedIn(t, s, ada), signedIn(t, s, bob), signedIn(t, s, b)
	a.open(at)
	c.open(at)
	d.open("/")
	a.hears("a secret")
	a.click(".pane-head details.menu summary")
	a.click(`[data-dialog="group-add"]`)
	a.choose("group-add", "moss", "dan")
	a.click("#group-add .actions .button:not(.quiet)")
	a.reads("#log .log-line:last-child .text", "ada added Dan Moss")
	c.reads("#log .log-line:last-child .text", "ada added Dan Moss")
	c.reads(".pane-head h1", "ada, cleo, Dan Moss")
	c.sees(`#elsewhere [data-user="dan"]`)
	d.reads(groupLink+" .badge .number", "1")
	d.click(groupLink)
	d.at(at)
	d.reads("#room-start", "You were added to this conversation")
	d.heard("ada added Dan Moss")
	c.sees(`#here [data-user="dan"]`)
	d.say("thank you")
	c.hears("thank you")
	c.point("#log .message:first-of-type")
	c.do(`document.querySelector("#log .message").focus()`)
	d.open(at)
	d.heard("ada added Dan Moss", "thank you")
	d.do(`location.hash = "#" + document.querySelector("#log .message").id.replace(/\d+/, (id) => id - 1)`) // a message from before
	d.sees(".line.gone")
	d.heard("ada added Dan Moss", "thank you")

	d.click(".pane-head details.menu summary")
	d.click(`.pane-head [data-dialog="group-leave"]`)
	d.expect("status of 403")
	d.click("#group-leave .button.danger")
	d.at("/")
	d.missing(groupLink)
	c.reads("#log .log-line:last-child .text", "Dan Moss left")
	c.reads(".pane-head h1", "ada, cleo")
	c.missing(`.person[data-user="dan"]`)
	d.open(at)
	d.reads("main", "You’re not in this conversation")
	c.shoot("group-log.png")
}

// The dialog is used by keyboard alone, says what it does, and gives the focus back; its commands work too.
func TestChoosingPeopleByKeyboard(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	for i := range 12 {
		s.SignUp(t, fmt.Sprintf("member%02d", i))
	}
	ada.open("/chat/garden/")
	ada.do(`document.querySelector('` + newGroup + `').focus()`)
	ada.enter()
	ada.until("the dialog", `document.activeElement.id === "new-group-search"`)
	ada.fill(findField, "nobody of that name")
	ada.reads("#new-group .field-error", "Nobody matches")
	ada.fill(findField, "member")
	ada.until("eight people", `document.querySelectorAll("#new-group-found [role=option]").length === 8`)
	ada.reads("#new-group [role=status]", "8 people match")
	ada.press("ArrowDown")
	ada.press("ArrowDown")
	ada.press("ArrowUp")
	ada.until("the second one", `document.getElementById("new-group-search").getAttribute("aria-activedescendant") === "new-group-found-1"`)
	ada.fill(findField, "member0")
	ada.sees("#new-group-found [role=option]")
	ada.click(`#new-group-found [role=option][data-user="member07"]`)
	ada.sees(`#new-group .chips li[data-user="member07"]`)
	ada.press("Backspace")
	ada.fill(findField, "member")
	ada.sees("#new-group-found [role=option]")
	ada.escape()
	ada.until("the list closed and the dialog open", `document.getElementById("new-group").open && document.getElementById("new-group-found").hidden`)
	ada.choose("new-group", "member03", "member03")
	ada.reads("#new-group [role=status]", "member03 is chosen")
	ada.choose("new-group", "member04", "member04")
	ada.press("Backspace")
	ada.missing(`#new-group .chips li[data-user="member04"]`)
	ada.click(`#new-group .chips li[data-user="member03"] button`)
	ada.missing("#new-group .chips li")
	ada.enter()
	ada.reads("#new-group .field-error", "Choose at least one person")
	ada.escape()
	ada.until("the focus back", `document.activeElement?.matches('`+newGroup+`')`)
	ada.enter()
	ada.missing("#new-group .field-error")
	for i := range 12 {
		name := fmt.Sprintf("member%02d", i)
		if i == 11 { // there is no room for one more
			ada.fill(findField, name)
			ada.sees(`#new-group-found [role=option]`)
			ada.enter()
			ada.reads("#new-group .field-error", "at most 12 people")
			break
		}
		ada.choose("new-group", name, name)
	}
	ada.click("#new-group .actions .button:not(.quiet)")
	ada.reads(".pane-head h1", "member00, member01 and 9 more")
	ada.fill(composer, "/invite @member11")
	ada.enter()
	ada.reads("#pending .failed, #composer-error", "at most 12 people")
	ada.shoot("group-full.png")
}

// Without script a page finds people and opens the conversation.
func TestGroupWithoutScript(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	for _, name := range []string{"bob", "cleo", "dan"} {
		s.SignUp(t, name)
	}
	ada := signedIn(t, s, b)
	ada.withoutScript()
	ada.open("/")
	ada.click(newGroup)
	ada.at("/groups/new/")
	for _, name := range []string{"bob", "cleo"} {
		ada.fill("#group-q", name)
		ada.submit(`main form button.quiet`)
		ada.click(`main label:has([value="` + name + `"]) bdi`)
	}
	ada.submit(`main form button[formmethod="post"]`)
	ada.reads(".pane-head h1", "bob, cleo")
	ada.fill(composer, "hello both")
	ada.submit("#composer button.button")
	ada.hears("hello both")
	ada.reads(groupLink+" .side-name", "bob, cleo")
	ada.click(".pane-head details.menu summary")
	ada.click(`.pane-head [data-dialog="group-add"]`)
	ada.fill("#group-q", "dan")
	ada.submit(`main form button.quiet`)
	ada.click(`main label:has([value="dan"]) bdi`)
	ada.submit(`main form button[formmethod="post"]`)
	ada.reads("#log .log-line .text", "ada added dan")
}

// furnishGroups adds conversations to a place.
func furnishGroups(t *testing.T, ada, mai *hearthtest.Browser) {
	t.Helper()
	for _, others := range [][]string{{"mai", "li", "tom", "somebody.with.a.rather.long.name@example.org"}, {"mai", "tom"}} {
		var g struct{ Room string }
		ada.PostJSON("/api/groups", map[string]any{"people": others}).JSON(t, &g)
		mai.PostJSON("/api/rooms/"+g.Room+"/messages", map[string]string{"message": "Shall we plan the harvest?"})
		if len(others) == 2 {
			mai.PostJSON("/api/rooms/"+g.Room+"/people", map[string]any{"people": []string{"li"}})
		}
	}
}

// openedGroup opens the first group conversation.
func (p *page) openedGroup() {
	p.t.Helper()
	p.do(`document.querySelector('main a[href^="/chat/+"]').click()`)
	p.sees("#log .log-line")
}

// choosingPeople opens the dialog for a new conversation, with some people chosen and others to choose from.
func (p *page) choosingPeople() {
	p.t.Helper()
	p.do(`document.getElementById("new-group").showModal()`)
	for _, name := range []string{"mai", "li", "somebody.with.a.rather.long.name@example.org"} {
		p.choose("new-group", name, name)
	}
	p.fill(findField, "o")
	p.sees("#new-group-found [role=option]")
}
