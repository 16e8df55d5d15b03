// What every picture of a person is made of: a colour, initials, an address.

const HUES = 12;

const { me, guest } = document.body.dataset;

// self is one's own name as frames have it: a guest's is marked. Undefined for who only reads.
export const self = me ?? (guest ? `${guest} (guest)` : undefined);

// displayOf is what people call a user who is listed beside the room.
export function displayOf(user) {
  return document.querySelector(`.person[data-user="${CSS.escape(user)}"]`)?.dataset.display ?? user;
}

// hueOf picks the colour of a name: FNV-1a over its UTF-8 bytes, as the server does it.
export function hueOf(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name.toLowerCase())) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return `hue-${hash % HUES}`;
}

// initialsOf follows the server: first letters of the first and last word; one sign where words are signs.
export function initialsOf(display) {
  const words = display.replace(/ \(@[^()]*\)$/, "").trim().split(/\s+/); // without the username that tells namesakes apart
  const first = [...words[0]][0] ?? "";
  const last = [...words.at(-1)][0] ?? "";
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(last)) return last;
  return (words.length > 1 ? first + last : first).toUpperCase();
}

// fillHandle shows the username beside a display name, where the two differ. A guest has none.
export function fillHandle(element, user, display) {
  const handle = element.querySelector(".handle");
  handle.querySelector("bdi").textContent = user;
  handle.hidden = !user || user === display || user.includes("(");
}

// withHandle is a display name with the username, for texts in which the two can't be told apart otherwise.
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
