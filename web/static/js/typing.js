// The line that says who is typing.

import { isolate, t } from "./i18n.js";
import { displayOf, self, withHandle } from "./person.js";

const TYPING_FOR = 6000; // ms for which a typing frame is shown

const typists = new Map(); // maps a name to the timer that removes it

function showTyping() {
  const typing = document.getElementById("typing");
  const [first, second, third] = Array.from(typists.keys(), (name) => isolate(displayOf(name)));
  typing.title = Array.from(typists.keys(), (name) => withHandle(name, displayOf(name))).join(", ");
  if (third) typing.textContent = t("typing.many");
  else if (second) typing.textContent = t("typing.two", { name: first, other: second });
  else typing.textContent = first ? t("typing.one", { name: first }) : "";
}

export function showTypingUser({ user }) {
  if (user === self) return;
  clearTimeout(typists.get(user));
  typists.set(user, setTimeout(() => stopTyping(user), TYPING_FOR));
  showTyping();
}

export function stopTyping(user) {
  clearTimeout(typists.get(user));
  typists.delete(user);
  showTyping();
}

// startTyping is called when another room is open: nobody is known to be typing there.
export function startTyping() {
  for (const user of Array.from(typists.keys())) stopTyping(user);
}
