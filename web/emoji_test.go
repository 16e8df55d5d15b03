package web_test

import (
	"net/http"
	"testing"

	"hearth/web/hearthtest"
)

func TestEmojiByShortcode(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	wantReply(t, "a beginning", ada.Get("/api/emoji?q=tad&limit=1"), http.StatusOK, `{"emoji":[{"shortcode":"tada","emoji":"🎉"}]}`)
	wantReply(t, "a part, in upper case", ada.Get("/api/emoji?q=UMBS"), http.StatusOK, `"shortcode":"thumbs`)
	wantReply(t, "nothing", ada.Get("/api/emoji?q=nosuch"), http.StatusOK, `{"emoji":[]}`)
	wantReply(t, "a bad limit", ada.Get("/api/emoji?limit=-1"), http.StatusUnprocessableEntity)
}
