package locale

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"
)

// This file holds the program's sources to the catalogue: no text outside of it, no key that is not
// in it, and none in it that nobody uses.

// sources returns the files below web (and beside it) with one of the extensions, but no tests and
// nothing vendored.
func sources(t *testing.T, extensions ...string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	add := func(path string) {
		if !slices.Contains(extensions, filepath.Ext(path)) || strings.HasSuffix(path, "_test.go") {
			return
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(data)
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "vendor" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() {
			add(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range root {
		add(path)
	}
	if len(found) == 0 {
		t.Fatalf("found no %v: has the tree moved?", extensions)
	}
	return found
}

// action is what stands between {{ and }} in a template.
var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// Where the sources name a key, by extension. The key is the last group.
var keyCalls = map[string]*regexp.Regexp{
	".html": regexp.MustCompile(`\bt "([^"]+)"`),
	".js":   regexp.MustCompile("\\bt\\(\\s*[\"'`]([^\"'`$]+)[\"'`]"),
	".go":   regexp.MustCompile(`\.T\(\s*"([^"]+)"\s*[,)]`),
}

// errorCall is the making of a chat.Error, whose code has the text error.<code>. fmt.Errorf is none.
var errorCall = regexp.MustCompile(`(\w+\.)?Errorf\("([a-z_]+)"`)

func TestEveryKeyThatIsUsedExists(t *testing.T) {
	english := rawTexts(t, "en")
	for path, source := range sources(t, ".html", ".js", ".go") {
		for _, m := range keyCalls[filepath.Ext(path)].FindAllStringSubmatch(source, -1) {
			if english[m[1]] == nil {
				t.Errorf("%s: %s is in no catalogue", path, m[1])
			}
		}
		for _, m := range errorCall.FindAllStringSubmatch(source, -1) {
			if m[1] != "fmt." && english["error."+m[2]] == nil {
				t.Errorf("%s: error.%s is in no catalogue", path, m[2])
			}
		}
	}
}

var (
	quoted = regexp.MustCompile("[\"'`]([A-Za-z0-9_.@-]+)[\"'`]")
	// A key put together from a beginning and something known later: "error." + code in Go and
	// JavaScript, `error.${code}` in JavaScript, (printf "error.%s" .Code) or (print "error." .Code) in templates.
	beginning = regexp.MustCompile("[\"'`]([a-z0-9_.]+\\.)(?:[\"'`]\\s*\\+|\\$\\{|%[sdv]|\" [.$(])")
	number    = regexp.MustCompile(`^\d+$`)
)

func TestEveryKeyIsUsed(t *testing.T) {
	words := make(map[string]bool)
	beginnings := make(map[string]bool)
	for _, source := range sources(t, ".html", ".js", ".go") {
		for _, m := range quoted.FindAllStringSubmatch(source, -1) {
			words[m[1]] = true
		}
		for _, m := range beginning.FindAllStringSubmatch(source, -1) {
			beginnings[m[1]] = true
		}
	}
	used := func(key string) bool {
		if words[key] {
			return true
		}
		for b := range beginnings {
			if rest, ok := strings.CutPrefix(key, b); ok && (words[rest] || number.MatchString(rest)) {
				return true
			}
		}
		return false
	}
	for _, key := range slices.Sorted(maps.Keys(rawTexts(t, "en"))) {
		if !used(key) {
			t.Errorf("nobody uses %s", key)
		}
	}
}

// speaking are the attributes that people get to see or hear.
var speaking = []string{"title", "placeholder", "alt", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext", "label"}

// labelled are values given to a partial that show up as text.
var labelled = regexp.MustCompile(`"(Label|Hint|Title|Text)" "([^"]*)"`)

func TestTemplatesHaveNoTextOfTheirOwn(t *testing.T) {
	for path, source := range sources(t, ".html") {
		for _, m := range labelled.FindAllStringSubmatch(source, -1) {
			if literal(m[2]) {
				t.Errorf("%s: the %s %q belongs into the catalogue", path, m[1], m[2])
			}
		}
		for _, text := range visible(action.ReplaceAllString(source, " ")) {
			t.Errorf("%s: %q belongs into the catalogue", path, text)
		}
	}
}

// visible returns the literal texts of a page that has no more template actions.
func visible(page string) []string {
	var texts []string
	var inside string // the element that the tokenizer is in, where its text is not language
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return texts
		case html.TextToken:
			if text := strings.TrimSpace(z.Token().Data); inside == "" && literal(text) {
				texts = append(texts, text)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			texts = append(texts, visibleAttributes(token)...)
			if slices.Contains([]string{"script", "style", "kbd"}, token.Data) {
				inside = token.Data
			}
		case html.EndTagToken:
			if z.Token().Data == inside {
				inside = ""
			}
		}
	}
}

func visibleAttributes(token html.Token) []string {
	attributes := make(map[string]string)
	for _, a := range token.Attr {
		attributes[a.Key] = a.Val
	}
	var texts []string
	for _, name := range speaking {
		if literal(attributes[name]) {
			texts = append(texts, name+"="+attributes[name])
		}
	}
	button := slices.Contains([]string{"submit", "button", "reset"}, attributes["type"])
	if token.Data == "input" && button && literal(attributes["value"]) {
		texts = append(texts, "value="+attributes["value"])
	}
	if token.Data == "meta" && attributes["name"] == "description" && literal(attributes["content"]) {
		texts = append(texts, "content="+attributes["content"])
	}
	return texts
}

// literal reports whether a text has letters, apart from the product's name.
func literal(text string) bool {
	return strings.ContainsFunc(strings.ReplaceAll(text, "Hearth", ""), unicode.IsLetter)
}

func TestVisibleFindsTexts(t *testing.T) {
	page := `<title>Hearth</title><p title="Hi">Hello <b> </b></p><kbd>Ctrl K</kbd><script>var no</script>
		<table><tr><td aria-label="Cell">&nbsp;é</td></tr></table><template><i>In it</i></template>
		<input type="submit" value="Go"><input name="q" value="typed" placeholder="Find"><img alt="" src="x.png">`
	got := strings.Join(visible(page), "|")
	want := "title=Hi|Hello|aria-label=Cell|é|In it|value=Go|placeholder=Find"
	if got != want {
		t.Errorf("visible = %q, want %q", got, want)
	}
}

var (
	// What a script shows: an assignment, an attribute, a dialog, or a string put into the page.
	scripted = regexp.MustCompile("(?:" +
		`\.(?:textContent|innerText|innerHTML|title|placeholder|alt|ariaLabel|ariaDescription|ariaValueText|ariaRoleDescription)\s*=\s*` +
		`|setAttribute\(\s*["'](?:title|placeholder|alt|aria-label|aria-description|aria-valuetext)["']\s*,\s*` +
		`|\b(?:alert|confirm|prompt|createTextNode|new Notification)\(\s*` +
		")(\"[^\"]*\"|'[^']*'|`[^`]*`)")
	// A string alone: FormData.append takes a name and a value, and isn't shown.
	inserted = regexp.MustCompile(`\b(?:append|prepend|replaceChildren)\(\s*` + "(\"[^\"]*\"|'[^']*'|`[^`]*`)" + `\s*\)`)
	filled   = regexp.MustCompile(`\$\{[^}]*\}`)
)

func TestScriptsHaveNoTextOfTheirOwn(t *testing.T) {
	for path, source := range sources(t, ".js") {
		for _, text := range shown(source) {
			t.Errorf("%s: %s belongs into the catalogue", path, text)
		}
	}
}

// shown returns the literal texts that a script shows.
func shown(source string) []string {
	var texts []string
	for _, m := range append(scripted.FindAllStringSubmatch(source, -1), inserted.FindAllStringSubmatch(source, -1)...) {
		if literal(filled.ReplaceAllString(m[1], "")) {
			texts = append(texts, m[1])
		}
	}
	return texts
}

func TestShownFindsTexts(t *testing.T) {
	for source, want := range map[string]string{
		`e.textContent = "Sent"`:                    `"Sent"`,
		"e.title = `Seen by ${n}`":                  "`Seen by ${n}`",
		`e.setAttribute("aria-label", 'Close')`:     `'Close'`,
		`confirm("Really?")`:                        `"Really?"`,
		`line.append("edited")`:                     `"edited"`,
		`e.textContent = t("room.sent")`:            "",
		"e.textContent = `${a} · ${b}`":             "",
		`e.setAttribute("aria-expanded", "true")`:   "",
		`document.title = "Hearth"`:                 "",
		`list.append(row); form.append("topic", x)`: "",
	} {
		if got := strings.Join(shown(source), " "); got != want {
			t.Errorf("%s: shown = %s, want %s", source, got, want)
		}
	}
}
