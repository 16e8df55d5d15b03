// The page's language: its texts are part of the page, plurals and numbers come from the browser.

const language = document.documentElement.lang || "en";
const strings = JSON.parse(document.getElementById("page")?.textContent || "{}")?.strings ?? {};
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

export { language };

export function number(n) {
  return numbers.format(n);
}

// t returns the text of a key with its {placeholders} replaced. values.count chooses among plural forms.
// Calls of t must have literal keys: the server searches the scripts for them.
export function t(key, values = {}) {
  const entry = strings[key] ?? key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(Number(values.count))] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

// isolate keeps a name of another direction from changing the order of the sentence.
export function isolate(name) {
  return `\u2068${name}\u2069`;
}
