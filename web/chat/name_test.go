package chat

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func TestUsername(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"ada":                    "ada",
		" Ada ":                  "Ada",
		"ＡＤＡ":                    "ADA",
		"a.b+c-d_e@f":            "a.b+c-d_e@f",
		"Nguye\u0302\u0303n":     "Nguyễn",
		"Nguyễn.Văn":             "Nguyễn.Văn",
		"Мария":                  "Мария",
		"हिन्दी":                 "हिन्दी",
		"ที่รัก":                 "ที่รัก",
		"李小龍":                    "李小龍",
		"محمد":                   "محمد",
		"x²":                     "x2",
		strings.Repeat("ễ", 150): strings.Repeat("ễ", 150),
		strings.Repeat("é", 150): strings.Repeat("é", 150),
	} {
		name, key, err := Username(in)
		if err != nil || name != want || key == "" {
			t.Errorf("Username(%q) = %q, %q, %v; want %q", in, name, key, err, want)
		}
	}
}

func TestUsernameRefused(t *testing.T) {
	t.Parallel()
	for in, code := range map[string]string{
		"":                                      "name_empty",
		" \t":                                   "name_empty",
		strings.Repeat("a", 151):                "name_too_long",
		strings.Repeat("a", 1<<20):              "name_too_long",
		strings.Repeat("ﷺ", 100):                "name_too_long",
		"a b":                                   "name_characters",
		"a/b":                                   "name_characters",
		"a\u200bda":                             "name_characters", // zero width space
		"a\u202eda":                             "name_characters", // right-to-left override
		"a\u2066da":                             "name_characters",
		"a\u034fda":                             "name_characters", // combining grapheme joiner
		"a\ufe0fda":                             "name_characters", // variation selector
		"a\u115fda":                             "name_characters", // Hangul filler
		"a\u3164da":                             "name_characters",
		"a\u00adda":                             "name_characters", // soft hyphen
		"\u0301ada":                             "name_characters", // a mark without a letter before it
		"_\u0323":                               "name_characters",
		"@ada":                                  "name_ends",
		"ada.":                                  "name_ends",
		"-":                                     "name_ends",
		"ada_":                                  "name_ends",
		"a\u0488":                               "name_characters", // a mark that encloses
		"ada\n.":                                "name_characters",
		"ada\xff":                               "name_characters",
		"ada🎉":                                  "name_characters",
		"b" + strings.Repeat("\u0331\u0324", 4): "name_characters",
	} {
		_, _, err := Username(in)
		var e *Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("Username(%.40q) = %v, want %s", in, err, code)
		}
	}
}

func TestNamesThatAreOne(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"ada", "ADA"}, {"ada", "ａda"}, {"straße", "STRASSE"}, {"Σίσυφος", "ΣΊΣΥΦΟΣ"},
		{"ada", "аdа"}, {"ada", "АDA"}, {"BOB", "ВОВ"}, {"bob", "ВОВ"}, {"Ivan", "Іvan"}, {"Iris", "Ιris"},
		{"Ꭸ", "ꭸ"}, {"paypal", "раураl"}, {"Nguyễn", "Nguуễn"}, {"helen", "НELEN"},
		{"мария", "Mария"}, {"Mария", "мария"}, {"МАРИЯ", "Mария"}, {"тимур", "Tимур"}, {"κώστας", "Kώστας"}, {"ivan", "iνan"}, {"IVANOV", "IVAΝOV"},
	} {
		if !sameName(pair[0], pair[1]) {
			t.Errorf("%s and %s look alike", pair[0], pair[1])
		}
	}
}

// TestOrdinaryNamesDiffer checks that ordinary names that people can tell apart do not count as equal.
func TestOrdinaryNamesDiffer(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`ian lan Iain lain erna ema ernie emie ali all ail al1 user1 userl user0 usero mary rnary
		an ăn ân àn án ản ãn ạn ấn ần ẩn ẫn ận ắn ằn ẳn ẵn ặn đo do dơ dô dò dó dỏ dõ dọ tư tu tù tú tủ tũ tụ tứ
		Мария Марья Маша Миша Вова Вера Вена Нина Инна Анна Яна Юля Оля Коля Боря
		李 季 王 玉 张 張 陈 陳 สมชาย สมหญิง अमित अमिता`)
	for i, a := range names {
		for _, b := range names[:i] {
			if sameName(a, b) {
				t.Errorf("%s and %s are taken for one name: %q, %q", a, b, look(a), look(b))
			}
		}
	}
}

func sameName(a, b string) bool {
	a, keyA, _ := Username(a)
	b, keyB, _ := Username(b)
	return keyA == keyB || look(a) == look(b)
}

