package e2e

import "testing"

// After a name that nobody has, the dialog still adds and removes members.
func TestMembersAfterAnError(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	s.SignUp(t, "tom")
	ada.expect("status of 4")
	ada.open("/rooms/new/")
	ada.fill("#name", "secrets")
	ada.click(`main input[value=closed]`)
	ada.submit(`main form[action="/rooms/"] button`)
	ada.manageMember("nobody", "add")
	ada.sees(".field-error")
	t.Log(value[string](ada, `location.href + " " + document.querySelectorAll("dialog[open]").length + " " + document.querySelector("#room-members").matches(":modal") + " " + document.activeElement.outerHTML + document.querySelector('.sidebar [data-room=secrets]').outerHTML.slice(0,200)`))
	ada.fill("#member-name", "tom")
	ada.submit(`#room-members button[value="add"]`)
	ada.click(".pane-head details.menu summary")
	ada.click(`.menu [data-dialog="room-members"]`)
	ada.reads("#room-members", "@tom")
	t.Log(value[string](ada, `location.href`))
	ada.submit(`#room-members button[value="remove"]`)
	t.Log(value[string](ada, `location.href + document.querySelector("#room-members").textContent`))
}
