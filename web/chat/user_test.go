package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFirstUserIsAdmin(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	if some, err := h.HasUsers(ctx); some || err != nil {
		t.Errorf("an empty place has users: %v, %v", some, err)
	}
	if ada, linh := h.user("ada"), h.user("linh"); !ada.Admin || linh.Admin {
		t.Errorf("admins: ada %v, linh %v", ada.Admin, linh.Admin)
	}
}

func TestNamesAreTaken(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	h.user("Ada")
	for _, name := range []string{"ada", "ADA", "ａda", "аdа"} {
		_, err := h.CreateUser(ctx, Caller{}, NewUser{Name: name, Password: "x"})
		wantCode(t, err, "name_taken", "username")
		wantCode(t, h.CheckName(ctx, name), "name_taken", "username")
	}
	if u, err := h.UserByName(ctx, " ADA "); err != nil || u.Name != "Ada" {
		t.Errorf("ADA is %v, %v", u, err)
	}
	if _, err := h.UserByName(ctx, "аdа"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a look-alike was found: %v", err)
	}
}

func TestProfileRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p           Profile
		code, field string
	}{
		{Profile{FirstName: strings.Repeat("é", 151)}, "name_too_long", "first_name"},
		{Profile{Email: "nobody"}, "bad_email", "email"},
		{Profile{Email: "Ada <ada@example.org>"}, "bad_email", "email"},
		{Profile{Email: strings.Repeat("a", 250) + "@example.org"}, "bad_email", "email"},
	} {
		_, err := c.p.Check()
		wantCode(t, err, c.code, c.field)
	}
	p, err := Profile{FirstName: " Thị Mai ", Email: "mai@example.org"}.Check()
	if err != nil || p.FirstName != "Thị Mai" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestEditsReachTheCache(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada, linh := h.user("ada"), h.user("linh")
	var table []bool
	h.WatchPeople(func(isNew bool) { table = append(table, isNew) })
	h.hub.people = nil
	if err := h.UpdateProfile(ctx, Caller{User: linh}, linh.ID, Profile{FirstName: "Linh", LastName: "Trần"}); err != nil {
		t.Fatal(err)
	}
	if u, _ := h.UserByName(ctx, "linh"); u.Display() != "Linh Trần" {
		t.Errorf("linh is shown as %q", u.Display())
	}
	wantCode(t, h.UpdateProfile(ctx, Caller{User: linh}, ada.ID, Profile{}), "not_allowed", "")
	wantCode(t, h.UpdateProfile(ctx, Caller{}, ada.ID, Profile{}), "not_allowed", "")
	mai := h.user("mai")
	if want := []string{fmt.Sprint(linh.ID, " changed"), fmt.Sprint(mai.ID, " created")}; !slices.Equal(h.hub.people, want) || !slices.Equal(table, []bool{false, true}) {
		t.Errorf("told: %v, the table: %v", h.hub.people, table)
	}
	h.Seen(linh.ID, h.clock)
	if u, _ := h.User(ctx, linh.ID); !u.LastSeen.Equal(h.clock) {
		t.Errorf("linh was seen at %v", u.LastSeen)
	}
	wantCode(t, h.SetLanguage(ctx, linh.ID, "xx"), "bad_choice", "lang")
	wantCode(t, h.SetTheme(ctx, linh.ID, "pink"), "bad_choice", "theme")
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	ada, linh := h.user("ada"), h.user("linh")
	as := Caller{User: ada}
	wantCode(t, h.SetAdmin(ctx, as, ada.ID, false), "last_admin", "")
	wantCode(t, h.SetDisabled(ctx, as, ada.ID, true), "last_admin", "")
	wantCode(t, h.SetAdmin(ctx, Caller{User: linh}, linh.ID, true), "not_allowed", "")
	for _, step := range []error{
		h.SetAdmin(ctx, as, linh.ID, true), h.SetDisabled(ctx, as, linh.ID, true), // a disabled admin does not count as an admin
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	wantCode(t, h.SetAdmin(ctx, as, ada.ID, false), "last_admin", "")
	if err := h.SetDisabled(ctx, as, linh.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := h.SetAdmin(ctx, as, ada.ID, false); err != nil {
		t.Errorf("with another admin: %v", err)
	}
	deeds, _, err := h.AuditEntries(ctx, 10, 0)
	if err != nil || len(deeds) != 3 || deeds[0].What != "user_enabled" || deeds[0].Subject != "linh" {
		t.Errorf("deeds: %+v, %v", deeds, err)
	}
}

// A display name that a person chose is shown. Without one, the joined first and last name is shown, also after they change.
func TestDisplayName(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	bob := h.user("bob")
	for _, step := range []struct {
		p    Profile
		want string
	}{
		{Profile{FirstName: "Bob", LastName: "Stone"}, "Bob Stone"},
		{Profile{DisplayName: "Bob Stone", FirstName: "Rob", LastName: "Stone"}, "Rob Stone"}, // a form sends back the joined name that it shows
		{Profile{DisplayName: " Bobby \u202e", FirstName: "Rob", LastName: "Stone"}, "Bobby"},
		{Profile{DisplayName: "Bobby", FirstName: "Robert", LastName: "Stone"}, "Bobby"},
		{Profile{DisplayName: "李 明", FirstName: "明", LastName: "李"}, "李 明"},
		{Profile{DisplayName: "李明", FirstName: "明", LastName: "李"}, "李明"},
		{Profile{DisplayName: "", FirstName: "Ro", LastName: "李"}, "Ro 李"},
		{Profile{DisplayName: "Ada"}, "Ada"},
		{Profile{}, "bob"},
	} {
		if err := h.UpdateProfile(ctx, Caller{User: bob}, bob.ID, step.p); err != nil {
			t.Fatal(err)
		}
		u, err := h.User(ctx, bob.ID)
		if err != nil || u.Display() != step.want || u.FirstName != step.p.FirstName || u.LastName != step.p.LastName {
			t.Errorf("with %+v: %q, %+v, %v", step.p, u.Display(), u, err)
		}
	}
	long := Profile{DisplayName: strings.Repeat("x", 151)}
	wantCode(t, h.UpdateProfile(ctx, Caller{User: bob}, bob.ID, long), "name_too_long", "name")

	ada := h.user("ada")
	if err := h.UpdateProfile(ctx, Caller{User: bob}, bob.ID, Profile{DisplayName: "Ada", FirstName: "Robert"}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[int64]string{bob.ID: "Ada (@bob)", ada.ID: "ada (@ada)"} {
		if u, err := h.User(ctx, id); err != nil || u.Display() != want {
			t.Errorf("namesakes: %q instead of %q, %v", u.Display(), want, err)
		}
	}
	for _, q := range []string{"robert", "ADA", "bob"} {
		found, _, err := h.Users(ctx, UserQuery{Text: q})
		if err != nil || !slices.ContainsFunc(found, func(u *User) bool { return u.ID == bob.ID }) {
			t.Errorf("a search for %s finds %v, %v", q, found, err)
		}
	}
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	for _, n := range []NewUser{
		{Name: "ada", Profile: Profile{FirstName: "Ada", LastName: "Lund", Email: "ada@Example.org"}},
		{Name: "masha", Profile: Profile{FirstName: "Мария", LastName: "Соколова"}},
		{Name: "mai", Profile: Profile{FirstName: "Thị Mai", LastName: "Đặng"}},
	} {
		n.Password = "x"
		if _, err := h.CreateUser(ctx, Caller{}, n); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"": "[ada mai masha]", "ADA": "[ada]", "соколова МАРИЯ": "[masha]", "đặng": "[mai]", "ma": "[mai masha]", "x": "[]", "50%": "[]",
		"example": "[]", "a b c d e": "[]", "d u l n x": "[ada]", // the fifth word is ignored
	} {
		users, total, err := h.Users(ctx, UserQuery{Text: text})
		if err != nil || total != len(users) || names(users) != want {
			t.Errorf("%q finds %s of %d, %v; want %s", text, names(users), total, err, want)
		}
	}
	users, total, err := h.Users(ctx, UserQuery{Text: "EXAMPLE.org", Emails: true})
	if err != nil || total != 1 || names(users) != "[ada]" {
		t.Errorf("by e-mail: %s, %v", names(users), err)
	}
	if users, total, _ = h.Users(ctx, UserQuery{Limit: 1, Offset: 1}); total != 3 || names(users) != "[mai]" {
		t.Errorf("second page: %s of %d", names(users), total)
	}
	if users, _, _ = h.Users(ctx, UserQuery{Admins: true}); names(users) != "[ada]" {
		t.Errorf("admins: %s", names(users))
	}
}

func names(users []*User) string {
	list := []string{}
	for _, u := range users {
		list = append(list, u.Name)
	}
	return fmt.Sprint(list)
}

func TestPasswordRules(t *testing.T) {
	t.Parallel()
	for password, code := range map[string]string{
		"short7!": "password_short", strings.Repeat("é", 257): "password_long", "8675309867": "password_digits", "１２３４５６７８９": "password_digits",
		"password1": "password_common", "QwertyUiop": "password_common", "Long.Username": "password_name",
	} {
		var e *Error
		if err := CheckPassword(password, "long.username"); !errors.As(err, &e) || e.Code != code {
			t.Errorf("%.20q: %v, want %s", password, err, code)
		}
	}
	for _, password := range []string{"quiet ember 41", "пароль из слов", strings.Repeat("é", 256)} {
		if err := CheckPassword(password, "ada"); err != nil {
			t.Errorf("%.20q: %v", password, err)
		}
	}
	if n := len(commonList()); n < 10_000 {
		t.Errorf("the list has only %d passwords", n)
	}
}

func BenchmarkSearchUsers(b *testing.B) {
	h := newEmptyChat(b)
	for i := range 10_000 {
		_, err := h.CreateUser(b.Context(), Caller{}, NewUser{Name: fmt.Sprint("user", i), Password: "x", Profile: Profile{FirstName: "Мария", LastName: "Соколова"}})
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, _, err := h.Users(context.Background(), UserQuery{Text: "соко 99", Emails: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestFullName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, last, want string }{
		{"", "", ""}, {"Ada", "", "Ada"}, {"", "Lund", "Lund"}, {"Ada", "Lund", "Ada Lund"}, {"Linh", "Trần", "Linh Trần"},
		{"伟", "陈", "陈伟"}, {"偉", "陳", "陳偉"}, {"太郎", "山田", "山田太郎"}, {"ひかり", "山田", "山田ひかり"}, {"민준", "김", "김민준"},
		{"サリー", "佐々木", "佐々木サリー"}, {"ー", "", "ー"},
		{"伟", "", "伟"}, {"David", "陈", "David 陈"}, {"大明 David", "王", "大明 David 王"},
	} {
		if got := (&User{FirstName: c.first, LastName: c.last}).FullName(); got != c.want {
			t.Errorf("%q and %q are %q instead of %q", c.first, c.last, got, c.want)
		}
	}
}

// A search finds a user by the name that is shown, also if it is written without a space.
func TestUsersAreFoundByTheNameThatIsShown(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	taro := h.user("taro")
	if err := h.UpdateProfile(ctx, Caller{User: taro}, taro.ID, Profile{FirstName: "太郎", LastName: "山田"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateUser(ctx, Caller{}, NewUser{Name: "wei", Password: "x", Profile: Profile{FirstName: "伟", LastName: "陈"}}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"山田太郎": "taro", "太郎 山田": "taro", "陈伟": "wei", "TARO": "taro"} {
		if found, _, err := h.Users(ctx, UserQuery{Text: text}); err != nil || len(found) != 1 || found[0].Name != want {
			t.Errorf("%q finds %v, %v", text, found, err)
		}
	}
}
