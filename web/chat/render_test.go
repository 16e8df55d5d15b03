package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/markup"
)

func (p *testChat) shown(room string, n int) []*Message {
	p.t.Helper()
	r, err := p.Enter(context.Background(), p.admin, room)
	if err != nil {
		p.t.Fatal(err)
	}
	found, _, err := p.History(context.Background(), r, Page{Limit: n})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// Who signs up under a name that was mentioned before, or is called otherwise now, is so in what was said before.
func TestMentionsFollowTheAccounts(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	p.say(p.admin, "r", "hi @Bob. and @ada")
	for range 2 {
		if m := p.shown("r", 1)[0]; strings.Contains(m.HTML(), "@bob") || !slices.Equal(m.Mentions(), []int64{p.admin.User.ID}) {
			t.Errorf("before there is a bob: %s, %v", m.HTML(), m.Mentions())
		}
	}
	bob := p.user("bob")
	m := p.shown("r", 1)[0]
	if want := `<p>hi <a class="mention" href="/chat/@bob/">@bob</a>. and <a class="mention" href="/chat/@ada/">@ada</a></p>`; m.HTML() != want {
		t.Errorf("with a bob: %s", m.HTML())
	}
	if !slices.Equal(m.Mentions(), []int64{p.admin.User.ID, bob.ID}) {
		t.Errorf("with a bob: %v", m.Mentions())
	}
	if err := p.UpdateProfile(ctx, Caller{User: bob}, bob.ID, Profile{FirstName: "Bob", LastName: "<Stone>"}); err != nil {
		t.Fatal(err)
	}
	before, _ := p.documents.Get("hi @Bob. and @ada")
	if m = p.shown("r", 1)[0]; !strings.Contains(m.HTML(), `<a class="mention" href="/chat/@bob/" title="@bob">@Bob &lt;Stone&gt;</a>`) {
		t.Errorf("with a name for bob: %s", m.HTML())
	}
	if now, _ := p.documents.Get("hi @Bob. and @ada"); now.Document != before.Document {
		t.Error("a new display name had the text parsed again")
	}
	if said := p.say(p.admin, "r", "@bob"); !slices.Equal(said.Mentions(), []int64{bob.ID}) || !strings.Contains(said.HTML(), "Stone") {
		t.Errorf("said: %s, %v", said.HTML(), said.Mentions())
	}
}

// An account that another process has made counts once the database is known to have changed.
func TestMentionsFollowTheCommandLine(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	p.say(p.admin, "r", "hi @eve")
	if m := p.shown("r", 1)[0]; !m.Plain() {
		t.Errorf("before there is an eve: %s", m.HTML())
	}
	_, err := p.disk.(*plainDisk).db.Exec("INSERT INTO user (name, name_key, name_look, password, created_at) VALUES ('eve', 'eve', 'eve', '', 1)")
	if err != nil {
		t.Fatal(err)
	}
	p.Forget()
	if m := p.shown("r", 1)[0]; !strings.Contains(m.HTML(), `href="/chat/@eve/"`) || len(m.Mentions()) != 1 {
		t.Errorf("with an eve: %s, %v", m.HTML(), m.Mentions())
	}
}

// Many read and write at once: the race detector looks at what they share.
func TestReadersShareDocuments(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	for i := range 10 {
		p.say(p.admin, "r", fmt.Sprintf("*%d* @ada @bob%d", i, i))
	}
	r, err := p.Enter(context.Background(), p.admin, "r")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				found, _, err := p.History(context.Background(), r, Page{Limit: 10})
				if err != nil || len(found) != 10 || !strings.Contains(found[0].HTML(), "<em>0</em>") {
					t.Errorf("%d messages, %v", len(found), err)
				}
			}
		})
		all.Go(func() {
			if _, err := p.CreateUser(context.Background(), Caller{}, NewUser{Name: fmt.Sprint("bob", i), Password: "a hash"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, m := range p.shown("r", 10) {
		if want := 1 + map[bool]int{true: 1}[i < 4]; len(m.Mentions()) != want {
			t.Errorf("message %d mentions %d people, not %d", i, len(m.Mentions()), want)
		}
	}
}

// busyDisk runs jobs while nothing is in the caches and every query of the readers waits.
type busyDisk struct {
	*plainDisk
	*Chat
}

func (d busyDisk) Write(_ context.Context, job func(Tx) error) error {
	d.users.Clear()
	d.forgetNames()
	d.documents.Clear()
	d.db.SetMaxOpenConns(1) // the transaction has it
	defer d.db.SetMaxOpenConns(0)
	return d.plainDisk.Write(context.Background(), job)
}

func (d busyDisk) Submit(job func(Tx) error, done func(error)) {
	done(d.Write(context.Background(), job))
}

// Nothing is looked up and nothing is rendered in the writer's transaction: a look-up there would wait for ever.
func TestTheWriterDoesNotLookUp(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	tom := Caller{User: p.user("tom")}
	p.disk = busyDisk{p.disk.(*plainDisk), p.Chat}
	over := make(chan bool)
	go func() {
		defer close(over)
		m := p.say(p.admin, "r", "hi @tom and @nobody")
		p.say(tom, "@ada", "hi @ada alone")
		if err := p.Edit(context.Background(), p.admin, m.ID, "no, @ada, @somebody"); err != nil {
			t.Error(err)
		}
	}()
	select {
	case <-over:
	case <-time.After(time.Minute):
		t.Fatal("a transaction waits for a look-up")
	}
	if m := p.shown("r", 1)[0]; !strings.HasPrefix(m.HTML(), `<p>no, <a class="mention" href="/chat/@ada/">`) {
		t.Errorf("after the edit: %s", m.HTML())
	}
}

func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	text := func(i int) string { return fmt.Sprintf("%d *%s*", i, strings.Repeat("a", 3900)) }
	for i := range 10_000 {
		d := document{Document: markup.Parse(text(i), func([]string) map[string]int64 { return nil }), text: text(-i)}
		p.documents.Put(text(i), d, p.documents.Version())
	}
	size := 0
	for text, d := range p.documents.All() {
		size += len(text) + len(d.text) + d.Size()
	}
	if size > maxDocuments+1<<20 || size < maxDocuments/3 {
		t.Errorf("%d bytes are kept", size)
	}
}

// Names that nobody has take no memory, whenever the names that somebody has were loaded.
func TestUnknownNamesAreNotCached(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	ctx := context.Background()
	named := func(want ...string) {
		t.Helper()
		names := []string{"ada", "Bob", "nobody"}
		for i := range 1000 {
			names = append(names, fmt.Sprint("nobody", i))
		}
		found, err := p.usersByName(ctx, names)
		if err != nil || len(found) != len(want) {
			t.Errorf("%v, %v, not %q", found, err, want)
		}
		for _, name := range want {
			if u := found[name]; u == nil || u.Name != strings.ToLower(name) {
				t.Errorf("%s is %+v", name, u)
			}
		}
		if n := len(p.names.All()); n > len(want) {
			t.Errorf("%d names are cached", n)
		}
	}
	named("ada")
	before := p.nameSet.Version()
	old, err := p.allNames(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.user("bob")
	p.nameSet.Put(struct{}{}, old, before) // loaded before the account was created
	named("ada", "Bob")
	if old.mayHave("bob") {
		t.Error("a set was changed that somebody may be using")
	}
	p.forgetNames()
	named("ada", "Bob")
}

// What is answered is shown by its first 120 characters, in a page of messages as when it is said.
func TestAnswersAreShortened(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	for text, want := range map[string]string{
		"short":                          "short",
		strings.Repeat("я", 120):         strings.Repeat("я", 120),
		strings.Repeat("я", 121):         strings.Repeat("я", 119) + "…",
		strings.Repeat("ab", 1000) + "!": strings.Repeat("ab", 59) + "a…",
	} {
		first := p.say(p.admin, "r", text)
		p.Say(context.Background(), p.admin, "r", Draft{Text: "yes", ReplyTo: first.ID}, func(m *Message, _ *Room, _ bool, err error) {
			if err != nil || m.Answers.Text != want {
				t.Errorf("said in answer to %.10q…: %v, %v", text, m, err)
			}
		})
		if m := p.shown("r", 1)[0]; m.Answers == nil || m.Answers.Text != want || m.Answers.ID != first.ID {
			t.Errorf("the answer to %.10q…: %+v", text, m.Answers)
		}
	}
	if m := p.shown("r", 2)[0]; m.Answers != nil {
		t.Errorf("what answers nothing: %+v", m.Answers)
	}
}

// A short message can't fill pages with the long names of those whom it mentions.
func TestMentionsAreShort(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	long := Profile{FirstName: strings.Repeat("A", 75), LastName: strings.Repeat("Z", 75)}
	if err := p.UpdateProfile(context.Background(), p.admin, p.admin.User.ID, long); err != nil {
		t.Fatal(err)
	}
	if m := p.say(p.admin, "r", "@ada"); m.HTML() != `<p><a class="mention" href="/chat/@ada/">@ada</a></p>` {
		t.Errorf("said: %s", m.HTML())
	}
}
