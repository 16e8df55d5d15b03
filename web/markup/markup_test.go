package markup

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// people are the ids of those whom the tests know, by the names that they may be called by.
var people = map[string]int64{"ada": 1, "Ada": 1, "ADA": 1, "o.k": 2, "小明": 3, "mai@example.org": 4, "old.": 5, "o": 6}

var persons = map[int64]Person{
	1: {"/chat/@ada/?a=1&b=2", "ada", "Ada Lund"},
	2: {"/chat/@o.k/", "o.k", "O <K>"},
	3: {"/chat/@小明/", "小明", "小明"},
	4: {"/chat/@mai@example.org/", "mai@example.org", "Mai"},
	5: {"/chat/@old./", "old.", "Old"},
}

// lookup finds people.
func lookup(names []string) map[string]int64 { return people }

func nobody([]string) map[string]int64 { return nil }

// shown returns a document as those see it who see the people by name.
func shown(d *Document) string {
	people := make([]Person, 0, len(d.Mentions()))
	for _, id := range d.Mentions() {
		people = append(people, persons[id])
	}
	return d.HTML(people)
}

// rendered returns a text with its people by name.
func rendered(text string) (html string, plain bool) {
	d := Parse(text, lookup)
	return shown(d), d.Plain()
}

const rel = `" rel="nofollow noopener noreferrer" target="_blank">`

func anchor(address, text string) string { return `<a href="` + address + rel + text + `</a>` }

var ada = `<a class="mention" href="/chat/@ada/?a=1&amp;b=2" title="@ada">@Ada Lund</a>`

