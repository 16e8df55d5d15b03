package web

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"hearth/web/chat"
)

// notShown are fields that the parts do not show.
var notShown = map[string]bool{"messageView.Seq": true, "messageView.Day": true, "messageView.New": true, "directLink.Last": true}

func keyOf(d partData) []byte {
	k := &keyBuffer{}
	d.appendKey(k)
	return k.b
}

// Two parts that differ in anything that they show have different keys.
func TestKeysOfPartsHaveAllFields(t *testing.T) {
	t.Parallel()
	message := messageView{Reply: &replyView{}, Reactions: []reactionView{{Users: []string{"ada"}}}}
	for _, d := range []partData{message, sideRoom{}, sideDirect{}, personLink{Presence: offline}} {
		v := reflect.New(reflect.TypeOf(d)).Elem()
		v.Set(reflect.ValueOf(d))
		changeEach(t, v, v)
	}
	if bytes.Equal(keyOf(messageView{User: "ab"}), keyOf(messageView{User: "a", Display: "b"})) {
		t.Error("the key does not tell where a text ends")
	}
}

// changeEach changes each field within v and checks that the key of all changes.
func changeEach(t *testing.T, all, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Name()+"."+v.Type().Field(i).Name
		if notShown[name] {
			continue
		}
		before, was := keyOf(all.Interface().(partData)), reflect.ValueOf(f.Interface())
		switch x := f.Addr().Interface().(type) {
		case *time.Time:
			*x = time.Now().Add(-time.Hour)
		case *[]string:
			*x = append([]string{"bob"}, *x...)
		case *[]reactionView:
			changeEach(t, all, f.Index(0))
			*x = nil
		case **replyView:
			changeEach(t, all, f.Elem())
			*x = nil
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString(f.String() + "x")
			case reflect.Bool:
				f.SetBool(!f.Bool())
			case reflect.Int, reflect.Int64:
				f.SetInt(f.Int() + 1)
			case reflect.Struct:
				changeEach(t, all, f)
				continue
			default:
				t.Fatalf("%s is a %v", name, f.Kind())
			}
		}
		if bytes.Equal(before, keyOf(all.Interface().(partData))) {
			t.Errorf("%s is not in the key", name)
		}
		f.Set(was)
	}
}

// The key of a person who is offline changes with the time that the row shows.
func TestKeyOfAbsentPersonHasTheTime(t *testing.T) {
	t.Parallel()
	seen := time.Now().Add(-time.Hour)
	if a, b := keyOf(personLink{Name: "ada", Presence: offline, LastSeen: seen}), keyOf(personLink{Name: "ada", Presence: offline, LastSeen: seen.Add(-time.Minute)}); bytes.Equal(a, b) {
		t.Error("an hour ago and an hour and a minute ago have the same key")
	}
	if current := (roomLink{Name: "tea", URL: "/chat/tea/", Access: chat.Open}).On("/chat/tea/").Current; current != "/chat/tea/" {
		t.Errorf("the open room is current on %q", current)
	}
}
