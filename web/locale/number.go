package locale

import "strconv"

// Number formats an integer with its digits in groups of three, separated as the language does: 1,234,567 in English, 1.234.567
// in Vietnamese, no-break spaces in Russian. The catalogue has the separator. A test compares the results with those of
// golang.org/x/text/message, which is ten times slower and not documented to be safe for concurrent use.
func (l *Locale) Number(n int) string {
	digits := strconv.Itoa(n)
	first := 0 // the index of the first digit
	if n < 0 {
		first = 1
	}
	if len(digits)-first <= 3 {
		return digits
	}
	b := make([]byte, 0, len(digits)+len(digits)/3*len(l.group))
	for i := range len(digits) {
		if i > first && (len(digits)-i)%3 == 0 {
			b = append(b, l.group...)
		}
		b = append(b, digits[i])
	}
	return string(b)
}
