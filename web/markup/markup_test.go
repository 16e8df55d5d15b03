package markup

import (
	"html"
	"strings"
	"testing"
)

// people knows ada, o.k and 小明, and shows them under other names.
func people(name string) (url, display string, ok bool) {
	known := map[string]string{"ada": "Ada Lund", "o.k": "O <K>", "小明": "小明", "mai@example.org": "Mai"}
	display, ok = known[strings.ToLower(name)]
	return "/chat/@" + strings.ToLower(name) + "/?a=1&b=2", display, ok
}

const rel = `" rel="nofollow noopener noreferrer" target="_blank">`

func link(address, text string) string { return `<a href="` + address + rel + text + `</a>` }

var ada = `<a class="mention" href="/chat/@ada/?a=1&amp;b=2">@Ada Lund</a>`

// check compares the HTML of messages that do have markup.
func check(t *testing.T, tests [][2]string) {
	t.Helper()
	for _, tt := range tests {
		got, plain := HTML(tt[0], Options{Mention: people})
		if got != tt[1] || plain {
			t.Errorf("HTML(%q)\n got %s (plain: %v)\nwant %s", tt[0], got, plain, tt[1])
		}
	}
}

func TestStyles(t *testing.T) {
	check(t, [][2]string{
		{"**bold**", "<p><strong>bold</strong></p>"},
		{"*it* and _it_", "<p><em>it</em> and <em>it</em></p>"},
		{"***both***", "<p><em><strong>both</strong></em></p>"},
		{"~~old~~ new", "<p><del>old</del> new</p>"},
		{"**a *b ~~c~~***", "<p><strong>a <em>b <del>c</del></em></strong></p>"},
		{"use `a < b && *c*`", "<p>use <code>a &lt; b &amp;&amp; *c*</code></p>"},
		{"`` a`b ``", "<p><code>a`b</code></p>"},
		{"**Việt Nam** и *Россия* 和 **中文**", "<p><strong>Việt Nam</strong> и <em>Россия</em> 和 <strong>中文</strong></p>"},
		{`\*no\* *yes*`, "<p>*no* <em>yes</em></p>"},
	})
}

func TestParagraphsAndLineBreaks(t *testing.T) {
	check(t, [][2]string{
		{"**a**\nb\n\nc", "<p><strong>a</strong><br>b</p><p>c</p>"},
		{"*a*  \n  b   c", "<p><em>a</em><br>  b   c</p>"},
		{"*a*\\\nb", "<p><em>a</em>\\<br>b</p>"},
		{"    *four spaces*\nand on", "<p>    <em>four spaces</em><br>and on</p>"},
		{"*a*\r\nb", "<p><em>a</em><br>b</p>"},
	})
}

func TestCodeBlocks(t *testing.T) {
	check(t, [][2]string{
		{"```\na  b\n  <c> *d*\n```", "<pre><code>a  b\n  &lt;c&gt; *d*</code></pre>"},
		{"before\n```go\nx := 1\n\ny\n```\nafter", "<p>before</p><pre><code>x := 1\n\ny</code></pre><p>after</p>"},
		{"```\nnever closed\n@ada", "<pre><code>never closed\n@ada</code></pre>"},
		{"```on one line```", "<p><code>on one line</code></p>"},
		{"~~~struck~~~ *x*", "<p>~~~struck~~~ <em>x</em></p>"},
	})
}

