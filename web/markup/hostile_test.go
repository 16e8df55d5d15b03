package markup

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// nasty are beginnings that make Markdown parsers slow, to be repeated up to the longest message.
var nasty = []string{
	">", "> ", "- ", "1. ", "* ", "*", "_", "~~", "`", "``` ", "[", "]", "[]", "![", "[a](", "[a](b", "[a](https://x ", "[[a](https://x)",
	"*a ", "**a ", "*a_ ", "_a*", "a**b", "*a **b ", "~~a *b ", "`a``b", "[a](<", "[a](b \"", "\\", "\\\\", "@", "@a", "@a.", ":", "https:", "https://", "https://a(",
	"http://a.b/)", "\n", "\n\n", "- a\n", "> a\n", "- a\n\n", " -", "\t", "> - ", "*[", "[*", "`[", "<", "&", "a\n> ", "```\n", "1.\n", "[\n", "_*~`[", "](https://x)", "*](",
	"|", "|a", "|-|\n", "|a|b|\n|-|-|\n", "a|b\n-|-\n|\n", ":a", ":tada:", ":tada", "www.", "www.a.", "a@", "a@b.c ", "a.b@c.d-", "\\*", "\\*a", "\\[a](", "\\`", "\\`a`", "\\@a ", "- [ ] a\n", "- [x]\n",
	"- \n", "1\\. a\n", "\\> a\n", "```a\n", "```\n``` a\n", "a```\n", "> ```\n", "＠", "＠a", "/@a", "a.b/@", "@你", "**「」", "*a*b", "**a**b ", "_a_.b", "https://a[", "https://a`", "https://a'", "'https://a",
	"  \n", "\t- a\n", "- a\n\tb\n", "**\\*a",
}

// repeat makes a message of n characters.
func repeat(s string, n int) string { return strings.Repeat(s, n/len(s)+1)[:n] }

func hostile(n int) []string {
	var texts []string
	for _, s := range nasty {
		texts = append(texts, repeat(s, n))
	}
	for _, pair := range [][2]string{{"[", "]"}, {"[", "](https://x)"}, {"*", "*"}, {"(", ")"}, {"**a ", " b**"}, {"`a", "``b"}, {"[", "]()"}, {"*a [", "](b) c*"}, {"https://x/(", ")"}} {
		texts = append(texts, repeat(pair[0], n/2)+repeat(pair[1], n/2))
	}
	var ticks strings.Builder // runs of backticks, each longer than the one before: none has its match
	for i := 1; ticks.Len()+i+1 <= n; i++ {
		ticks.WriteString("x" + strings.Repeat("`", i))
	}
	return append(texts, ticks.String())
}

// units are parts of texts, nasty ones and some put together by chance, always the same.
func units() []string {
	parts := []string{"*", "_", "~~", "`", "[", "]", "(", ")", "@", "a", " ", "\n", ">", "- ", "1. ", "https://", "\\", "**", "你", "``", "```", ":", "<", "!", "mailto:", "@b", "](", "|", "|-|\n", ":tada:", "www.", "\\*", "- [ ] ", "＠", "一", "\"", "http://%", "'", "@a.b"}
	rng := rand.New(rand.NewPCG(1, 2))
	all := slices.Clone(nasty)
	for range 300 {
		var b strings.Builder
		for range 1 + rng.IntN(6) {
			b.WriteString(parts[rng.IntN(len(parts))])
		}
		all = append(all, b.String())
	}
	return all
}

// What a text costs grows with its length alone: a byte of one that is 32 times as long takes about as long. If it took
// a time that grows with the square of the length, it would be 32 times as long.
func TestTheCostIsLinear(t *testing.T) {
	const short, long, limit = 500, 16_000, 8
	worst, of := 0.0, ""
	check := func(name, a, b string) {
		ratio := 0.0
		first, second := time.Hour, time.Hour
		for range 30 { // the machine may be busy
			for range 3 {
				first, second = min(first, cost(a)), min(second, cost(b))
			}
			if ratio = float64(second) / float64(len(b)) / (float64(first) / float64(len(a))); ratio < limit {
				break
			}
		}
		if ratio >= limit {
			t.Errorf("%.30q…: a byte of %d costs %.1f times one of %d", name, long, ratio, short)
		}
		if ratio > worst {
			worst, of = ratio, name
		}
	}
	a, b := hostile(short), hostile(long)
	for i := range a {
		check(b[i], a[i], b[i])
	}
	for _, unit := range units() {
		check(unit, repeat(unit, short), repeat(unit, long))
	}
	t.Logf("a byte of a text of %d bytes costs at most %.1f times one of %d bytes (%.20q)", long, worst, short, of)
}

