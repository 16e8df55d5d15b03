package web_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath    string
	Imports, Deps []string
}

// packages returns those of the module.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "hearth/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]listed{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[p.ImportPath] = p
	}
}

// ours returns the imports from this module.
func (p listed) ours() []string {
	return slices.DeleteFunc(slices.Clone(p.Imports), func(s string) bool { return !strings.HasPrefix(s, "hearth") })
}

// heights are the levels of the packages that are not leaves; a leaf is at 1, and some leaves stand below others. A package
// imports only packages of lower levels. These are the levels of the diagram in the README.
var heights = map[string]int{
	"hearth/web/hearthtest": 8,
	"hearth":                7,
	"hearth/web":            6,
	"hearth/web/cli":        6,
	"hearth/web/pubsub":     5,
	"hearth/web/ws":         4,
	"hearth/web/db":         3,
	"hearth/web/chat":       2,
	"hearth/web/limits":     0, // below the listener
	"hearth/web/emoji":      0, // below the markup
	"hearth/web/db/datadir": 0, // below the leaves that write to it
}

func height(path string) int {
	if h, there := heights[path]; there {
		return h
	}
	return 1
}

// main → web, cli → pubsub → ws → chat → leaves, and db → chat; never upward.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for path, p := range packages(t) {
		for _, i := range p.ours() {
			if height(i) >= height(path) {
				t.Errorf("%s imports %s", path, i)
			}
		}
	}
}

func TestTheCoreKnowsNeitherHTTPNorSockets(t *testing.T) {
	t.Parallel()
	for _, dep := range packages(t)["hearth/web/chat"].Deps {
		for _, outside := range []string{"net/http", "github.com/olahol/melody", "github.com/gorilla/websocket"} {
			if dep == outside {
				t.Errorf("web/chat needs %s", dep)
			}
		}
	}
}

// The files of the root keep to their own business.
func TestRootFilesKeepToTheirBusiness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file    string
		foreign []string
	}{
		{"hub.go", []string{"database/sql", "modernc.org/sqlite"}},
		{"store.go", []string{"net/http", "github.com/olahol/melody", "hearth/web", "hearth/web/locale", "hearth/web/markup"}},
		{"auth.go", []string{"database/sql", "github.com/olahol/melody"}},
		{"main.go", []string{"database/sql", "github.com/olahol/melody"}},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", c.file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(c.foreign, path) {
				t.Errorf("%s imports %s", c.file, path)
			}
		}
	}
}
