package markup

import (
	"html"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	page "golang.org/x/net/html"

	"hearth/web/emoji"
)

// The law: the HTML of a text shows all of the text but the markers that took effect. lawOf turns HTML into a regular expression
// that matches all texts of which the HTML is true: the tags stand for their markers, everything else for itself. So this test
// knows the law, but not the grammar.

// element is a node of the HTML of a message. A text has no name.
type element struct {
	name, text string
	attr       map[string]string
	children   []*element
}

func parseHTML(t *testing.T, markup string) *element {
	t.Helper()
	root := &element{}
	stack := []*element{root}
	z := page.NewTokenizer(strings.NewReader(markup))
	for kind := z.Next(); kind != page.ErrorToken; kind = z.Next() {
		token := z.Token()
		top := stack[len(stack)-1]
		switch kind {
		case page.TextToken:
			top.children = append(top.children, &element{text: token.Data})
		case page.StartTagToken:
			n := &element{name: token.Data, attr: map[string]string{}}
			for _, a := range token.Attr {
				n.attr[a.Key] = a.Val
			}
			top.children = append(top.children, n)
			if token.Data != "br" && token.Data != "input" {
				stack = append(stack, n)
			}
		case page.EndTagToken:
			stack = stack[:len(stack)-1]
		}
	}
	return root
}

func (n *element) content() string {
	s := n.text
	for _, c := range n.children {
		s += c.content()
	}
	return s
}

// law writes a regular expression.
type law struct {
	quotes, depth int
	code          bool
}

// newline matches the end of a line and the markers of the quotes around the next one.
func (l *law) newline() string {
	return `[ \t\r]*\n` + strings.Repeat(`[ \t]*>`, l.quotes) + `[ \t]*`
}

// between matches what is between two blocks.
func (l *law) between() string {
	return `[ \t\r]*\n(?:[ \t>\r]*\n)*` + strings.Repeat(`[ \t]*>`, l.quotes) + `[ \t]*`
}

// shortcodes has the shortcodes of each emoji, by its first rune.
var shortcodes = func() map[rune][]emoji.Emoji {
	found := map[rune][]emoji.Emoji{}
	for _, e := range emoji.All() {
		r, _ := utf8.DecodeRuneInString(e.Text)
		found[r] = append(found[r], e)
	}
	return found
}()

// plain matches text.
func (l *law) plain(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(l.newline())
		case l.code:
			if r == '|' {
				b.WriteString(`\\?`) // in a table
			}
			b.WriteString(regexp.QuoteMeta(s[:size]))
		case r == '@':
			b.WriteString(`\\?[@＠]`)
		case strings.ContainsRune("*_~`[]:|>-.", r):
			b.WriteString(`\\?` + regexp.QuoteMeta(s[:size]))
		default:
			long := s[:size]
			var names []string
			for _, e := range shortcodes[r] {
				if strings.HasPrefix(s, e.Text) && len(e.Shortcodes) > 0 && len(e.Text) >= len(long) {
					long, names = e.Text, e.Shortcodes
				}
			}
			end := `:`
			if tone, n := utf8.DecodeRuneInString(s[len(long):]); names != nil && tone >= 0x1f3fb && tone <= 0x1f3ff {
				long = s[:len(long)+n]
				end = `::skin-tone-` + strconv.Itoa(int(tone-0x1f3fb)+2) + `:`
			}
			quoted := regexp.QuoteMeta(long)
			if names != nil {
				quoted = `(?:` + quoted
				for _, name := range names {
					quoted += `|:` + regexp.QuoteMeta(name) + end
				}
				quoted += `)`
			}
			b.WriteString(quoted)
			size = len(long)
		}
		s = s[size:]
	}
	return b.String()
}

func (l *law) all(nodes []*element) string {
	var b strings.Builder
	for _, n := range nodes {
		b.WriteString(l.of(n))
	}
	return b.String()
}

