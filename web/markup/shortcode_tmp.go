package markup

// emojiOf returns the emoji with a shortcode.
func emojiOf(string) (string, bool) { return "", false }
