package locale

import (
	"fmt"
	"strconv"
	"time"
)

// loadDates reads the names of the months and the patterns of dates from the catalogue. The placeholders of patterns are {day},
// {month} (its name) and {year}; {hour} (00–23), {hour12} (1–12), {minute} and {period} (before or after noon); {date} and
// {time}. The patterns are CLDR's long dates and short times, which browsers use too. So the format stays the same when the
// script of a page replaces a time in UTC by the time in the reader's time zone.
func (l *Locale) loadDates() {
	for i := range l.months {
		l.months[i] = l.texts["date.month."+strconv.Itoa(i+1)].raw
	}
	l.long = l.texts["date.long"]
	l.clock = l.texts["date.time"]
	l.both = l.texts["date.both"]
	l.clock12, l.clock24 = l.texts["date.time12"], l.texts["date.time24"]
	l.am = l.texts["date.am"].raw
	l.pm = l.texts["date.pm"].raw
}

// Date formats the day of t in the time zone of t, with the name of the month: "November 21, 2026".
func (l *Locale) Date(t time.Time) string {
	year, month, day := t.Date()
	return l.long.fill(l, []any{
		"day", strconv.Itoa(day),
		"month", l.months[month-1],
		"year", strconv.Itoa(year),
	})
}

// Time formats the hour and minute of t in the time zone of t: "3:04 PM", "15:04".
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

// WithClock returns l with a clock of "12" or "24" hours. For other values it returns l itself.
func (l *Locale) WithClock(hours string) *Locale {
	copied := *l
	switch hours {
	case "12":
		copied.clock = l.clock12
	case "24":
		copied.clock = l.clock24
	default:
		return l
	}
	copied.hours = hours
	return &copied
}

// Hours returns the clock that WithClock has set, or "".
func (l *Locale) Hours() string { return l.hours }

// DateTime formats the day and time of t in the time zone of t: "November 21, 2026 at 3:04 PM".
func (l *Locale) DateTime(t time.Time) string {
	return l.both.fill(l, []any{"date", l.Date(t), "time", l.Time(t)})
}

// Ago formats how long before now t was. It uses the largest of the units minute, hour and day of which at least one has
// passed, and rounds down: "just now", "5 min ago", "2 h ago", "3 days ago". If t is after now, because the clocks of two
// computers differ, it is "just now".
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