// blocks matches blocks one after the other.
func (l *law) blocks(nodes []*element) string {
	var b strings.Builder
	for i, n := range nodes {
		if i > 0 && (isBlock(n) || isBlock(nodes[i-1])) {
			sep := l.between()
			if nodes[i-1].name == "pre" || strings.HasSuffix(nodes[i-1].content(), "```") { // the text behind a closing fence
				sep = `(?:` + sep + `|[ \t]*)`
			}
			b.WriteString(sep)
		}
		b.WriteString(l.of(n))
	}
	return b.String()
}

func isBlock(n *element) bool {
	return strings.Contains(" p pre blockquote ul ol div ", " "+n.name+" ")
}

func (l *law) of(n *element) string {
	styled := func(marker string) string {
		l.depth++
		inner := l.all(n.children)
		if l.depth == maxStyles {
			inner = `[*_~]*` + inner + `[*_~]*`
		}
		l.depth--
		return marker + inner + marker
	}
	switch n.name {
	case "":
		if l.depth < maxStyles {
			return l.plain(n.text)
		}
		deep := `[*_~]*` // the tags of deeper markers are not written
		for _, r := range n.text {
			deep += l.plain(string(r)) + `[*_~]*`
		}
		return deep
	case "br":
		return l.newline()
	case "p":
		return l.all(n.children) + `[ \t\r]*`
	case "label":
		return l.all(n.children)
	case "input":
		if _, done := n.attr["checked"]; done {
			return `\[[xX]\]`
		}
		return `\[ \]`
	case "em":
		return styled(`[*_]`)
	case "strong":
		return styled(`(?:\*\*|__)`)
	case "del":
		return styled(`~~`)
	case "code":
		l.code = true
		inner := l.all(n.children)
		l.code = false
		return "`+ ?(?:" + l.newline() + ")?" + inner + "(?:" + l.newline() + ")? ?`+"
	case "pre":
		l.code = true
		inner := l.plain(n.content())
		l.code = false
		return "`{3,}[ \t]*(?:[A-Za-z][A-Za-z0-9+#._-]*[ \t\r]*)?(?:" + l.newline() + ")?" + inner + "(?:[ \t\r]*(?:" + l.newline() + ")?[ \t]*`{3,})?[ \t\r]*"
	case "blockquote":
		l.quotes++
		inner := `>[ \t]*(?:` + l.newline() + `)*` + l.blocks(n.children)
		inner += `(?:` + l.newline() + `)*`
		l.quotes--
		return inner
	case "ul", "ol":
		return l.list(n)
	case "div":
		return l.table(n.children[0])
	case "a":
		return l.link(n)
	}
	return "unknown element " + n.name
}

func (l *law) list(n *element) string {
	var b strings.Builder
	number := 1
	if s, ok := n.attr["start"]; ok {
		number, _ = strconv.Atoi(s)
	}
	for i, x := range n.children {
		if i > 0 {
			b.WriteString(l.between())
		}
		marker := `[-*]`
		if n.name == "ol" {
			if s, ok := x.attr["value"]; ok {
				number, _ = strconv.Atoi(s)
			}
			marker = strconv.Itoa(number) + `\.`
			number++
		}
		b.WriteString(marker + `[ \t]*(?:` + l.between() + `)?` + l.blocks(x.children) + `[ \t\r]*`)
	}
	return b.String()
}

func (l *law) table(n *element) string {
	var b strings.Builder
	for _, part := range n.children {
		for i, r := range part.children {
			if part.name == "tbody" || i > 0 {
				b.WriteString(l.newline())
			}
			b.WriteString(`\|?`)
			for j, x := range r.children {
				if j > 0 {
					b.WriteString(`\|`)
				}
				b.WriteString(`[ \t]*` + l.all(x.children) + `[ \t]*`)
			}
			b.WriteString(`\|?[ \t\r]*`)
		}
		if part.name == "thead" {
			b.WriteString(l.newline() + `[|: \t\r-]+`)
		}
	}
	return b.String()
}

