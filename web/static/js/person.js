// How a person is shown: the colour and the initials of the avatar, the names, and the URL.

import { t } from "./i18n.js";

const HUES = 12;

const { me, guest } = document.body.dataset;

export { me };

// self is the reader's name in frames. A guest's ends with "(guest)". It is undefined for a visitor without a name.
export const self = me ?? (guest ? `${guest} (guest)` : undefined);

// isFormer reports whether a name is that of a deleted account: usernames contain no spaces, and "(guest)" follows a guest's name.
export function isFormer(user) {
  return user.includes(" ") && !user.includes("(");
}

// displayOf returns the display name of a user who is listed beside the room or has a message on the page, and of others the username.
export function displayOf(user) {
  if (isFormer(user)) return t("person.former");
  const by = `[data-user="${CSS.escape(user)}"]`;
  return (document.querySelector(`.person${by}`) ?? document.querySelector(`.message${by}`))?.dataset.display ?? user;
}

// hueOf returns the CSS class of a username's colour. As in web/avatar.go, it is FNV-1a over the UTF-8 bytes.
export function hueOf(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name.toLowerCase())) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return `hue-${hash % HUES}`;
}

// initialsOf returns the same as the server: the first letters or digits of the first and last word; one character in East Asian
// scripts.
export function initialsOf(display) {
  const all = display.replace(/ \(@[^()]*\)$/, "").trim().split(/\s+/); // without the username of namesakes
  const lettered = all.map((word) => word.replace(/^[^\p{L}\p{N}]+/u, "")).filter(Boolean);
  const words = lettered.length ? lettered : all;
  const first = [...words[0]][0] ?? "";
  const last = [...words.at(-1)][0] ?? "";
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(last)) return last;
  return (words.length > 1 ? first + last : first).toUpperCase();
}

// fillHandle shows the username beside a display name if they differ. Guests have no username.
export function fillHandle(element, user, display) {
  const handle = element.querySelector(".handle");
  handle.querySelector("bdi").textContent = user;
  handle.hidden = !user || user === display || user.includes(" ");
}

// withHandle returns a display name followed by the username, for texts in which nothing else distinguishes people with the same name.
export function withHandle(user, display) {
  return user === display || user.includes(" ") || display.endsWith(`(@${user})`) ? display : `${display} (@${user})`;
}

export function paintAvatar(avatar, user, display) {
  avatar.classList.add(hueOf(user));
  avatar.textContent = initialsOf(display);
}

// personURL returns the address of a person's card.
export function personURL(user) {
  return `/people/${encodeURIComponent(user)}/`;
}

export function directURL(user) {
  return `/chat/@${encodeURIComponent(user)}/`;
}
