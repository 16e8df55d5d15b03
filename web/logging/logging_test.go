package logging

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// hostile are values that would change what a reader of the log sees.
var hostile = []string{"two\nlines", "\r\nlevel=INFO msg=forged", "\x1b[2Jclear", "a\x7fb", "a\u009b31mb", "line\u2028separator", "paragraph\u2029", "\u202egnp.exe", "\u2066isolated",
	"zero\u200bwidth", "\ufefftag", "\U000e0041tag", "bad \xff\xfe utf-8", "\x00", `quote " and \ backslash`, "nbsp\u00a0"}

func TestLogValuesContainNoControlCharacters(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		for _, value := range hostile {
			var out bytes.Buffer
			slog.New(Handler(&out, format)).Info("hello "+value, "key", value, "Ада", "Привет, 世界 😀")
			line := out.String()
			if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
				t.Errorf("%s: %q fills several lines: %q", format, value, line)
			}
			for _, r := range strings.TrimSuffix(line, "\n") {
				if !unicode.IsPrint(r) {
					t.Errorf("%s: %q is logged with %U: %q", format, value, r, line)
				}
			}
			if !strings.Contains(line, "Привет, 世界 😀") {
				t.Errorf("%s: what can be printed was escaped: %q", format, line)
			}
			if format == "json" {
				var record map[string]string
				err := json.Unmarshal([]byte(line), &record)
				if want := strings.ToValidUTF8(strings.ReplaceAll(value, "\xfe", "\uFFFD"), "\uFFFD"); err != nil || record["key"] != want {
					t.Errorf("%q is read as %q: %v", value, record["key"], err)
				}
			}
		}
	}
}

// output is what was logged. Kinds log from timers, too.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// take returns what was written since the last call.
func (o *output) take() string {
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.text.Reset()
	return o.text.String()
}

func TestLogKindsAreLimitedPerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		before := slog.Default()
		slog.SetDefault(slog.New(Handler(&out, "text")))
		defer slog.SetDefault(before)
		k := NewKind(slog.LevelWarn, "refused", 2)
		for range 1000 {
			k.Log("from", "first")
		}
		k.Log("from", "last")
		if got := out.take(); strings.Count(got, "from=first") != 2 || strings.Contains(got, "count") {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(window)
		if got := out.take(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "from=last count=999") {
			t.Errorf("after a minute: %s", got)
		}
		k.Log("from", "again")
		k.Log("from", "again")
		k.Log("from", "again")
		if got := out.take(); strings.Count(got, "\n") != 1 {
			t.Errorf("in the second minute: %s", got)
		}
		Flush()
		if got := out.take(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "count=2") {
			t.Errorf("at the end: %s", got)
		}
		time.Sleep(2 * window)
		k.Log("from", "later")
		if got := out.take(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "from=later") {
			t.Errorf("after a pause: %s", got)
		}
	})
}
