package web

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzPlainCommand holds the quick way of reading a frame to encoding/json's: where it reads one at all,
// both read the same.
func FuzzPlainCommand(f *testing.F) {
	for _, frame := range []string{
		`{"message":"hi"}`, ` {"type" : "chat_message", "message":"Привет 🎉","nonce":"n1"} `, `{"message":"a","message":"b"}`,
		`{}`, `{"message":"hi"`, `{"message":"hi",}`, `{"message":"hi"}}`, `{"message":null}`, `{"Message":"hi"}`, `{"message":"a\\n"}`,
		`{"message":"hi","id":1}`, "{\"message\":\"a\nb\"}", "{\"message\":\"\xff\"}", `{"message":"hi"} x`, `["message"]`, ``, `{"message":"hi`, "\x0b{\"message\":\"hi\"}",
	} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, ok := plainCommand(frame)
		if !ok {
			return
		}
		if _, inexact := scan(frame); inexact {
			t.Errorf("%q has names that are not a command's", frame)
		}
		var want command
		if err := json.Unmarshal(frame, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v instead of %+v, %v", frame, got, want, err)
		}
	})
}

func TestWhichFramesArePlain(t *testing.T) {
	t.Parallel()
	hi := "hi"
	for frame, want := range map[string]command{
		`{"message":"hi"}`: {Message: &hi}, `{"nonce":"n","message":"hi"}`: {Message: &hi, Nonce: "n"}, `{ "type": "edit" }`: {Type: "edit"},
	} {
		if got, ok := plainCommand([]byte(frame)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as %+v, %v", frame, got, ok)
		}
	}
	for _, frame := range []string{`{"message":"hi"`, `{"message":"hi"}}`, `{"message":"hi",}`, `{"message":"hi" "nonce":"n"}`, `{"message":7}`, `{"message":"a\u0020b"}`, `{"id":1}`, `{"Nonce":"n"}`, ``} {
		if got, ok := plainCommand([]byte(frame)); ok {
			t.Errorf("%s is read as %+v", frame, got)
		}
	}
}
