// The page's language: its strings come with the page, its plurals and numbers from the browser.

const language = document.documentElement.lang || "en";
const strings = JSON.parse(document.getElementById("page")?.textContent || "{}")?.strings ?? {};
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

export { language };

export function number(n) {
  return numbers.format(n);
}

// t is the text of a key with its {names} filled in. An entry with plural forms is chosen by values.count.
// Keys are written out as literals wherever t is called: the server finds them in the sources.
export function t(key, values = {}) {
  const entry = strings[key] ?? key;
  const text = typeof entry === "string" ? entry : entry[plurals.select(Number(values.count))] ?? entry.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

// isolate keeps a name of another direction from turning the sentence around it.
export function isolate(name) {
  return `\u2068${name}\u2069`;
}
