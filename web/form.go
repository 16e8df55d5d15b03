package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"hearth/web/chat"
)

// newForm returns a form with the submitted values of these fields. Passwords must not be among the fields, because a page
// shows the values.
func newForm(r *request, fields ...string) form {
	f := form{Values: map[string]string{}, Errors: map[string]string{}}
	for _, name := range fields {
		f.Values[name] = strings.ToValidUTF8(r.FormValue(name), "\uFFFD")
	}
	return f
}

// blame assigns err to its field, unless the field already has an error. It returns an error that the person cannot fix (5xx).
func (f form) blame(r *request, err error) error {
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

// again shows the page of the form again, with err beside its field. show writes the page.
func (f form) again(w http.ResponseWriter, r *request, err error, show func(http.ResponseWriter, *request, int, form) error) error {
	e := known(err)
	if err := f.blame(r, err); err != nil {
		return err
	}
	setRetryAfter(w, e)
	return show(w, r, statusOf(e), f)
}

// on assigns err to a field, unless err has a field or is an error that the person cannot fix (5xx).
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

// newPassword checks a new password and its repetition.
func newPassword(r *request, username string) error {
	password := r.PostFormValue("password1")
	if err := chat.CheckPassword(password, username); err != nil {
		return on("password1", err)
	}
	if r.PostFormValue("password2") != password {
		return chat.Errorf("password_mismatch").On("password2")
	}
	return nil
}

// kept is a submitted form that was refused temporarily. The error page offers to send it again.
type kept struct {
	Action    string
	Fields    [][2]string // name, value
	Passwords []string    // names of fields that the person has to type again: pages never contain passwords
}

// keptForm returns the submitted form of a request that is refused with status, or nil if sending it again cannot succeed.
func keptForm(r *request, status int) *kept {
	later := status == http.StatusTooManyRequests || status == http.StatusInsufficientStorage || status == http.StatusServiceUnavailable
	if r.Method != http.MethodPost || !later || r.ParseForm() != nil {
		return nil
	}
	k := &kept{Action: r.URL.RequestURI()}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if strings.Contains(name, "password") {
			k.Passwords = append(k.Passwords, name)
			continue
		}
		for _, value := range r.PostForm[name] {
			k.Fields = append(k.Fields, [2]string{name, strings.ToValidUTF8(value, "\uFFFD")})
		}
	}
	return k
}

// localPage returns next if it is a page of this site, and the lobby otherwise. After the first slash, browsers take another
// slash or a backslash for the beginning of a host, and they skip control characters.
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

// local is localPage for a person who has just signed in. It returns the lobby instead of a page for logging in, logging out or
// signing up.
func local(next string) string {
	next = localPage(next)
	path, _, _ := strings.Cut(next, "?")
	switch strings.Trim(path, "/") {
	case "login", "log_in", "logout", "log_out", "sign_up", "signup", "guest":
		return "/"
	}
	return next
}

// normalizeNewlines replaces the CR LF of submitted forms by LF.
func normalizeNewlines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// form holds the values and the errors that the page of a form shows.
type form struct {
	Values map[string]string
	Errors map[string]string // by field; "" is the whole form
}
