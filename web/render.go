package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"hearth/web/chat"
	"hearth/web/locale"
)

// view is the data of every page. Data is specific to the page.
type view struct {
	Title     string
	Me        *chat.User // nil: a visitor
	Guest     string     // the name that a visitor chose
	Place     string
	Lang      string
	Languages []*locale.Locale
	Theme     string
	Zone      string // the time zone of the reader, "": unknown, or that of the browser
	AutoZone  string // the time zone of the browser, as it is stored
	Clock     string // "12" or "24", "": as usual in the language
	Path      string
	Side      *sidebar // nil on pages without one, such as the log-in page
	Flash     string
	Guests    string // off, read or write
	Signup    string // open, invite or closed
	MayMake   bool   // the reader may create rooms
	Script    map[string]any
	Data      any
}

// languageMenu is the data of the menu of languages.
type languageMenu struct {
	Lang, Path string
	Languages  []*locale.Locale
}

// LanguageMenu returns the data of the menu of languages in the sidebar.
func (v *view) LanguageMenu() languageMenu { return languageMenu{v.Lang, v.Path, v.Languages} }

// pages are the templates. Each is parsed when it is first used, once for each language and clock, so that the functions for texts
// and times know them. All pages in all languages take 20 MB.
type pages struct {
	byLang map[string]func() (*templates, error)
}

// templates are the pages of one language.
type templates struct {
	shared func() (*template.Template, error)            // the parts of pages, for fragment
	byName map[string]func() (*template.Template, error) // the pages
}

func (s *Server) loadPages() (*pages, error) {
	p := &pages{byLang: map[string]func() (*templates, error){}}
	for _, l := range locale.All() {
		for _, hours := range []string{"", "12", "24"} {
			l := l.WithClock(hours)
			p.byLang[pagesKey(l)] = sync.OnceValues(func() (*templates, error) { return s.parsePages(l) })
		}
	}
	_, err := p.byLang["en"]() // an error in one language is an error in all of them
	return p, err
}

func (s *Server) parsePages(l *locale.Locale) (*templates, error) {
	names, err := pageNames()
	if err != nil {
		return nil, err
	}
	funcs := s.funcs(l)
	base, err := template.New("").Funcs(funcs).ParseFS(embedded, "templates/layout.html", "templates/partials/*.html")
	if err == nil {
		err = fold(base.Templates(), funcs)
	}
	if err != nil {
		return nil, fmt.Errorf("parse the templates: %w", err)
	}
	var cloning sync.Mutex // base must not be executed, and is copied by one goroutine at a time
	parse := func(files ...string) func() (*template.Template, error) {
		return sync.OnceValues(func() (*template.Template, error) {
			cloning.Lock()
			t, err := base.Clone()
			cloning.Unlock()
			if err == nil && len(files) > 0 {
				t, err = t.ParseFS(embedded, files...)
			}
			if err == nil {
				err = fold(t.Templates(), funcs)
			}
			if err != nil {
				return nil, fmt.Errorf("parse %v: %w", files, err)
			}
			return t, nil
		})
	}
	set := &templates{shared: parse(), byName: map[string]func() (*template.Template, error){}}
	for _, name := range names {
		set.byName[name] = parse("templates/pages/" + name + ".html")
	}
	return set, nil
}

// pagesKey returns the key of a language, with its clock, in pages.byLang.
func pagesKey(l *locale.Locale) string { return l.Code() + l.Hours() }

// scriptTexts returns the texts of scripts by language.
func (s *Server) scriptTexts() (map[string]json.RawMessage, error) {
	texts := map[string]json.RawMessage{}
	for _, l := range locale.All() {
		b, err := json.Marshal(l.Script(s.assets.keys))
		if err != nil {
			return nil, fmt.Errorf("encode the texts of scripts: %w", err)
		}
		texts[l.Code()] = b
	}
	return texts, nil
}

// page returns a page in a language.
func (p *pages) page(l *locale.Locale, name string) (*template.Template, error) {
	set, err := p.byLang[pagesKey(l)]()
	if err != nil {
		return nil, err
	}
	parsed, ok := set.byName[name]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", name)
	}
	return parsed()
}

func pageNames() ([]string, error) {
	var names []string
	err := fs.WalkDir(embedded, "templates/pages", func(name string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".html" {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(name, "templates/pages/"), ".html"))
		}
		return err
	})
	return names, err
}

// fragment writes one partial.
func (p *pages) fragment(w io.Writer, l *locale.Locale, name string, data any) error {
	set, err := p.byLang[pagesKey(l)]()
	if err != nil {
		return err
	}
	t, err := set.shared()
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, name, data)
}

