package locale

import (
	"testing"
	"time"
)

var afternoon = time.Date(2026, time.November, 21, 15, 4, 5, 0, time.UTC)

// What Chromium's Intl.DateTimeFormat writes with dateStyle "long" and timeStyle "short".
func TestDates(t *testing.T) {
	tests := []struct{ code, date, time, both string }{
		{"en", "November 21, 2026", "3:04 PM", "November 21, 2026 at 3:04 PM"},
		{"vi", "21 tháng 11, 2026", "15:04", "lúc 15:04 ngày 21 tháng 11, 2026"},
		{"ru", "21 ноября 2026 г.", "15:04", "21 ноября 2026 г. в 15:04"},
		{"pt-BR", "21 de novembro de 2026", "15:04", "21 de novembro de 2026 às 15:04"},
		{"zh-Hans", "2026年11月21日", "15:04", "2026年11月21日 15:04"},
		{"zh-Hant", "2026年11月21日", "下午3:04", "2026年11月21日 下午3:04"},
	}
	for _, tt := range tests {
		l := Of(tt.code)
		if got := l.Date(afternoon); got != tt.date {
			t.Errorf("%s: Date = %q, want %q", tt.code, got, tt.date)
		}
		if got := l.Time(afternoon); got != tt.time {
			t.Errorf("%s: Time = %q, want %q", tt.code, got, tt.time)
		}
		if got := l.DateTime(afternoon); got != tt.both {
			t.Errorf("%s: DateTime = %q, want %q", tt.code, got, tt.both)
		}
	}
}

func TestEveryMonthHasItsName(t *testing.T) {
	for _, l := range All() {
		seen := make(map[string]bool)
		for month := time.January; month <= time.December; month++ {
			seen[l.Date(time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC))] = true
		}
		if len(seen) != 12 {
			t.Errorf("%s: %d different months", l.Code(), len(seen))
		}
	}
	if got := Of("ru").Date(time.Date(2024, time.May, 9, 0, 0, 0, 0, time.UTC)); got != "9 мая 2024 г." {
		t.Errorf("Russian May = %q", got)
	}
}

func TestTimeAroundNoonAndMidnight(t *testing.T) {
	tests := []struct {
		hour             int
		en, hant, others string
	}{
		{0, "12:07 AM", "上午12:07", "00:07"},
		{9, "9:07 AM", "上午9:07", "09:07"},
		{12, "12:07 PM", "下午12:07", "12:07"},
		{23, "11:07 PM", "下午11:07", "23:07"},
	}
	for _, tt := range tests {
		at := time.Date(2026, time.January, 1, tt.hour, 7, 0, 0, time.UTC)
		for code, want := range map[string]string{"en": tt.en, "zh-Hant": tt.hant, "ru": tt.others, "zh-Hans": tt.others} {
			if got := Of(code).Time(at); got != want {
				t.Errorf("%s: Time at %d = %q, want %q", code, tt.hour, got, want)
			}
		}
	}
}

func TestDatesAreInTheTimesOwnZone(t *testing.T) {
	hanoi := afternoon.In(time.FixedZone("ICT", 7*60*60)) // 22:04
	if got, want := Of("vi").DateTime(hanoi.Add(2*time.Hour)), "lúc 00:04 ngày 22 tháng 11, 2026"; got != want {
		t.Errorf("DateTime = %q, want %q", got, want)
	}
}

func TestAgo(t *testing.T) {
	tests := []struct {
		code string
		d    time.Duration
		want string
	}{
		{"en", -time.Hour, "just now"},
		{"en", 0, "just now"},
		{"en", 59 * time.Second, "just now"},
		{"en", time.Minute, "1 min ago"},
		{"en", 59*time.Minute + 59*time.Second, "59 min ago"},
		{"en", 2 * time.Hour, "2 h ago"},
		{"en", 24 * time.Hour, "1 day ago"},
		{"en", 3 * 24 * time.Hour, "3 days ago"},
		{"en", 1500 * 24 * time.Hour, "1,500 days ago"},
		{"vi", 2 * time.Hour, "2 giờ trước"},
		{"ru", time.Minute, "1 минуту назад"},
		{"ru", 22 * time.Minute, "22 минуты назад"},
		{"ru", 11 * time.Hour, "11 часов назад"},
		{"ru", 21 * 24 * time.Hour, "21 день назад"},
		{"pt-BR", time.Hour, "há 1 hora"},
		{"pt-BR", 3 * 24 * time.Hour, "há 3 dias"},
		{"zh-Hans", time.Second, "刚刚"},
		{"zh-Hant", 5 * time.Minute, "5 分鐘前"},
	}
	for _, tt := range tests {
		if got := Of(tt.code).Ago(afternoon.Add(-tt.d), afternoon); got != tt.want {
			t.Errorf("%s: Ago(%v) = %q, want %q", tt.code, tt.d, got, tt.want)
		}
	}
}
