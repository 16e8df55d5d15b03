package web

import (
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/locale"
)

// languageCookie stores the language that a visitor chose. It is no secret.
const languageCookie = "hearth-lang"

// language returns the language of the response: that of the profile, else the one chosen in this browser, else the one that
// the browser prefers.
func (s *Server) language(r *http.Request, by chat.Caller) *locale.Locale {
	if by.User != nil && locale.Known(by.User.Lang) {
		return locale.Of(by.User.Lang)
	}
	if chosen := chosenLanguage(r); chosen != "" {
		return locale.Of(chosen)
	}
	return locale.Match(r.Header.Get("Accept-Language"))
}

// chosenLanguage returns the language that was chosen in this browser, "" for none.
func chosenLanguage(r *http.Request) string {
	if cookie, err := r.Cookie(languageCookie); err == nil && locale.Known(cookie.Value) {
		return cookie.Value
	}
	return ""
}

// chooseLanguage changes the language of all later pages.
func (s *Server) chooseLanguage(w http.ResponseWriter, r *request) error {
	lang := r.PostFormValue("lang")
	if !locale.Known(lang) {
		return chat.Errorf("bad_choice").On("lang")
	}
	if r.caller.SignedIn() {
		if err := s.take(r, limits.Settings); err != nil {
			return err
		}
		if err := s.chat.SetLanguage(r.Context(), r.caller.User.ID, lang); err != nil {
			return err
		}
	}
	s.keepLanguage(w, r, lang)
	return seeOther(w, r, localPage(r.PostFormValue("next")))
}

func (s *Server) keepLanguage(w http.ResponseWriter, r *request, lang string) {
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: lang, Path: "/", MaxAge: cookieLife,
		Secure: s.secure(r.Request), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
