package markup

import (
	"strings"
	"testing"
	"time"
)

// nasty are beginnings that make Markdown parsers slow, to be repeated up to the longest message.
var nasty = []string{
	">", "> ", "- ", "1. ", "* ", "*", "_", "~~", "`", "``` ", "[", "]", "[]", "![", "[a](", "[a](b", "[a](https://x ", "[[a](https://x)",
	"*a ", "**a ", "*a_ ", "_a*", "a**b", "*a **b ", "~~a *b ", "`a``b", "[a](<", "[a](b \"", "\\", "\\\\", "@", "@a", "@a.", ":", "https:", "https://", "https://a(",
	"http://a.b/)", "\n", "\n\n", "- a\n", "> a\n", "- a\n\n", " -", "\t", "> - ", "*[", "[*", "`[", "<", "&", "a\n> ", "```\n", "1.\n", "[\n", "_*~`[", "](https://x)", "*](",
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

// No message of 4000 characters may cost as much as a page view. The limit is far above what is
// needed (the slowest takes about 5 ms, twenty times that with -race) and below what cubic work takes.
func TestHostileTextsAreQuick(t *testing.T) {
	const limit = 250 * time.Millisecond
	for _, text := range hostile(4000) {
		best := time.Hour // of three, as the machine may be busy
		for range 3 {
			start := time.Now()
			Parse(text, nil)
			best = min(best, time.Since(start))
		}
		if best > limit {
			t.Errorf("%.20q…: %v", text, best)
		}
		if testing.Verbose() && best > time.Millisecond {
			t.Logf("%.20q…: %v", text, best)
		}
	}
}

func TestHostileTextsAreSafeAndBounded(t *testing.T) {
	for _, text := range hostile(4000) {
		got, _ := rendered(text)
		deepest(t, got)
		if len(got) > 60*len(text) {
			t.Errorf("%.20q…: %d bytes of HTML", text, len(got))
		}
	}
}
