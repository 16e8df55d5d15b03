package locale

import "strconv"

// Number writes a whole number with its digits in groups of three, as the language separates them:
// 1,234,567 in English, 1.234.567 in Vietnamese, with no-break spaces in Russian. The catalogue has
// the separator, and a test compares with golang.org/x/text/message, which would be ten times slower
// and has no promise to be safe for concurrent use.
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
