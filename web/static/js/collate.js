// Sorts names in the reader's language, as web/chat/collate.go does on the server.

import { language } from "./i18n.js";

const collator = new Intl.Collator(language);

// compareNames compares two names for sorting.
export function compareNames(a, b) {
  return collator.compare(a, b);
}
