package markup

import (
	"fmt"
	"html"
	"strings"
	"testing"
)

// The rules of CommonMark for stars and underscores, by its examples' numbers (0.31, section 6.2).
func TestEmphasis(t *testing.T) {
	check(t, [][2]string{
		{"foo*bar* *x*", "<p>foo*bar* <em>x</em></p>"},                                                         // 355
		{"5*6*78 *x*", "<p>5*6*78 <em>x</em></p>"},                                                             // 356
		{"foo-_(bar)_", "<p>foo-<em>(bar)</em></p>"},                                                           // 363
		{"*(*foo*)*", "<p><em>(<em>foo</em>)</em></p>"},                                                        // 368
		{"_foo_bar_baz_", "<p><em>foo_bar_baz</em></p>"},                                                       // 376
		{"**foo*bar**", "<p><strong>foo*bar</strong></p>"},                                                     // like 402
		{"*foo**bar**baz*", "<p><em>foo<strong>bar</strong>baz</em></p>"},                                      // 411
		{"*foo**bar*", "<p><em>foo**bar</em></p>"},                                                             // 412
		{"***foo** bar*", "<p><em><strong>foo</strong> bar</em></p>"},                                          // 413
		{"*foo **bar***", "<p><em>foo <strong>bar</strong></em></p>"},                                          // 414
		{"foo***bar***baz", "<p>foo<em><strong>bar</strong></em>baz</p>"},                                      // 416
		{"foo******bar*********baz", "<p>foo<strong><strong><strong>bar</strong></strong></strong>***baz</p>"}, // 417
		{"*foo\nbar*", "<p><em>foo<br>bar</em></p>"},                                                           // 405
		{"**foo*", "<p>*<em>foo</em></p>"},                                                                     // 443
		{"*foo**", "<p><em>foo</em>*</p>"},                                                                     // 444
		{"****foo*", "<p>***<em>foo</em></p>"},                                                                 // 446
		{"**foo\\***", "<p><strong>foo*</strong></p>"},                                                         // like 438
		{"*foo _bar* baz_", "<p><em>foo _bar</em> baz_</p>"},                                                   // 470
		{"**foo **bar baz**", "<p>**foo <strong>bar baz</strong></p>"},                                         // 473
		{"*[bar*](https://a.example)", "<p>*" + anchor("https://a.example", "bar*") + "</p>"},                  // like 475
		{"*a [b*](https://a.example) c*", "<p><em>a " + anchor("https://a.example", "b*") + " c</em></p>"},     // links come first
		{"**a `**` b**", "<p><strong>a <code>**</code> b</strong></p>"},                                        // and so does code
		{"~~a ~b~~ c", "<p><del>a ~b</del> c</p>"},                                                             // a single tilde is text
		{"~~~a~~ **b**", "<p>~~~a~~ <strong>b</strong></p>"},                                                   // and so are three
		{"«*a*» «**b**»", "<p>«<em>a</em>» «<strong>b</strong>»</p>"},                                          // signs of other scripts
		{"*a*\u00a0*b*", "<p><em>a</em>\u00a0<em>b</em></p>"},                                                  // and their spaces
		{"`a``b` ``c`d``", "<p><code>a``b</code> <code>c`d</code></p>"},                                        // rows of the same length
		{"`` ` ``, ` `` `, `  `", "<p><code>`</code>, <code>``</code>, <code>  </code></p>"},                   // a space on each side
		{"`a\nb` \\`c`", "<p><code>a\nb</code> `c`</p>"},                                                       // 338 and 6.1
		{strings.Repeat("`", 65) + "a" + strings.Repeat("`", 65) + "*b*", "<p>" + strings.Repeat("`", 65) + "a" + strings.Repeat("`", 65) + "<em>b</em></p>"}, // too many
	})
}

