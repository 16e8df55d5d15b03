package chat

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// named creates people with these names, whose usernames are p0, p1 and so on.
func (p *testChat) named(names ...string) (people []*User) {
	p.t.Helper()
	for i, name := range names {
		u, err := p.CreateUser(context.Background(), Caller{}, NewUser{Name: fmt.Sprint("p", i), Password: "x", Profile: Profile{DisplayName: name}})
		if err != nil {
			p.t.Fatal(err)
		}
		people = append(people, u)
	}
	return people
}

// Members are listed in the order of the reader's language.
func TestPeopleAreSortedInTheLanguageOfTheReader(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	r := p.room("cellar", Closed)
	people := p.named("Zoë", "Émile", "eva", "Đức", "Dũng", "Anh", "陈", "安", "Ёлка", "Жук", "Егор")
	for _, u := range people {
		if err := p.AddMember(context.Background(), p.admin, r, u.Name); err != nil {
			t.Fatal(err)
		}
	}
	for lang, want := range map[string]string{
		"en":      "ada Anh Đức Dũng Émile eva Zoë Егор Ёлка Жук",
		"vi":      "ada Anh Dũng Đức Émile eva Zoë",
		"ru":      "Егор Ёлка Жук",
		"zh-Hans": "安 陈",
	} {
		found, total, err := p.Members(context.Background(), r, lang, 20, 0)
		if err != nil || total != 12 {
			t.Fatalf("%d members, %v", total, err)
		}
		var shown []string
		for _, u := range found {
			if name := u.Display(); strings.Contains(" "+want+" ", " "+name+" ") {
				shown = append(shown, name)
			}
		}
		if got := strings.Join(shown, " "); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
	if err := p.UpdateProfile(context.Background(), p.admin, p.admin.User.ID, Profile{DisplayName: "Żaba"}); err != nil {
		t.Fatal(err)
	}
	found, _, err := p.Members(context.Background(), r, "en", 2, 4)
	if err != nil || len(found) != 2 || found[1].Display() != "Żaba" {
		t.Errorf("after a change of a name: %v %v", found, err)
	}
}

// A page of people is the same whether the list is filtered or not, and leaves out deactivated accounts.
func TestUsersInTheOrderOfALanguage(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	for _, name := range []string{"éric", "zoe", "Bob", "eva"} {
		p.user(name)
	}
	list := func(q UserQuery) string {
		t.Helper()
		q.Lang, q.Active = "en", true
		found, total, err := p.Users(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(names(found), total)
	}
	if got := list(UserQuery{}); got != "[ada Bob éric eva zoe]5" && got != "[ada Bob éric eva zoe] 5" {
		t.Errorf("all: %s", got)
	}
	if got := list(UserQuery{Text: "e", Limit: 2, Offset: 1}); !strings.HasPrefix(got, "[eva zoe]") {
		t.Errorf("with an e: %s", got)
	}
	if err := p.SetDisabled(context.Background(), p.admin, 2, true); err != nil {
		t.Fatal(err)
	}
	if got := list(UserQuery{Limit: 3}); !strings.HasPrefix(got, "[ada Bob eva]") {
		t.Errorf("without éric: %s", got)
	}
	p.user("aaa")
	if got := list(UserQuery{Limit: 2}); !strings.HasPrefix(got, "[aaa ada]") {
		t.Errorf("with a new person: %s", got)
	}
}

func TestRoomsInTheOrderOfALanguage(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	t.Cleanup(p.Close)
	for _, name := range []string{"zoo", "école", "eis", "đá", "dạ"} {
		p.room(name, Open)
	}
	for lang, want := range map[string]string{"vi": "[dạ đá]", "en": "[école eis]"} {
		by := p.admin
		by.Lang = lang
		found, total, err := p.RoomsFor(context.Background(), by, RoomQuery{Limit: 2, Offset: map[string]int{"vi": 0, "en": 2}[lang]})
		if err != nil || total != 5 {
			t.Fatalf("%d, %v", total, err)
		}
		var got []string
		for _, r := range found {
			got = append(got, r.Name)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", lang, got, want)
		}
	}
}

// manyNames are names of people in several scripts.
func manyNames(n int) []string {
	given := []string{"Ada", "Khánh", "Олег", "Inês", "小林", "João", "Лариса", "Zeynep", "Đức", "伟"}
	family := []string{"Lund", "Nguyễn", "Панин", "Duarte", "Motta", "Орлова", "Kaya", "Trần", "陈", "Nyström"}
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(given[i%10], " ", family[i/10%10], " ", i)
	}
	return all
}

// BenchmarkSortPeople sorts 10 000 people, as after a change of a name, and then loads a page from the sorted list.
func BenchmarkSortPeople(b *testing.B) {
	p := newTestChat(b)
	b.Cleanup(p.Close)
	db := p.disk.(*plainDisk).db
	for i, name := range manyNames(10_000) {
		if _, err := db.Exec("INSERT INTO user (name, name_key, name_look, display_name, password, created_at) VALUES (?1, ?1, ?1, ?2, '', 1)", fmt.Sprint("user", i), name); err != nil {
			b.Fatal(err)
		}
	}
	for _, lang := range []string{"en", "vi", "zh-Hans"} {
		b.Run("sort "+lang, func(b *testing.B) {
			for b.Loop() {
				p.forgetOrders()
				if _, err := p.placesIn(context.Background(), order{lang, byName}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := p.Users(context.Background(), UserQuery{Active: true, Lang: "en", Limit: 100, Offset: 5000}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("page by key", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := p.Users(context.Background(), UserQuery{Active: true, Limit: 100, Offset: 5000}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
