package markup

import "testing"

func BenchmarkHTML(b *testing.B) {
	for name, text := range map[string]string{
		"plain":   "Oven is fixed. It was the fuse, not the heating element.",
		"escaped": "Sure, I'll bring it at \"ten\" & not later",
		"styled":  "**Oven** is fixed. It was the `fuse`, not the *heating* element.",
		"link":    "The log from last week: https://example.org/log?week=46",
		"long":    repeat("Spare fuses are in the second drawer now. ", 4000),
		"longest": repeat("- **a** `b` https://example.org @ada\n", 4000),

		"bold": repeat("**a** ", 4000), "links": repeat("https://a ", 4000), "quotes": repeat("> a\n\n", 4000), "lists": repeat("- a\n", 4000),
		"code": repeat("`a`", 4000), "unclosed": repeat("*a_ ", 4000), "mentions": repeat("@ada @bob ", 4000), "tables": repeat("|a|b|\n|-|-|\n|c|d|\n\n", 4000), "escapes": repeat("\\*a\\* *b*", 4000), "emoji": repeat(":tada: ", 4000), "nobody": repeat("@nobody-x.y ", 4000), "blocks": repeat("a *b*\n\n", 4000), "nested": repeat("- a\n  - b\n    - c\n", 4000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				shown(Parse(text, lookup))
			}
		})
	}
}
