// How a person is shown: colour, initials and URL.

const HUES = 12;

const { me, guest } = document.body.dataset;

// self is the reader's own name in frames, with the mark of a guest. It is undefined for a visitor without a name.
export const self = me ?? (guest ? `${guest} (guest)` : undefined);

// displayOf returns the display name of a user who is listed beside the room.
export function displayOf(user) {
  return document.querySelector(`.person[data-user="${CSS.escape(user)}"]`)?.dataset.display ?? user;
}

// hueOf returns the class of a username's colour: FNV-1a over its UTF-8 bytes, as the server computes it.
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

// fillHandle shows the username beside a display name, if they differ. A guest has none.
export function fillHandle(element, user, display) {
  const handle = element.querySelector(".handle");
  handle.querySelector("bdi").textContent = user;
  handle.hidden = !user || user === display || user.includes("(");
}

// withHandle returns a display name with the username, for texts without other means to tell people apart.
export function withHandle(user, display) {
  return user === display || user.includes("(") || display.endsWith(`(@${user})`) ? display : `${display} (@${user})`;
}

export function paintAvatar(avatar, user, display) {
  avatar.classList.add(hueOf(user));
  avatar.textContent = initialsOf(display);
}

export function directURL(user) {
  return `/chat/@${encodeURIComponent(user)}/`;
}
