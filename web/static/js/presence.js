// Shows whether a person is online, away, not to be disturbed or offline, and the person's status.

import { t } from "./i18n.js";

// presenceOf returns the class of a person's dot.
export function presenceOf({ availability = "" }, online) {
  return online ? availability || "online" : "offline";
}

function wordOf(presence) {
  if (presence === "away") return t("people.away");
  if (presence === "dnd") return t("people.dnd");
  return presence === "online" ? t("people.online") : t("people.offline");
}

// showPresence shows the presence in an element with a dot and a word.
export function showPresence(element, presence) {
  const dot = element.querySelector(".dot");
  if (dot) dot.className = `dot ${presence}`;
  const word = element.querySelector(".status-word");
  if (word) word.textContent = wordOf(presence);
}

// showStatus shows a status, as templates/partials/card.html does, in the status-note of an element: the emoji, or the text if there is none.
export function showStatus(element, { emoji = "", text = "" } = {}) {
  const note = element.querySelector(".status-note");
  if (!note) return;
  note.hidden = !emoji && !text;
  note.classList.toggle("hint", !emoji);
  note.title = text;
  const shown = document.createElement("span");
  shown.className = "status-shown";
  shown.textContent = emoji || text;
  note.replaceChildren(shown);
  if (!emoji || !text) return;
  const word = document.createElement("span");
  word.className = "sr";
  word.textContent = text;
  note.append(" ", word);
}
