package markup

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	page "golang.org/x/net/html"
)

// crew are the people of testdata/messages.txt, by username.
var crew = map[string]int64{"ada": 1, "bob": 2, "小明": 3, "민수": 4, "สมชาย": 5, "ada-mai": 6, "x": 7, "init": 8}

func crewMember(id int64) Person {
	for name, i := range crew {
		if i == id {
			display := map[string]string{"ada": "Ada Lund", "ada-mai": "Mai"}[name]
			if display == "" {
				display = name
			}
			return Person{URL: "/chat/@" + name + "/", Username: name, Display: display}
		}
	}
	return Person{}
}

func crewHTML(text string) string {
	d := Parse(text, func([]string) map[string]int64 { return crew })
	var people []Person
	for _, id := range d.Mentions() {
		people = append(people, crewMember(id))
	}
	return d.HTML(people)
}

// visible returns what a browser shows of a message: with line feeds between blocks and rows, "- " and the numbers of lists, ☐ and
// ☑ for check boxes, ▎ before quotations, and │ between cells.
func visible(markup string) string {
	type open struct {
		name   string
		number int
	}
	var b strings.Builder
	var stack []open
	quotes, fresh := 0, true
	newline := func() {
		if !fresh {
			b.WriteString("\n" + strings.Repeat("▎", quotes))
		}
		fresh = true
	}
	z := page.NewTokenizer(strings.NewReader(markup))
	for kind := z.Next(); kind != page.ErrorToken; kind = z.Next() {
		token := z.Token()
		attribute := func(key string) (string, bool) {
			for _, a := range token.Attr {
				if a.Key == key {
					return a.Val, true
				}
			}
			return "", false
		}
		switch {
		case kind == page.TextToken:
			b.WriteString(strings.ReplaceAll(token.Data, "\n", "\n"+strings.Repeat("▎", quotes)))
			fresh = false
		case kind == page.StartTagToken && token.Data == "br":
			b.WriteString("\n" + strings.Repeat("▎", quotes))
		case kind == page.StartTagToken && token.Data == "input":
			box := "☐"
			if _, done := attribute("checked"); done {
				box = "☑"
			}
			b.WriteString(box)
			fresh = false
		case kind == page.StartTagToken:
			o := open{name: token.Data}
			switch token.Data {
			case "p", "pre", "tr", "div", "ul":
				newline()
			case "ol":
				newline()
				o.number = 1
				if s, ok := attribute("start"); ok {
					o.number, _ = strconv.Atoi(s)
				}
			case "blockquote":
				newline()
				quotes++
				b.WriteString("▎")
			case "li":
				newline()
				list := &stack[len(stack)-1]
				if s, ok := attribute("value"); ok {
					list.number, _ = strconv.Atoi(s)
				}
				if list.name == "ol" {
					fmt.Fprintf(&b, "%d. ", list.number)
					list.number++
				} else {
					b.WriteString("- ")
				}
			case "th", "td":
				if !fresh {
					b.WriteString("│")
				}
				fresh = false
			}
			stack = append(stack, o)
		case kind == page.EndTagToken:
			if token.Data == "blockquote" {
				quotes--
			}
			if token.Data == "li" {
				fresh = false
			}
			stack = stack[:len(stack)-1]
		}
	}
	return b.String()
}

// short is HTML without the attributes that all links have.
func short(html string) string {
	return strings.ReplaceAll(html, ` rel="nofollow noopener noreferrer" target="_blank"`, "")
}

// readMessages returns the texts in testdata/messages.txt.
func readMessages(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for line := range strings.Lines(string(data)) {
		if typed, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "t "); ok {
			texts = append(texts, strings.NewReplacer("⏎", "\n", "⇥", "\t").Replace(typed))
		}
	}
	return texts
}

// testdata/messages.txt says what must be seen of each text.
func TestMessages(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := strings.NewReplacer("⏎", "\n", "⇥", "\t")
	typed, section, count, number, from := "", "", 0, 0, 0
	got := ""
	for s := bufio.NewScanner(file); s.Scan(); {
		number++
		line := s.Text()
		key, value, _ := strings.Cut(line, " ")
		value = lines.Replace(value)
		switch key {
		case "#":
			section = value
		case "t":
			typed, from = value, number
			count++
			got = crewHTML(typed)
		case "v":
			if seen := visible(got); seen != value {
				t.Errorf("line %d (%s): %q\n got %q\nwant %q\n     %s", from, section, typed, seen, value, short(got))
			}
		case "=":
			if seen := visible(got); seen != typed {
				t.Errorf("line %d (%s): %q must be seen as it was typed\n got %q\n     %s", from, section, typed, seen, short(got))
			}
		case "h":
			if short(got) != value {
				t.Errorf("line %d (%s): %q\n got %s\nwant %s", from, section, typed, short(got), value)
			}
		case "":
		default:
			t.Errorf("line %d: %q", number, line)
		}
	}
	if count < 300 {
		t.Errorf("only %d messages", count)
	}
}
