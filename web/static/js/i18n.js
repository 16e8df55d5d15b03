// The texts of the page's language. The server puts them into the page; the browser's Intl chooses plural forms and formats numbers.

const language = document.documentElement.lang || "en";
const strings = JSON.parse(document.getElementById("page")?.textContent || "{}")?.strings ?? {};
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

export { language };

export function number(n) {
  return numbers.format(n);
}

// t returns the text of a key with its {placeholders} replaced by values. values.count chooses the plural form. The key must be a string
// literal, because the server finds the keys that a page needs by searching the scripts for calls of t.
export function t(key, values = {}) {
  const entry = strings[key] ?? key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(Number(values.count))] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

// isolate puts a name between U+2068 and U+2069, so that a right-to-left name does not change the order of the words around it.
export function isolate(name) {
  return `\u2068${name}\u2069`;
}
