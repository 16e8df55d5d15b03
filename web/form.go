package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"hearth/web/chat"
)

// newForm is a form with what was typed into these fields. Passwords are never among them.
func newForm(r *ask, fields ...string) form {
	f := form{Values: map[string]string{}, Errors: map[string]string{}}
	for _, name := range fields {
		f.Values[name] = strings.ToValidUTF8(r.FormValue(name), "\uFFFD")
	}
	return f
}

// blame writes err beside its field. The first error of a field stays. What isn't the person's
// fault comes back.
func (f form) blame(r *ask, err error) error {
	if err == nil {
		return nil
	}
	e := known(err)
	if statusOf(e) >= http.StatusInternalServerError {
		return err
	}
	if _, blamed := f.Errors[e.Field]; !blamed {
		f.Errors[e.Field] = r.text(e)
	}
	return nil
}

// again shows the form's page once more, with err beside its field.
func (f form) again(w http.ResponseWriter, r *ask, err error, show func(http.ResponseWriter, *ask, int, form) error) error {
	e := known(err)
	if err := f.blame(r, err); err != nil {
		return err
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	return show(w, r, statusOf(e), f)
}

// on puts err beside a field, unless it names one itself.
func on(field string, err error) error {
	if err == nil {
		return nil
	}
	e := known(err)
	if e.Field == "" && statusOf(e) < http.StatusInternalServerError {
		return e.On(field)
	}
	return err
}

// newPassword checks what was typed twice.
func newPassword(r *ask, username string) error {
	password := r.PostFormValue("password1")
	if err := chat.CheckPassword(password, username); err != nil {
		return on("password1", err)
	}
	if r.PostFormValue("password2") != password {
		return chat.Errorf("password_mismatch").On("password2")
	}
	return nil
}

// localPage is next if that is a page of this site, else the lobby. Browsers take a second slash
// or a backslash for the begin of a host, and skip control characters.
func localPage(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsRune(next, '\\') ||
		strings.IndexFunc(next, unicode.IsControl) >= 0 {
		return "/"
	}
	if u, err := url.Parse(next); err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return next
}

// local is localPage for who has just come in, and has no use for the door.
func local(next string) string {
	next = localPage(next)
	path, _, _ := strings.Cut(next, "?")
	switch strings.Trim(path, "/") {
	case "login", "log_in", "logout", "log_out", "sign_up", "signup", "guest":
		return "/"
	}
	return next
}
