package web_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
	"hearth/web/limits"
)

// The table of flags in README says what `hearth help` says: names, variables and defaults.
func TestFlagsInTheReadme(t *testing.T) {
	t.Parallel()
	help, err := exec.Command(hearthtest.Binary(t), "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	type entry struct{ variable, standard string }
	flags, told := map[string]entry{}, map[string]entry{}
	helpLine := regexp.MustCompile(`(?m)^  -(\w+) .*\n.*\((HEARTH_\w+).*?\)(?: \(default "(.*)"\))?$`)
	for _, m := range helpLine.FindAllStringSubmatch(string(help), -1) {
		flags[m[1]] = entry{m[2], m[3]}
	}
	if have := strings.Count(string(help), "\n  -"); len(flags) != have {
		t.Fatalf("%d of %d flags were understood:\n%s", len(flags), have, help)
	}
	row := regexp.MustCompile("(?m)^\\| `-(\\w+)` \\| `(HEARTH_\\w+)` \\| (?:`(.*?)`)?.*\\|")
	for _, m := range row.FindAllStringSubmatch(string(readme), -1) {
		told[m[1]] = entry{m[2], m[3]}
	}
	for name, f := range flags {
		if told[name] != f {
			t.Errorf("README has -%s as %v, the program as %v", name, told[name], f)
		}
	}
	for name := range told {
		if _, ok := flags[name]; !ok {
			t.Errorf("README has -%s, which the program does not", name)
		}
	}
}

// Every command that the program knows is in README.
func TestCommandsInTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"user add", "user list", "user passwd", "user link", "user admin", "user disable", "user enable", "backup", "restore", "version", "help"} {
		if !strings.Contains(string(readme), "hearth "+command) {
			t.Errorf("README does not have `hearth %s`", command)
		}
	}
}

// README.md and PROTOCOL.md have every limit as it is enforced, and no other.
func TestLimitsInTheReadmeAndTheProtocol(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../README.md", "PROTOCOL.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, table, found := strings.Cut(string(text), "| what | for whom | how much | beyond that |\n|---|---|---|---|\n")
		if !found {
			t.Fatalf("%s has no table of limits", path)
		}
		table, _, _ = strings.Cut(table, "\n\n")
		rows := strings.Split(table, "\n")
		for i, l := range limits.Table {
			if i >= len(rows) || rows[i] != l.Row() {
				t.Fatalf("%s, row %d of the limits should be\n%s", path, i+1, l.Row())
			}
		}
		if len(rows) > len(limits.Table) {
			t.Errorf("%s has the limit %s, which the program does not", path, rows[len(limits.Table)])
		}
	}
}

// Files that README and PROTOCOL.md name exist.
func TestFilesInTheReadme(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile(`\bweb/[\w./-]*\w\.(?:go|js|css|html|sql|json|md)\b`)
	for _, page := range []string{"../README.md", "PROTOCOL.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range path.FindAllString(string(text), -1) {
			if _, err := os.Stat("../" + name); err != nil {
				t.Errorf("%s names a file that does not exist: %s", page, name)
			}
		}
	}
}