func TestQuotesAndLists(t *testing.T) {
	check(t, [][2]string{
		{"> said\n> this\nmy answer", "<blockquote><p>said<br>this</p></blockquote><p>my answer</p>"},
		{"so:\n>said", "<p>so:</p><blockquote><p>said</p></blockquote>"},
		{"> > twice", "<blockquote><blockquote><p>twice</p></blockquote></blockquote>"},
		{"- a\n- **b**\nthat's it", "<ul><li>a</li><li><strong>b</strong></li></ul><p>that&#39;s it</p>"},
		{"* a\n* b", "<ul><li>a</li><li>b</li></ul>"},
		{"buy:\n- a\n  - b\n- c", "<p>buy:</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
		{"1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"},
		{"3. c\n4. d", `<ol start="3"><li>c</li><li>d</li></ol>`},
		{"- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"},
		{"- ```\n  code\n  ```", "<ul><li><pre><code>code</code></pre></li></ul>"},
		{"> - a\nb", "<blockquote><ul><li>a</li></ul></blockquote><p>b</p>"},
	})
}

func TestLinks(t *testing.T) {
	check(t, [][2]string{
		{"[the *docs*](https://example.org/a?b=1&c=2)", "<p>" + link("https://example.org/a?b=1&amp;c=2", "the <em>docs</em>") + "</p>"},
		{"[write](mailto:ada@example.org)", "<p>" + link("mailto:ada@example.org", "write") + "</p>"},
		{`[t](https://example.org "title")`, "<p>" + link("https://example.org", "t") + "</p>"},
		{"https://example.org/a_b_c*", "<p>" + link("https://example.org/a_b_c", "https://example.org/a_b_c") + "*</p>"},
		{"see HTTP://Example.org.", "<p>see " + link("HTTP://Example.org", "HTTP://Example.org") + ".</p>"},
		{"(https://ru.wikipedia.org/wiki/Го_(язык))", "<p>(" + link("https://ru.wikipedia.org/wiki/Го_(язык)", "https://ru.wikipedia.org/wiki/Го_(язык)") + ")</p>"},
		{"看https://example.org/x，好", "<p>看" + link("https://example.org/x", "https://example.org/x") + "，好</p>"},
		{"**https://example.org**", "<p><strong>" + link("https://example.org", "https://example.org") + "</strong></p>"},
		{"<https://example.org>", "<p>&lt;" + link("https://example.org", "https://example.org") + "&gt;</p>"},
		{"mailto:ada@example.org!", "<p>" + link("mailto:ada@example.org", "mailto:ada@example.org") + "!</p>"},
		{"[https://a.example](https://b.example)", "<p>" + link("https://b.example", "https://a.example") + "</p>"},
		{"[hi @ada](https://b.example)", "<p>" + link("https://b.example", "hi @Ada Lund") + "</p>"},
		{"![cat](https://example.org/cat.png)", "<p>!" + link("https://example.org/cat.png", "cat") + "</p>"},
		{`https://example.org/"onclick="x`, "<p>" + link("https://example.org/", "https://example.org/") + `&#34;onclick=&#34;x</p>`},
	})
}

func TestMentions(t *testing.T) {
	check(t, [][2]string{
		{"@ada", "<p>" + ada + "</p>"},
		{"Hi @Ada, @ada. (@ada) @ada's", "<p>Hi " + ada + ", " + ada + ". (" + ada + ") " + ada + "&#39;s</p>"},
		{"_@ada_ **@ada**", "<p><em>" + ada + "</em> <strong>" + ada + "</strong></p>"},
		{"@ada-thanks", "<p>" + ada + "-thanks</p>"},
		{"@ada你好 你好@ada", "<p>" + ada + "你好 你好" + ada + "</p>"},
		{"@o.k.", `<p><a class="mention" href="/chat/@o.k/?a=1&amp;b=2">@O &lt;K&gt;</a>.</p>`},
		{"@mai@example.org", `<p><a class="mention" href="/chat/@mai@example.org/?a=1&amp;b=2">@Mai</a></p>`},
		{`\@ada @ada`, "<p>@ada " + ada + "</p>"},
		{"[@ada and [ @ada", "<p>[" + ada + " and [ " + ada + "</p>"},
		{"`@ada` *x*", "<p><code>@ada</code> <em>x</em></p>"},
	})
	if got, plain := HTML("@ada", Options{}); got != "@ada" || !plain {
		t.Errorf("without Mention: %q, %v", got, plain)
	}
}

func TestLookupsAreBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("@a ", 1333), "@" + strings.Repeat("a.", 2000), strings.Repeat("@", 4000)} {
		calls := 0
		HTML(text, Options{Mention: func(name string) (string, string, bool) {
			calls++
			if len(name) > maxName {
				t.Errorf("looked up %d characters", len(name))
			}
			return "", "", false
		}})
		if calls > maxLookups {
			t.Errorf("%.10q…: %d lookups", text, calls)
		}
	}
}

// What has no markup comes back as it was typed, and is said to be plain.
func TestPlain(t *testing.T) {
	for _, text := range []string{
		"", "hi", "Sure — on my desk, I'll bring it at ten.", "a\nb\n\n\n  c", "a & b < c > d \"e\"",
		"# no heading", "#general", "===\n---\n***\n* * *", "a\n---", "-", "2.", "- ", "-5 °C", "+ 1\n+1", "5) what", "12:30", "1986.x",
		"snake_case_name and 2 * 3 * 4 and ~5 to ~10 a~b~c", "** not bold **", "a*", "`", "``", "[x]", "[x](y)", "[ ] todo", "[a][b]\n\n[b]: https_",
		`¯\_(ツ)_/¯`, `C:\dir\x`, "&amp; &lt;", "<b>bold</b><script>alert(1)</script>", "<!-- -->", "<img src=x onerror=alert(1)>", "<ada@example.org>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,y)", "[x](/admin/)", "[x](//evil.example)", "[x](https://)", "[](https://example.org)",
		"[x](vbscript:x \"t\")", "![x](data:image/png;base64,x)", "javascript:alert(1)", "ftp://example.org", "xhttps://example.org", "https://", "http:// x", "mailto:", "mailto:x",
		"ada@example.org", "@nobody", "@", "a@ada", "/@ada", "www.example.org", "привет", "你好：世界", "todo: x", "    indented", "\tx\n    y",
		"|a|b|\n|-|-|", "😀", "\u202e", "tail \\", "hello  \nworld",
	} {
		got, plain := HTML(text, Options{Mention: people})
		if got != html.EscapeString(text) || !plain {
			t.Errorf("HTML(%q) = %q (plain: %v)", text, got, plain)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat(">", 4000), strings.Repeat("> ", 2000) + "x", strings.Repeat("- ", 1999) + "x", strings.Repeat("1. ", 1333) + "x",
		strings.Repeat("*", 2000) + "a" + strings.Repeat("*", 2000), strings.Repeat("*a _b ~~", 400) + strings.Repeat("~~ _ *", 100),
		strings.Repeat("**a _b ", 200) + "x" + strings.Repeat("_ **", 200), strings.Repeat("- > ", 900) + "x",
	} {
		got, _ := HTML(text, Options{})
		if depth := deepest(t, got); depth > maxBlocks+maxInlines+2 {
			t.Errorf("%.20q…: elements are %d deep", text, depth)
		}
	}
}