// view returns the data of a page for the caller. A setting that cannot be read is logged, and its default is used: error pages
// must not fail.
func (s *Server) view(r *request, title string) *view {
	v := &view{Title: title, Me: r.caller.User, Guest: r.caller.Guest, Lang: r.loc.Code(), Languages: locale.All(),
		Path: r.URL.RequestURI(), Script: map[string]any{"strings": s.texts[r.loc.Code()]}}
	if v.Me != nil {
		v.Theme, v.Clock = v.Me.Theme, v.Me.Clock
		if v.Me.ZoneChosen {
			v.Zone = v.Me.Zone
		} else {
			v.AutoZone = v.Me.Zone
		}
	}
	v.flash(r)
	var err [4]error
	v.Place, err[0] = s.chat.Place(r.Context())
	v.Guests, err[1] = s.chat.GuestsMay(r.Context())
	v.Signup, err[2] = s.chat.SignupPolicy(r.Context())
	may := s.chat.MayMakeRooms(r.Context(), r.caller)
	v.MayMake = may == nil
	if !errors.Is(may, chat.Errorf("not_allowed")) {
		err[3] = may
	}
	for _, e := range err {
		if e != nil {
			slog.Error("load settings for a page", "err", e)
		}
	}
	return v
}

// render writes a page. It executes the template completely before it writes, so an error leaves no half page.
func (s *Server) render(w http.ResponseWriter, r *request, status int, page string, v *view) error {
	t, err := s.pages.page(r.loc, page)
	if err != nil {
		return err
	}
	layout := "plain"
	if v.Side != nil {
		layout = "layout"
	}
	return write(w, r, status, t, layout, v)
}

// partHeader is the header of a request for the main part of a page, and of the answer, where it has the fingerprint of the static files. A
// page that was loaded with other files must not use the part.
const partHeader = "Hearth-Part"

// renderPart writes the title and the main part of a page, for a page that is open already.
func (s *Server) renderPart(w http.ResponseWriter, r *request, page string, v *view) error {
	t, err := s.pages.page(r.loc, page)
	if err != nil {
		return err
	}
	w.Header().Set(partHeader, s.assets.hash)
	return write(w, r, http.StatusOK, t, "part", v)
}

// buffers hold pages until they are written.
var buffers = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// write executes a template and writes the result.
func write(w http.ResponseWriter, r *request, status int, t *template.Template, name string, v *view) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := t.ExecuteTemplate(b, name, v); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language, Cookie, "+partHeader)
	h.Add("Vary", "Accept-Encoding")
	text := b.Bytes()
	if acceptsGzip(r.Request) {
		h.Set("Content-Encoding", "gzip")
		text = compress(text)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // fails only if the client has disconnected
	return nil
}

// funcs returns the functions of templates in the language l.
func (s *Server) funcs(l *locale.Locale) template.FuncMap {
	stamp := func(at time.Time, kind, text string) template.HTML {
		return template.HTML(fmt.Sprintf(`<time datetime="%s" data-%s>%s</time>`, at.UTC().Format(time.RFC3339), kind, template.HTMLEscapeString(text)))
	}
	return template.FuncMap{
		"t":          l.T,
		"asset":      s.assets.url,
		"preloads":   s.assets.preloads,
		"script":     s.assets.script,
		"icon":       s.icon,
		"when":       func(t time.Time) template.HTML { return stamp(t, "when", l.DateTime(t)) },
		"clock":      func(t time.Time) template.HTML { return stamp(t, "clock", l.Time(t)) },
		"day":        func(t time.Time) template.HTML { return stamp(t, "day", l.Date(t)) },
		"ago":        func(t time.Time) template.HTML { return stamp(t, "ago", l.Ago(t, time.Now())) },
		"clocktext":  l.Time,
		"number":     l.Number,
		"badge":      func(n int) string { return badge(l, n) },
		"lastfirst":  l.FamilyFirst,
		"initials":   initials,
		"hue":        hue,
		"add":        func(a, b int) int { return a + b },
		"pathescape": url.PathEscape,
		"person":     personURL,
		"dict":       dict,
		"part":       s.part(l),
		"log":        s.log(l),
		"empty":      func(name string) partData { return emptyParts[name] },
		"json":       toJSON,
	}
}

func (s *Server) icon(name string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="icon" aria-hidden="true"><use href="%s#%s"/></svg>`, s.assets.url("img/icons.svg"), template.HTMLEscapeString(name)))
}

// toJSON encodes v for a data block. encoding/json escapes everything that could end the block.
func toJSON(v any) (template.JS, error) {
	b, err := json.Marshal(v)
	return template.JS(b), err
}

// dict returns a map of name, value pairs: the arguments of a partial.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict takes pairs, got %d values", len(pairs))
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// badge returns the number in a badge: "99+" for more than 99.
func badge(l *locale.Locale, n int) string {
	if n >= chat.MaxUnread {
		return l.Number(chat.MaxUnread-1) + "+"
	}
	return l.Number(n)
}
