package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// page is a tab that somebody looks at. Whatever goes wrong in it fails the test: an error on the
// console, an exception, a breach of the content security policy, a request that fails.
type page struct {
	t    testing.TB
	who  string
	site string
	ctx  context.Context
	end  func()

	mu       sync.Mutex
	problems []string
	expected []*regexp.Regexp
}

func newPage(t testing.TB, parent context.Context, site, who string, options ...chromedp.ContextOption) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	p := &page{t: t, who: who, site: site, ctx: ctx, end: sync.OnceFunc(cancel)}
	p.check("listen", chromedp.Listen(ctx, p.watch))
	p.resize(1280, 900)
	t.Cleanup(func() {
		p.report()
		p.end()
	})
	return p
}

// tab opens another tab of the same browser.
func (p *page) tab() *page {
	p.t.Helper()
	return newPage(p.t, p.ctx, p.site, p.who+"'s other tab")
}

// leave closes the tab.
func (p *page) leave() { p.end() }

// watch takes down what goes wrong.
func (p *page) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		p.note("exception: " + text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.note(fmt.Sprintf("console.%s: %s", e.Type, arguments(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.note(fmt.Sprintf("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	case *network.EventLoadingFailed:
		if !e.Canceled { // leaving a page cancels what it still loads
			p.note(fmt.Sprintf("request failed: %s %s", e.Type, e.ErrorText))
		}
	}
}

func arguments(args []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, string(a.Value)+a.Description)
	}
	return strings.Join(parts, " ")
}

func (p *page) note(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

// expect names a problem that belongs to the story.
func (p *page) expect(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, regexp.MustCompile(pattern))
}

func (p *page) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, problem := range p.problems {
		if !slices.ContainsFunc(p.expected, func(x *regexp.Regexp) bool { return x.MatchString(problem) }) {
			p.t.Errorf("%s: %s", p.who, problem)
		}
	}
}

func (p *page) check(doing string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.who, doing, err)
	}
}

// open goes to a path of the site and waits until the page and its scripts are loaded.
func (p *page) open(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.check("open "+path, chromedp.Do(ctx, chromedp.Navigate(p.site+path)))
}

// at waits until the page of a path is loaded, as after a click on a link.
func (p *page) at(path string) {
	p.t.Helper()
	p.until("to be at "+path, `document.readyState === "complete" && location.pathname === `+quote(path))
}

// quote writes s as JavaScript does.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}

// try evaluates an expression, which may be a promise.
func try[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// value returns what an expression gives.
func value[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := try[T](p, expression)
	p.check(expression, err)
	return v
}

// do evaluates an expression for what it does.
func (p *page) do(expression string) { p.t.Helper(); value[chromedp.Void](p, expression) }

// until waits for an expression to become true. Errors on the way are those of a page that is
// just being left or loaded.
func (p *page) until(what, expression string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		ok, err := try[bool](p, "Boolean("+expression+")")
		if ok && err == nil {
			return
		}
		if time.Now().After(deadline) {
			seen, _ := try[string](p, `location.href + "\n" + (document.querySelector("main") ?? document.body).innerText`)
			p.t.Fatalf("%s waited for %s (%s): %v\nat %s", p.who, what, expression, err, seen)
		}
		<-tick.C
	}
}

// sees waits until an element is there and visible.
func (p *page) sees(selector string) {
	p.t.Helper()
	p.until("seeing "+selector, `document.querySelector(`+quote(selector)+`)?.checkVisibility()`)
}

// missing waits until no such element is visible.
func (p *page) missing(selector string) {
	p.t.Helper()
	p.until("no "+selector, `!document.querySelector(`+quote(selector)+`)?.checkVisibility()`)
}

// reads waits until an element's text contains some words.
func (p *page) reads(selector, words string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q in %s", words, selector),
		fmt.Sprintf(`document.querySelector(%s)?.textContent.includes(%s)`, quote(selector), quote(words)))
}

// click clicks in the middle of an element, which nothing may cover.
func (p *page) click(selector string) {
	p.t.Helper()
	p.until("being able to click "+selector, `(() => {
		const element = document.querySelector(`+quote(selector)+`);
		if (!element?.checkVisibility() || element.disabled) return false;
		element.scrollIntoView({ block: "nearest", behavior: "instant" });
		const box = element.getClientRects()[0];
		if (!box?.width) return false;
		const place = box.x + " " + box.y; // a page that has just come still moves its parts
		const still = element.testPlace === place;
		element.testPlace = place;
		if (!still) return false;
		const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		return element.contains(at) || at?.closest("label")?.control === element;
	})()`)
	at := value[[]float64](p, `(() => { const box = document.querySelector(`+quote(selector)+`).getClientRects()[0];
		return [box.x + box.width / 2, box.y + box.height / 2]; })()`)
	p.check("click "+selector, chromedp.Do(p.ctx, chromedp.MouseClickXY(at[0], at[1])))
}

// submit clicks what sends a form and waits for the page that answers.
func (p *page) submit(selector string) {
	p.t.Helper()
	p.do(`window.before = true`)
	p.click(selector)
	p.until("the answer to "+selector, `document.readyState === "complete" && !window.before`)
}

// fill puts text into a field, in place of what is there.
func (p *page) fill(selector, text string) {
	p.t.Helper()
	p.sees(selector)
	p.do(fmt.Sprintf(`(() => { const field = document.querySelector(%s); field.focus(); field.select(); })()`, quote(selector)))
	p.write(text)
}

// write types text where the focus is.
func (p *page) write(text string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text})
	p.check("write", err)
}

// enter presses the Enter key. Its text goes with it in one event, so that a page that prevents
// the default gets no line break either.
func (p *page) enter(with ...chromedp.Modifier) {
	p.t.Helper()
	var modifiers int64
	for _, m := range with {
		modifiers |= int64(m)
	}
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13, Modifiers: modifiers}
	_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, key)
	p.check("press Enter", err)
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	_, err = chromedp.Call(p.ctx, input.DispatchKeyEvent, key)
	p.check("let Enter go", err)
}

func (p *page) resize(width, height int64) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 700})
	p.check("resize", err)
}

// withoutScript makes the browser one that runs no scripts of pages.
func (p *page) withoutScript() {
	p.t.Helper()
	p.expect("request failed: Script") // such a browser does not load the modules that pages preload
	_, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.check("switch scripts off", err)
	p.expect("^request failed: Script") // the preloaded ones are not fetched
}

func (p *page) moveMouse(x, y float64) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
	p.check("move the mouse", err)
}
