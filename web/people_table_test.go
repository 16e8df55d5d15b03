package web_test

import (
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// Nobody whose account is closed is in the table of people, for those who look already and for those who come.
func TestTableHasNobodyWhoIsDeactivated(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	has := func(f hearthtest.Frame, name string) bool { return strings.Contains(f.Text("html_users"), name) }
	table := ada.Dial("/new-user/")
	table.Find("bob", func(f hearthtest.Frame) bool { return has(f, "bob") })
	ada.Post("/admin/users/2/", "action", "disable")
	table.Find("a table without bob", func(f hearthtest.Frame) bool { return has(f, "ada") && !has(f, "bob") })
	ada.Dial("/new-user/").Find("a first table without bob", func(f hearthtest.Frame) bool {
		if has(f, "bob") {
			t.Error("bob is in the table")
		}
		return true
	})
}
