package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
)

//go:embed static templates
var embedded embed.FS

// assets are the static files. All their paths have the same fingerprint, so modules that import each other by relative paths
// use it too.
type assets struct {
	hash  string
	files map[string]asset
	keys  []string // locale keys that the scripts use
}

type asset struct {
	mime         string
	body, zipped []byte // zipped is nil if compression saves less than a tenth
}

// scriptKey matches the texts that scripts look up: t("key") with a literal key.
var scriptKey = regexp.MustCompile(`\bt\(\s*["']([a-z0-9_.]+)["']`)

// commentLine matches a line of a script that is a comment. Browsers get an empty line instead, which keeps the numbers of the others: the
// comments are a fifth of what a first visit of a room would load.
var commentLine = regexp.MustCompile(`(?m)^[ \t]*//.*$`)

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	z, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	keys := map[string]bool{}
	err = fs.WalkDir(embedded, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(body))
		sum.Write(body)
		short := strings.TrimPrefix(name, "static/")
		if strings.HasPrefix(short, "js/") {
			for _, m := range scriptKey.FindAllSubmatch(body, -1) {
				keys[string(m[1])] = true
			}
		}
		if path.Ext(short) == ".js" {
			body = commentLine.ReplaceAll(body, nil)
		}
		a.files[short], err = newAsset(short, body, z)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the static files: %w", err)
	}
	if err := a.joinStyles(z); err != nil {
		return nil, fmt.Errorf("join the stylesheets: %w", err)
	}
	for k := range keys {
		a.keys = append(a.keys, k)
	}
	sort.Strings(a.keys)
	a.hash = hex.EncodeToString(sum.Sum(nil)[:6])
	return a, nil
}

// newAsset compresses a file with z: a writer of its own for each file would leave 100 MB of garbage at the start.
func newAsset(name string, body []byte, z *gzip.Writer) (asset, error) {
	f := asset{mime: typeOf(name), body: body}
	var b bytes.Buffer
	z.Reset(&b)
	if _, err := z.Write(body); err != nil {
		return f, err
	}
	if err := z.Close(); err != nil {
		return f, err
	}
	if b.Len() < len(body)*9/10 {
		f.zipped = bytes.Clone(b.Bytes())
	}
	return f, nil
}

// typeOf returns the media type of a file. The table of the operating system may lack these types or have wrong ones.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	case ".md", ".txt", ".sh":
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// url returns the URL of a static file. Responses may be cached forever.
func (a *assets) url(name string) string { return "/static/" + a.hash + "/" + name }

// serveAsset serves /static/. A URL with an older fingerprint, from a page that was opened before an update, gets the current
// file with a header that forbids caching.
func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.assets.files[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.PathValue("hash") == s.assets.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.body
	if f.zipped != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only if the client has disconnected
	}
}

// serveRootAsset serves the few files that browsers request at the root.
func (s *Server) serveRootAsset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue("file", name)
		s.serveAsset(w, r)
	}
}

// joinedStyles is the file that has all stylesheets, for every page: one request, and pages that follow need none.
const joinedStyles = "css/all.css"

// firstStyles are the stylesheets that others refine. The others follow by name.
var firstStyles = []string{"tokens", "base", "form", "avatar", "app", "sidebar", "dialog", "sheet"}

// joinStyles adds joinedStyles.
func (a *assets) joinStyles(z *gzip.Writer) (err error) {
	var names []string
	for _, s := range firstStyles {
		names = append(names, "css/"+s+".css")
	}
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		if path.Dir(name) == "css" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var all bytes.Buffer
	for _, name := range names {
		all.Write(a.files[name].body)
		delete(a.files, name)
	}
	a.files[joinedStyles], err = newAsset(joinedStyles, all.Bytes(), z)
	return err
}

// importedModule matches the path in an import of a module.
var importedModule = regexp.MustCompile(`(?m)^import [^"]*"\./([^"]+)";$`)

// modules returns the URLs of some modules and of all that they import, so that a browser can request them at once.
func (a *assets) modules(names ...string) (urls []string) {
	for i := 0; i < len(names); i++ {
		urls = append(urls, a.url(names[i]))
		for _, m := range importedModule.FindAllSubmatch(a.files[names[i]].body, -1) {
			if name := path.Join(path.Dir(names[i]), string(m[1])); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return urls
}

// preloads returns a link to each of modules, for the head of a page.
func (a *assets) preloads(names ...string) template.HTML {
	var b strings.Builder
	for _, url := range a.modules(names...) {
		b.WriteString(`<link rel="modulepreload" href="` + url + `">`)
	}
	return template.HTML(b.String())
}

// earlySocket is the script that pages contain, instead of naming its file.
const earlySocket = "js/early-socket.js"

// script returns the text of a script that a page contains.
func (a *assets) script(name string) template.JS { return template.JS(a.files[name].body) }

// scriptHash returns the source expression of a script that pages contain, for a Content-Security-Policy.
func (a *assets) scriptHash(name string) string {
	sum := sha256.Sum256(a.files[name].body)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