func TestListItems(t *testing.T) {
	check(t, [][2]string{
		{"- a\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>"},
		{"1. a\n- b", "<ol><li>a</li></ol><ul><li>b</li></ul>"},
		{"- a\n-\n- b", "<ul><li>a</li><li></li><li>b</li></ul>"},
		{"- a\n  still\n- b", "<ul><li>a<br>still</li><li>b</li></ul>"},
		{"- a\n\n  more\n", "<ul><li><p>a</p><p>more</p></li></ul>"},
		{"- a\n\nno more", "<ul><li>a</li></ul><p>no more</p>"},
		{"- > a\n  > b", "<ul><li><blockquote><p>a<br>b</p></blockquote></li></ul>"},
		{"-     a", "<ul><li>    a</li></ul>"},
		{"-\ta\n\t- b", "<ul><li>a<ul><li>b</li></ul></li></ul>"},
		{"   - a\n   - b", "<ul><li>a</li><li>b</li></ul>"},
		{"1. a\n   1. b\n   2. c\n2. d", "<ol><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ol>"},
		{"0. a", `<ol start="0"><li>a</li></ol>`},
		{"123456789. a", `<ol start="123456789"><li>a</li></ol>`},
		{"so\n1. a", "<p>so</p><ol><li>a</li></ol>"},
		{"in *about*\n1986. That was", "<p>in <em>about</em><br>1986. That was</p>"},
		{"- - a", "<ul><li><ul><li>a</li></ul></li></ul>"},
		{"> 1. a\n> 2. b\n\nc", "<blockquote><ol><li>a</li><li>b</li></ol></blockquote><p>c</p>"},
		{">\n> a", "<blockquote><p>a</p></blockquote>"},
		{"> ```\n> a\n> ```\n> b", "<blockquote><pre><code>a</code></pre><p>b</p></blockquote>"},
		{"````\n```\n````", "<pre><code>```</code></pre>"},
	})
	for _, text := range []string{"1234567890. a", "    - a", "-a", "1.a", "- - -", "* *", "so\n2. a", "1)"} {
		if got, plain := rendered(text); !plain {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestLinkTargets(t *testing.T) {
	check(t, [][2]string{
		{"[a](<https://a.example/b c>)*d*", "<p>[a](&lt;https://a.example/b c&gt;)<em>d</em></p>"},
		{"[a](<https://a.example/b)c>)", "<p>" + anchor("https://a.example/b)c", "a") + "</p>"},
		{"[a](https://a.example/(b(c)))", "<p>" + anchor("https://a.example/(b(c))", "a") + "</p>"},
		{`[a](https://a.example/\)b)`, "<p>" + anchor("https://a.example/)b", "a") + "</p>"},
		{"[a]( https://a.example\n 'it' )", "<p>" + anchor("https://a.example", "a") + "</p>"},
		{"[a] (https://a.example)", "<p>[a] (" + anchor("https://a.example", "https://a.example") + ")</p>"},
		{`[a\](https://a.example)](https://b.example)`, "<p>" + anchor("https://b.example", `a](https://a.example)`) + "</p>"},
		{"[a [b](https://b.example) c](https://c.example)", "<p>[a " + anchor("https://b.example", "b") + " c](" + anchor("https://c.example", "https://c.example") + ")</p>"},
		{"[`]`](https://a.example)", "<p>" + anchor("https://a.example", "<code>]</code>") + "</p>"},
		{"a_https://a.example", "<p>a_" + anchor("https://a.example", "https://a.example") + "</p>"},
	})
}

// What has more tags than are allowed is shown as it was typed from there on; what grows too much, as a whole.
func TestTagsAreBounded(t *testing.T) {
	for _, unit := range []string{"**a** ", "`a` ", "https://a ", "[a](https://b) ", "- a\n", "> **a** said\n\n", "~~a~~\n"} {
		text := repeat(unit, 4000)
		d := Parse(text, nobody)
		typed := strings.TrimSpace(strings.Repeat(unit, 3))
		if d.Plain() || len(d.html) > maxTags+len(text)+len("<p></p>")*700 || !strings.Contains(d.html, html.EscapeString(strings.Split(typed, "\n")[0])) {
			t.Errorf("%q: %d bytes of HTML that end in %q", unit, len(d.html), d.html[max(0, len(d.html)-60):])
		}
	}
	if d := Parse("*a*"+strings.Repeat("'", 3990), nobody); !d.Plain() {
		t.Errorf("quotation marks: %d bytes of HTML", len(d.html))
	}
	var list strings.Builder
	for i := range 100 {
		fmt.Fprintf(&list, "%d. **item** %d of a list that somebody wrote\n", i+1, i)
	}
	if d := Parse(list.String()[:3999], nobody); strings.Count(d.html, "<li>") < 80 || strings.Contains(d.html, "**") {
		t.Errorf("an honest list: %s", d.html)
	}
}