func TestRoomName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" Lobby ":                "Lobby",
		"our garden":             "our-garden",
		"фильмы":                 "фильмы",
		"hội quán":               "hội-quán",
		"हिन्दी":                 "हिन्दी",
		"ห้องนั่งเล่น":           "ห้องนั่งเล่น",
		"v1.2_beta":              "v1.2_beta",
		"...a":                   "...a",
		"電影\u3000院":              "電影-院",
		strings.Repeat("é", 128): strings.Repeat("é", 128),
	} {
		name, key, err := RoomName(in)
		if err != nil || name != want || key == "" {
			t.Errorf("RoomName(%q) = %q, %q, %v; want %q", in, name, key, err, want)
		}
	}
	for in, code := range map[string]string{
		"":                       "room_name_empty",
		"   ":                    "room_name_empty",
		strings.Repeat("x", 129): "room_name_too_long",
		"..":                     "room_name_dots",
		"a/b":                    "room_name_characters",
		"@ada":                   "room_name_characters",
		"a\nb":                   "room_name_characters",
		"a\u200bb":               "room_name_characters",
		"a\u200cb":               "room_name_characters", // a joiner that the script does not need
		"\xff":                   "room_name_characters",
	} {
		_, _, err := RoomName(in)
		var e *Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("RoomName(%.40q) = %v, want %s", in, err, code)
		}
	}
}

func FuzzUsername(f *testing.F) {
	fuzzName(f, Username, MaxUsername)
}

func FuzzRoomName(f *testing.F) {
	fuzzName(f, RoomName, MaxRoomName)
}

// fuzzName checks that an accepted name is accepted again, unchanged and with the same key.
func fuzzName(f *testing.F, rule func(string) (string, string, error), longest int) {
	for _, s := range []string{"ada", "Nguye\u0302\u0303n", "ＡＤＡ", "a b", "ﬁ", "İ", "ẞ", "हिन्दी", "ﷺ", "\u0301", "..", "\xff", "ᾳ\u0345", "Ꭸ", "Ꮟ", "ǅ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, key, err := rule(s)
		if err != nil {
			return
		}
		again, keyAgain, err := rule(name)
		if err != nil || again != name || keyAgain != key {
			t.Errorf("%q became %q (%q), and that %q (%q), %v", s, name, key, again, keyAgain, err)
		}
		for _, variant := range []string{cases.Fold().String(name), cases.Lower(language.Und).String(name)} {
			if _, other, err := rule(variant); err == nil && other != key {
				t.Errorf("%q and %q differ only in case: %q, %q", name, variant, key, other)
			}
		}
		if !utf8.ValidString(name) || !utf8.ValidString(key) || !utf8.ValidString(look(name)) {
			t.Errorf("%q became text that is not UTF-8: %q", s, name)
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > longest {
			t.Errorf("%q became %d characters", s, n)
		}
	})
}

// twins replaces Latin letters by Cyrillic letters that look the same.
var twins = strings.NewReplacer("a", "а", "c", "с", "e", "е", "i", "і", "j", "ј", "o", "о", "p", "р", "s", "ѕ", "x", "х", "y", "у",
	"A", "А", "B", "В", "C", "С", "E", "Е", "H", "Н", "I", "І", "J", "Ј", "K", "К", "M", "М", "O", "О", "P", "Р", "S", "Ѕ", "T", "Т", "X", "Х")

// FuzzLook checks that two names count as equal if they differ only in letters of another script that look the same.
func FuzzLook(f *testing.F) {
	for i, s := range []string{"ada", "Ian", "BOB", "paypal", "Nguyễn", "ａda", "Straße", "İstanbul", "ǅ", "Σίσυφος", "Мария", "हिन्दी", "x²", "ﬁne", "y\u0323o"} {
		f.Add(s, uint64(i)*0x9e3779b97f4a7c15)
	}
	f.Fuzz(func(t *testing.T, s string, which uint64) {
		name, key, err := Username(s)
		if err != nil {
			return
		}
		var b strings.Builder
		for i, r := range []rune(name) {
			if which>>(i%64)&1 == 1 {
				b.WriteString(twins.Replace(string(r)))
			} else {
				b.WriteRune(r)
			}
		}
		if twin := b.String(); !sameName(name, twin) {
			t.Errorf("%q looks like %q: %q, %q", twin, name, look(twin), look(name))
		}
		if _, again, err := Username(key); err == nil && again != key {
			t.Errorf("the key of %q is %q, and of that %q", name, key, again)
		}
	})
}

func TestAZeroWidthJoinerInARoomName(t *testing.T) {
	t.Parallel()
	name, key, err := RoomName("می\u200cخواهم")
	_, same, _ := RoomName("میخواهم")
	if err != nil || name != "می\u200cخواهم" || key != same {
		t.Errorf("%+q, %+q, %v; without it %+q", name, key, err, same)
	}
}

func TestLabelsThatLookAlike(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Ada Lund", "ada lund"}, {"Ada Lund", "AdaLund"}, {"Ada Lund", "Ada  Lund"}, {"Ada Lund", "Аdа Lund"}, {"Ada Lund", "Ada Iund"},
		{"Lisa", "LISA"}, {"Bob", "b0b"}, {"Tom", "Torn"}, {"ada.lund", "Ada Lund"}, {"Мария", "Mария"}, {"Ada\u0301", "Adá"},
	} {
		if labelLook(pair[0]) != labelLook(pair[1]) {
			t.Errorf("%s and %s look alike: %q, %q", pair[0], pair[1], labelLook(pair[0]), labelLook(pair[1]))
		}
	}
	for _, pair := range [][2]string{{"Ada Lund", "Ada Lind"}, {"Mai Trần", "Mai Tran"}, {"李", "季"}, {"!!!", "???"}} {
		if labelLook(pair[0]) == labelLook(pair[1]) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
}
