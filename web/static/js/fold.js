// Compares texts without case and marks, as web/chat/fold.go does on the server.

// Letters whose mark is no character of its own in Unicode.
const STROKES = { ß: "ss", đ: "d", ħ: "h", ı: "i", ł: "l", ø: "o", ŧ: "t", ð: "d", æ: "ae", œ: "oe", þ: "th" };

// fold returns the form in which names are compared: without case and marks, like the server's foldMarks.
export function fold(text) {
  return text.toLowerCase().normalize("NFKD").replace(/(?![\u3099\u309a])\p{Mn}/gu, "").normalize("NFC")
    .replace(/[ßđħıłøŧðæœþ]/g, (letter) => STROKES[letter]);
}