// check compares the HTML of messages that do have markup.
func check(t *testing.T, tests [][2]string) {
	t.Helper()
	for _, tt := range tests {
		got, plain := rendered(tt[0])
		if got != tt[1] || plain {
			t.Errorf("%q\n got %s (plain: %v)\nwant %s", tt[0], got, plain, tt[1])
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
		{"so:\n> said", "<p>so:</p><blockquote><p>said</p></blockquote>"},
		{"> > twice", "<blockquote><blockquote><p>twice</p></blockquote></blockquote>"},
		{"- a\n- **b**\nthat's it", "<ul><li>a</li><li><strong>b</strong></li></ul><p>that&#39;s it</p>"},
		{"* a\n* b", "<ul><li>a</li><li>b</li></ul>"},
		{"buy:\n- a\n  - b\n- c", "<p>buy:</p><ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
		{"1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"},
		{"3. c\n4. d", `<ol start="3"><li>c</li><li>d</li></ol>`},
		{"3. yes\n7. no\n8. so", `<ol start="3"><li>yes</li><li value="7">no</li><li>so</li></ol>`},
		{"2. b\n1. a", `<ol start="2"><li>b</li><li value="1">a</li></ol>`},
		{"1. a\n   1. b\n   9. c\n4. d", `<ol><li>a<ol><li>b</li><li value="9">c</li></ol></li><li value="4">d</li></ol>`},
		{"1999. It was hot", `<ol start="1999"><li>It was hot</li></ol>`},
		{"> a\n>\n> b", "<blockquote><p>a</p><p>b</p></blockquote>"},
		{"- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"},
		{"- ```\n  code\n  ```", "<ul><li><pre><code>code</code></pre></li></ul>"},
		{"> - a\nb", "<blockquote><ul><li>a</li></ul></blockquote><p>b</p>"},
	})
}

func TestLinks(t *testing.T) {
	check(t, [][2]string{
		{"[the *docs*](https://example.org/a?b=1&c=2)", "<p>" + anchor("https://example.org/a?b=1&amp;c=2", "the <em>docs</em>") + "</p>"},
		{"[write](mailto:ada@example.org)", "<p>" + anchor("mailto:ada@example.org", "write") + "</p>"},
		{`[t](https://example.org "title")`, "<p>" + anchor("https://example.org", "t") + "</p>"},
		{"https://example.org/a_b_c*", "<p>" + anchor("https://example.org/a_b_c", "https://example.org/a_b_c") + "*</p>"},
		{"see HTTP://Example.org.", "<p>see " + anchor("HTTP://Example.org", "HTTP://Example.org") + ".</p>"},
		{"(https://ru.wikipedia.org/wiki/Го_(язык))", "<p>(" + anchor("https://ru.wikipedia.org/wiki/Го_(язык)", "https://ru.wikipedia.org/wiki/Го_(язык)") + ")</p>"},
		{"看https://example.org/x，好", "<p>看" + anchor("https://example.org/x", "https://example.org/x") + "，好</p>"},
		{"**https://example.org**", "<p><strong>" + anchor("https://example.org", "https://example.org") + "</strong></p>"},
		{"<https://example.org>", "<p>&lt;" + anchor("https://example.org", "https://example.org") + "&gt;</p>"},
		{"mailto:ada@example.org!", "<p>" + anchor("mailto:ada@example.org", "mailto:ada@example.org") + "!</p>"},
		{"[https://a.example](https://b.example)", "<p>" + anchor("https://b.example", "https://a.example") + "</p>"},
		{"[hi @ada](https://b.example)", "<p>" + anchor("https://b.example", "hi @Ada Lund") + "</p>"},
		{"![cat](https://example.org/cat.png)", "<p>!" + anchor("https://example.org/cat.png", "cat") + "</p>"},
		{`https://example.org/"onclick="x`, "<p>" + anchor("https://example.org/", "https://example.org/") + `&#34;onclick=&#34;x</p>`},
	})
}

func TestMentions(t *testing.T) {
	check(t, [][2]string{
		{"@ada", "<p>" + ada + "</p>"},
		{"Hi @Ada, @ada. (@ada) @ada's", "<p>Hi " + ada + ", " + ada + ". (" + ada + ") " + ada + "&#39;s</p>"},
		{"_@ada_ **@ada**", "<p><em>" + ada + "</em> <strong>" + ada + "</strong></p>"},
		{"@ada-thanks", "<p>" + ada + "-thanks</p>"},
		{"@ada你好 你好@ada", "<p>" + ada + "你好 你好" + ada + "</p>"},
		{"@o.k.", `<p><a class="mention" href="/chat/@o.k/" title="@o.k">@O &lt;K&gt;</a>.</p>`},
		{"@mai@example.org", `<p><a class="mention" href="/chat/@mai@example.org/" title="@mai@example.org">@Mai</a></p>`},
		{`\@ada @ada`, "<p>@ada " + ada + "</p>"},
		{"[@ada and [ @ada", "<p>[" + ada + " and [ " + ada + "</p>"},
		{"`@ada` *x*", "<p><code>@ada</code> <em>x</em></p>"},
	})
	if d := Parse("@ada", nobody); shown(d) != "@ada" || !d.Plain() {
		t.Errorf("where nobody is known: %q, %v", shown(d), d.Plain())
	}
}

// People stand in a document by their ids: they are shown as they are called at the time.
func TestPeopleAreFilledInLater(t *testing.T) {
	d := Parse("hi @ada [and @ada](https://b.example) <@o>", lookup)
	shown := func(p Person) string { return d.HTML([]Person{p, p}) }
	for _, tt := range []struct{ got, want string }{
		{shown(Person{"/u", "x", "x"}), `<p>hi <a class="mention" href="/u">@x</a> ` + anchor("https://b.example", "and @x") + ` &lt;<a class="mention" href="/u">@x</a>&gt;</p>`},
		{shown(Person{"/u", "x", `<"X">`}), `<p>hi <a class="mention" href="/u" title="@x">@&lt;&#34;X&#34;&gt;</a> ` + anchor("https://b.example", "and @&lt;&#34;X&#34;&gt;") +
			` &lt;<a class="mention" href="/u" title="@x">@&lt;&#34;X&#34;&gt;</a>&gt;</p>`},
		{shown(Person{}), `<p>hi @ada ` + anchor("https://b.example", "and @ada") + ` &lt;@o&gt;</p>`},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
	}
	if got := d.Mentions(); !slices.Equal(got, []int64{1, 6}) {
		t.Errorf("mentions %v", got)
	}
}

// Whom a text mentions: names begin and end with a letter or digit. Punctuation belongs to a name only if it
// is an old one that ends so, and nobody has the shorter name.
func TestWhoIsMentioned(t *testing.T) {
	for _, tt := range []struct {
		text, names string // that somebody has
		want        string
		open        bool
	}{
		{"@bob", "bob bob.", "bob", false},
		{"@bob.", "bob bob.", "bob", false},
		{"@bob.", "bob.", "bob.", true},
		{"@bob...", "bob.", "bob.", true},
		{"@bob...", "bob...", "bob...", true},
		{"@bob.-.", "bob bob.-.", "bob", false},
		{"@bob!", "bob bob!", "bob", false},
		{"@bob-and-co", "bob bob-and", "bob-and", true},
		{"@bob-and-co", "bob bob-and bob-and-co", "bob-and-co", false},
		{"@bob@example.org", "bob@example.org bob", "bob@example.org", false},
		{"@bob@example.org", "bob", "bob", true},
		{"@@bob", "bob", "", true},
		{"@@bob", "bob @bob", "@bob", false},
		{"@_bob", "bob _bob", "_bob", false},
		{"_@bob_", "bob bob_", "bob", false},
		{"@_", "_", "_", false},
		{"mail bob@bob", "bob", "", false},
		{"https://a.example/@bob", "bob", "", false},
		{"`@bob`", "bob", "", false},
		{"```\n@bob\n```", "bob", "", false},
		{`\@bob`, "bob", "", false},
		{"@bobby", "bob", "", true},
		{"@小明你好", "小明", "小明", true},
		{"@小明你好", "小明 小明你", "小明你", true},
		{"@bob님 @민수가 ＠eve", "bob 민수 eve", "bob eve 민수", true},
		{"@สมชายครับ @សុខាបាទ", "สมชาย សុខា", "สมชาย សុខា", true},
		{"@bob/@eve /@mai", "bob eve mai", "bob eve mai", false},
		{"mastodon.example/@bob", "bob", "", false},
		{`D:\\@x`, "x", "", false},
		{"x@bob 2@bob", "bob", "", false},
		{"@bob你好", "bob", "bob", true},
		{"> @bob said", "bob", "bob", false},
		{"[@bob](https://a.example)", "bob", "bob", false},
		{"@bob @eve @bob", "eve bob", "bob eve", false},
	} {
		known, name := map[string]int64{}, map[int64]string{}
		for i, n := range strings.Fields(tt.names) {
			known[n], name[int64(i+1)] = int64(i+1), n
		}
		asked := 0
		d := Parse(tt.text, func(names []string) map[string]int64 {
			asked = len(names)
			maps.DeleteFunc(known, func(n string, _ int64) bool { return !slices.Contains(names, n) })
			return known
		})
		var got []string
		for _, id := range d.Mentions() {
			got = append(got, name[id])
		}
		slices.Sort(got)
		if strings.Join(got, " ") != tt.want || d.Open() != tt.open && asked > 0 {
			t.Errorf("%q of %q: %q (open: %v), want %q (%v)", tt.text, tt.names, got, d.Open(), tt.want, tt.open)
		}
	}
}

func TestLookupsAreBounded(t *testing.T) {
	var many strings.Builder
	for i := range 400 {
		fmt.Fprintf(&many, "@%c%c.- ", 'a'+i%26, 'a'+i/26)
	}
	for _, text := range []string{
		strings.Repeat("@a ", 1333), "@" + strings.Repeat("a.", 2000), strings.Repeat("@", 4000), strings.Repeat("你@", 2000),
		strings.Repeat("你@a.", 1000), many.String(), strings.Repeat("_@a.b.c.d.e.f", 300),
	} {
		calls := 0
		d := Parse(text, func(asked []string) map[string]int64 {
			if calls++; len(asked) > maxMentions || calls > 1 {
				t.Errorf("%.10q…: %d names in call %d", text, len(asked), calls)
			}
			known := map[string]int64{}
			for i, name := range asked {
				if n := utf8.RuneCountInString(name); n > maxName || known[name] != 0 {
					t.Errorf("%.10q…: a name of %d characters, asked for before: %v", text, n, known[name] != 0)
				}
				known[name] = int64(i + 1)
			}
			return known
		})
		if n := len(d.people); n > maxMentions {
			t.Errorf("%.10q…: %d mentions", text, n)
		}
	}
}

// What has no markup comes back as it was typed, and is said to be plain.
func TestPlain(t *testing.T) {
	for _, text := range []string{
		"", "hi", "Sure — on my desk, I'll bring it at ten.", "a\nb\n\n\n  c", "a & b < c > d \"e\"",
		"# no heading", "#general", "===\n---\n***\n* * *", "a\n---", "-", "2.", "- ", "-5 °C", "+ 1\n+1", "5) what", "12:30", "1986.x",
		"snake_case_name and 2 * 3 * 4 and ~5 to ~10 a~b~c", "** not bold **", "a*", "`", "``", "[x]", "[x](y)", "[ ] todo", "[a][b]\n\n[b]: https_",
		`¯\_(ツ)_/¯`, `C:\dir\x`, "&amp; &lt;", "<b>bold</b><script>alert(1)</script>", "<!-- -->", "<img src=x onerror=alert(1)>",
		"[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,y)", "[x](/admin/)", "[x](//evil.example)", "[x](https://)", "[](https://example.org)",
		"[x](vbscript:x \"t\")", "![x](data:image/png;base64,x)", "javascript:alert(1)", "ftp://example.org", "xhttps://example.org", "https://", "http:// x", "mailto:", "mailto:x",
		"@nobody", "@", "a@ada", "mastodon.example/@ada", "www.example", "www.", "привет", "你好：世界", "todo: x", "    indented", "\tx\n    y",
		"007. Bond", ">:( no\n>=5 items\n>_> hm", ">quoted without a space", "|a|b|", "😀", "\u202e", "tail \\", "hello  \nworld",
	} {
		got, plain := rendered(text)
		if got != html.EscapeString(text) || !plain {
			t.Errorf("%q is %q (plain: %v)", text, got, plain)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat(">", 4000), strings.Repeat("> ", 2000) + "x", strings.Repeat("- ", 1999) + "x", strings.Repeat("1. ", 1333) + "x",
		strings.Repeat("*", 2000) + "a" + strings.Repeat("*", 2000), strings.Repeat("*a _b ~~", 400) + strings.Repeat("~~ _ *", 100),
		strings.Repeat("**a _b ", 200) + "x" + strings.Repeat("_ **", 200), strings.Repeat("- > ", 900) + "x",
	} {
		got := shown(Parse(text, nobody))
		if depth := deepest(t, got); depth > maxBlocks+maxInlines+2 {
			t.Errorf("%.20q…: elements are %d deep", text, depth)
		}
	}
}