func (l *law) link(n *element) string {
	inner := l.all(n.children)
	if n.attr["class"] == "mention" {
		return inner
	}
	href := ""
	for _, r := range n.attr["href"] {
		href += `\\?` + regexp.QuoteMeta(string(r))
	}
	bracketed := `\[` + inner + `\\?\]\(\s*<?` + href + `>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`
	if s := n.content(); s == n.attr["href"] || "http://"+s == n.attr["href"] || "mailto:"+s == n.attr["href"] {
		return `(?:` + regexp.QuoteMeta(s) + `|` + bracketed + `)`
	}
	return bracketed
}

// checkLaw checks the law for one text.
func checkLaw(t *testing.T, text string) {
	t.Helper()
	d := parse(text, func([]string) map[string]int64 { return crew }) // Parse hides a panic
	people := make([]Person, 0, len(crew))
	for _, id := range d.Mentions() {
		p := crewMember(id)
		p.Display = p.Username
		people = append(people, p)
	}
	markup := d.HTML(people)
	if d.Plain() {
		if html.UnescapeString(markup) != text {
			t.Errorf("%q is shown as %q", text, markup)
		}
		return
	}
	l := &law{}
	pattern := `^(?:[ \t\r]*\n)*[ \t]*` + l.blocks(parseHTML(t, markup).children) + `\s*$`
	re, err := regexp.Compile(pattern)
	if err != nil {
		if !strings.Contains(err.Error(), "too large") {
			t.Errorf("%q: %v", text, err)
		}
		return
	}
	if !re.MatchString(text) {
		t.Errorf("%q is shown as\n%s", text, short(markup))
	}
}

// pieces are what texts are put together of by TestNothingIsLost.
var pieces = []string{
	"*", "**", "***", "_", "__", "~~", "`", "``", "```", "[", "]", "(", ")", "](https://a.example)", "\\", "\\\\", "> ", ">", "- ", "* ", "1. ", "7. ", "007. ",
	"\n", "\n", "\n\n", "  ", "    ", "\t", " ", " ", " ", "a", "b", "word", "two words", "好", "，", "「", "」", "слово", "한국어", "(", ")", ".", ",", ":", "!", "?", "'", "\"",
	"@ada", "@bob", "＠ada", "@小明你好", "/", ":tada:", ":+1:", "::", ":100:", "https://a.example/x", "www.a.example", "a@b.example", "mailto:a@b.example", "{", "}", "|", "| a | b |", "|---|---|",
	"\n|-|-|\n", "[ ] ", "[x] ", "```go\n", "\n```\n", "``` x", "<b>", "&amp;", "#", "---", "===", "🎉", "\\*", "\\[", "\\`", "\\@ada", "\\:tada:", "\\- ", "\\> ", "1\\. ", "\\|",
}

func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 11))
	n := 4000
	if testing.Short() {
		n = 1000
	}
	for range n {
		var b strings.Builder
		for range 1 + rng.IntN(14) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		checkLaw(t, b.String())
		if t.Failed() {
			break
		}
	}
}

// The law holds for what TestMessages reads, and it notices what is lost.
func TestTheLaw(t *testing.T) {
	t.Parallel()
	for _, text := range readMessages(t) {
		checkLaw(t, text)
	}
	for markup, text := range map[string]string{
		"<p>a <em>b</em></p>": "a *b* c", "<p>a</p>": "a *", "<ol><li>a</li></ol>": "2. a", "<p><strong>a</strong></p>": "*a*", "<blockquote><p>a</p></blockquote>": "a",
		`<p><a href="https://a.example">x</a></p>`: "[x](https://b.example)", "<p>a\\</p>": "a", "<pre><code>a</code></pre>": "```\na\nb\n```", "<p>🎉</p>": ":heart:",
	} {
		if regexp.MustCompile("^" + (&law{}).blocks(parseHTML(t, markup).children) + `\s*$`).MatchString(text) {
			t.Errorf("%q is taken for %s", text, markup)
		}
	}
}

func FuzzNothingIsLost(f *testing.F) {
	for _, text := range readMessages(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' } // refused by chat
		if !utf8.ValidString(text) || len(text) > 400 || strings.ContainsFunc(text, control) {
			return
		}
		checkLaw(t, text)
	})
}