// cost returns how long it takes to find out what a text looks like.
func cost(text string) time.Duration {
	start := time.Now()
	shown(Parse(text, func(names []string) map[string]int64 {
		known := map[string]int64{}
		for i, name := range names {
			known[name] = int64(i % 2)
		}
		return known
	}))
	return time.Since(start)
}

func TestHostileTextsAreSafeAndBounded(t *testing.T) {
	const length = 4000
	texts := hostile(length)
	for _, unit := range units() {
		texts = append(texts, repeat(unit, length))
	}
	for _, text := range texts {
		d := Parse(text, lookup)
		deepest(t, shown(d))
		if !d.Plain() && len(d.html) > maxTags+int(maxGrowth*float64(len(text))) {
			t.Errorf("%.20q…: %d bytes of HTML", text, len(d.html))
		}
	}
}

// What has more of something than anybody writes is shown as it was typed from there on.
func TestTooMuchOfSomethingStaysText(t *testing.T) {
	many := "**a** @ada" + strings.Repeat("\n", 1100) + "b"
	if d := Parse(many, nobody); !d.Plain() || shown(d) != many {
		t.Errorf("with 1100 lines: plain is %v, %.40q", d.Plain(), shown(d))
	}
	if d := Parse(many, lookup); !strings.HasPrefix(shown(d), `<p>**a** <a class="mention" href="/chat/@ada/`) || len(d.Mentions()) != 1 {
		t.Errorf("with 1100 lines and a mention: %.60q", shown(d))
	}
	for word, n := range map[string]int{"*a* ": 90, "**a** ": 90, "_a_ ": 90, "~~a~~ ": 90, "`a` ": 120} {
		if got := strings.Count(shown(Parse(strings.Repeat(word, 600), nobody)), "</"); got != n+1 { // and the paragraph
			t.Errorf("of 600 times %q %d are styled, not %d", word, got-1, n)
		}
	}
}

// What follows the last block that a message may have is shown as it was typed, but for mentions.
func TestBlocksAreBounded(t *testing.T) {
	for unit, times := range map[string][2]int{"- a\n": {150, 100}, "- *a*\n": {150, 100}, "> a\n\nb\n\n": {90, 51}, "a\n\n": {249, 199}, "a|b\n-|-\nc|d\n\n": {30, 13}} {
		text := "**x**\n\n" + strings.Repeat(unit, times[0]) + "- *y* @ada \\&\n\n  z"
		got := shown(Parse(text, lookup))
		blocks := strings.Count(got, "<li>") + strings.Count(got, "<blockquote>") + strings.Count(got, "<table>")
		if blocks == 0 {
			blocks = strings.Count(got, "<p>a</p>")
		}
		if blocks != times[1] {
			t.Errorf("of %d times %q %d are blocks, not %d", times[0], unit, blocks, times[1])
		}
		if end := got[strings.LastIndex(got, "<p>"):]; strings.Contains(end, "<em>") ||
			!strings.HasSuffix(end, `- *y* <a class="mention" href="/chat/@ada/?a=1&amp;b=2" title="@ada">@Ada Lund</a> \&amp;<br><br>  z</p>`) {
			t.Errorf("%q: %q", unit, end)
		}
		checkLaw(t, text)
	}
	if got := shown(Parse("*b*\n\n"+strings.Repeat("a\n\n", 200)+`\@ada`, lookup)); strings.Contains(got, "mention") || !strings.HasSuffix(got, `\@ada</p>`) {
		t.Errorf("a mention behind a backslash: %q", got[len(got)-100:])
	}
	// A block beyond the bound ends the quotes and lists around it.
	deep := strings.Repeat("> - a\n> \n>   b\n>\n", 120)
	if got := shown(Parse(deep, nobody)); strings.Count(got, "<blockquote>") != 1 || !strings.Contains(got, "</blockquote><p>&gt; ") {
		t.Errorf("%.80q … %q", got, got[len(got)-200:])
	}
}

// A text that makes the parser panic is shown as it was typed. No such text is known, so here the lookup panics.
func TestPanicShowsTextAsTyped(t *testing.T) {
	const text = "*a* @ada <b>"
	d := Parse(text, func([]string) map[string]int64 { panic("a test") })
	if got := shown(d); got != "*a* @ada &lt;b&gt;" || !d.Plain() || !d.Open() {
		t.Errorf("%s (plain: %v, open: %v)", got, d.Plain(), d.Open())
	}
}
