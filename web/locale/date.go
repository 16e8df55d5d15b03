package locale

import (
	"fmt"
	"strconv"
	"time"
)

// loadDates takes what dates are made of out of the catalogue. The patterns' placeholders are {day},
// {month} (its name), {year}; {hour} (00–23), {hour12} (1–12), {minute}, {period} (before or after
// noon); {date} and {time}. They follow CLDR's long dates and short times, as browsers write them, so
// that a page doesn't flicker when its script turns UTC into the reader's own time.
func (l *Locale) loadDates() {
	for i := range l.months {
		l.months[i] = l.texts["date.month."+strconv.Itoa(i+1)].raw
	}
	l.long = l.texts["date.long"]
	l.clock = l.texts["date.time"]
	l.both = l.texts["date.both"]
	l.am = l.texts["date.am"].raw
	l.pm = l.texts["date.pm"].raw
}

// Date writes the day of t, in t's own time zone, with the month's name: "November 21, 2026".
func (l *Locale) Date(t time.Time) string {
	year, month, day := t.Date()
	return l.long.fill(l, []any{
		"day", strconv.Itoa(day),
		"month", l.months[month-1],
		"year", strconv.Itoa(year),
	})
}

// Time writes the hour and minute of t in t's own time zone: "3:04 PM", "15:04".
func (l *Locale) Time(t time.Time) string {
	hour, minute, _ := t.Clock()
	period := l.am
	if hour >= 12 {
		period = l.pm
	}
	return l.clock.fill(l, []any{
		"hour", fmt.Sprintf("%02d", hour),
		"hour12", strconv.Itoa((hour+11)%12 + 1),
		"minute", fmt.Sprintf("%02d", minute),
		"period", period,
	})
}

// DateTime writes both, in t's own time zone: "November 21, 2026 at 3:04 PM".
func (l *Locale) DateTime(t time.Time) string {
	return l.both.fill(l, []any{"date", l.Date(t), "time", l.Time(t)})
}

// Ago writes how long before now t was, in the biggest of minutes, hours and days of which one is
// full: "just now", "5 min ago", "2 h ago", "3 days ago". A t after now, which another machine's
// clock may give, is just now.
func (l *Locale) Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return l.T("ago.now")
	case d < time.Hour:
		return l.T("ago.minutes", "count", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.T("ago.hours", "count", int(d/time.Hour))
	}
	return l.T("ago.days", "count", int(d/(24*time.Hour)))
}
