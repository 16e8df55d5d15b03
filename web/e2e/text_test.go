package e2e

import "testing"

// A table that is wider than a phone scrolls inside its message. Tasks are check boxes with a label, and code in Arabic text runs
// from left to right.
func TestTablesTasksAndCode(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.resize(360, 740)
	ada.open("/chat/garden/")
	ada.fill(composer, "| a rather long heading | another long heading | and a third one |\n|---|:-:|--:|\n| one_word_that_is_long | 2 | 3 |\n\n- [ ] water\n- [x] sow\n\n1999. استخدم `fetchData()` هنا :tada:")
	ada.enter()
	ada.sees("#log .text table")
	ada.until("no page wider than the phone", `document.documentElement.scrollWidth <= innerWidth && document.getElementById("scroller").scrollWidth <= innerWidth`)
	ada.until("a table that scrolls", `(() => { const box = document.querySelector("#log .text div"); return box.scrollWidth > box.clientWidth && box.clientWidth > 200; })()`)
	ada.until("two tasks with labels", `Array.from(document.querySelectorAll("#log .task input:disabled"), (box) => box.checked + box.labels[0].textContent.trim()).join() === "falsewater,truesow"`)
	ada.until("code from left to right", `(() => { const { direction, unicodeBidi } = getComputedStyle(document.querySelector("#log .text code")); return direction === "ltr" && unicodeBidi === "isolate"; })()`)
	ada.reads("#log .text ol", "استخدم fetchData() هنا 🎉")
	ada.until("a number that is not cut off", `parseFloat(getComputedStyle(document.querySelector("#log .text ol")).paddingInlineStart) >= 40`)
	ada.shoot("text-phone.png")
	ada.do(axe)
	ada.inspect("light")
}
