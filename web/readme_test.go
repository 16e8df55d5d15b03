package web_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// The table of flags in README says what `hearth help` says: names, variables and defaults.
func TestFlagsInTheReadme(t *testing.T) {
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
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"user add", "user list", "user passwd", "user admin", "user disable", "user enable", "backup", "restore", "version", "help"} {
		if !strings.Contains(string(readme), "hearth "+command) {
			t.Errorf("README does not have `hearth %s`", command)
		}
	}
}
