package markup

import (
	"bytes"
	"html"
	"slices"
	"strings"
	"testing"

	page "golang.org/x/net/html"
)

// elements are all that messages may contain, with their attributes.
var elements = map[string][]string{
	"p": nil, "br": nil, "strong": nil, "em": nil, "del": nil, "code": nil, "pre": nil, "blockquote": nil, "ul": nil,
	"ol": {"start"}, "li": {"value", "class"}, "label": nil, "input": {"type", "disabled", "checked"},
	"div": {"tabindex"}, "table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": {"align"}, "td": {"align"},
	"a": {"href", "rel", "target", "class", "title"},
}

// deepest parses a message's HTML as a browser does, fails the test if there is anything in it that must not
// be, and returns how deep its elements nest.
func deepest(t *testing.T, markup string) int {
	t.Helper()
	z := page.NewTokenizer(strings.NewReader(markup))
	var open []string
	depth := 0
	for {
		switch kind := z.Next(); kind {
		case page.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%q is not closed in %q", open, markup)
			}
			return depth
		case page.TextToken:
			if bytes.ContainsAny(z.Raw(), "<>\"'") {
				t.Errorf("unescaped text %q", z.Raw())
			}
		case page.StartTagToken:
			token := z.Token()
			checkTag(t, token)
			if token.Data == "a" && slices.Contains(open, "a") {
				t.Errorf("a link in a link: %q", markup)
			}
			if token.Data != "br" && token.Data != "input" {
				open = append(open, token.Data)
			}
			depth = max(depth, len(open))
		case page.EndTagToken:
			token := z.Token()
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes %q in %q", token.Data, open, markup)
			}
			open = open[:len(open)-1]
		default:
			t.Errorf("%v %q", kind, z.Raw())
		}
	}
}

func checkTag(t *testing.T, token page.Token) {
	t.Helper()
	attributes, ok := elements[token.Data]
	if !ok {
		t.Errorf("element %q", token.Data)
	}
	value := make(map[string]string)
	for _, a := range token.Attr {
		if !slices.Contains(attributes, a.Key) {
			t.Errorf("<%s> has the attribute %q", token.Data, a.Key)
		}
		value[a.Key] = a.Val
	}
	if token.Data != "a" {
		return
	}
	if value["class"] == "mention" {
		if !strings.HasPrefix(value["href"], "/chat/@") || value["rel"] != "" || value["target"] != "" {
			t.Errorf("mention %v", token)
		}
		return
	}
	scheme, _, _ := strings.Cut(strings.ToLower(value["href"]), ":")
	if !slices.Contains([]string{"http", "https", "mailto"}, scheme) {
		t.Errorf("link to %q", value["href"])
	}
	if value["rel"] != "nofollow noopener noreferrer" || value["target"] != "_blank" || value["class"] != "" || value["title"] != "" {
		t.Errorf("link %v", token)
	}
}

func FuzzHTML(f *testing.F) {
	for _, text := range []string{
		"", "hello", "**bold** *it* _it_ ~~no~~ `code`", "> quote\nanswer", "- a\n  - b\n1. c", "```go\nfmt.Println(\"<\")\n```",
		"[a](https://example.org/?a=1&b=2 \"t\")", "https://example.org/(x)), see @ada and @o.k.!", "mailto:ada@example.org",
		"[x](javascript:alert(1))", "[x](java\tscript:alert(1))", "[x](&#106;avascript:alert(1))", "[x](<https://a b>)", "[x](https://a\"onmouseover=\"b)",
		"<img src=x onerror=alert(1)>", "<a href=\"https://example.org\">x</a>", "![x](https://example.org)", "[[a](https://a.example)](https://b.example)",
		"[@ada https://a.example](https://b.example)", "# a\n===\n---\n    code", "\\*a\\* \\@ada \\\\", "- [x] a\n- [ ] b", "| a | b |\n|:-:|---|\n| `x \\| y` | 2 | 3 |\nc", "1\\. a\n\\> b", ":tada: ＠ada www.a.example a@b.example",
		"```a b\nc``` d\n> ```\n> x\n> ``` y", "a\r\nb\rc", "\x00\u2028\u202e", "\xff\xfe[a](https://\xff)",
		"> - 1. > ```\n> x", "你好@ada，https://例子.example/路径。", "[foo]: https://example.org\n\n[foo]", "*a **b ~~c [d](https://e) ~~ ** *", "&lt;script&gt;", "- \n\n  a\n-\n-",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len([]rune(text)) > 4000 {
			return
		}
		got, plain := rendered(text)
		if plain != (got == html.EscapeString(text)) {
			t.Errorf("plain is %v, the HTML %q", plain, got)
		}
		full := parse(text, lookup)
		if shown(full) != got || full.Plain() != plain {
			t.Errorf("the short cut says %q, the grammar %q", got, shown(full))
		}
		if escaped := shown(full.Escaped(escapeQuotes)); escaped != escapeQuotes(got) {
			t.Errorf("escaped, %q is %q", got, escaped)
		}
		deepest(t, got)
	})
}

func escapeQuotes(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }
