// The list of people beside a room, the lines about joins and leaves, and the line that says who is typing.

import { isolate, number, t } from "./i18n.js";
import { clockText, setTime } from "./time.js";
import { directURL, displayOf, fillHandle, withHandle } from "./person.js";
import { appendLine } from "./log.js";

export const here = document.getElementById("here");
export const away = document.getElementById("away");
const template = document.getElementById("person-link-template");
const typing = document.getElementById("typing");
const me = document.getElementById("main").dataset.me;

const MAX_HERE = 200; // rows; maxHere in web/room.go is the same number
const TYPING_FOR = 6000; // ms for which a typing frame is shown

// The names of all who are in the room. The list may show fewer.
const present = new Set(Array.from(here.children, (row) => row.dataset.user));
const typists = new Map(); // maps a name to the timer that removes it

function rowOf(name) {
  return document.querySelector(`.person[data-user="${CSS.escape(name)}"]`);
}

// isGuest reports whether a name is a guest's: "(guest)" follows it, and usernames contain no parentheses.
function isGuest(name) {
  return name.includes("(");
}

// removeLinks removes the links of a guest's row, because guests cannot get private messages.
function removeLinks(row) {
  row.querySelector(".side-link").removeAttribute("href");
}

function build(name, display) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.user = name;
  row.dataset.display = display ?? name;
  if (!display && !isGuest(name)) row.dataset.unnamed = ""; // until the server sends the display name
  for (const link of row.querySelectorAll("a")) link.href = directURL(name);
  if (isGuest(name)) removeLinks(row);
  fillName(row);
  return row;
}

function fillName(row) {
  row.querySelector(".side-name").textContent = row.dataset.display;
  fillHandle(row, row.dataset.user, row.dataset.display);
}

function count() {
  const more = document.getElementById("here-more");
  const unlisted = Math.max(0, present.size - here.childElementCount);
  more.hidden = !unlisted;
  more.textContent = t("people.more", { count: unlisted });
  document.getElementById("here-count").textContent = number(present.size);
  document.getElementById("away-count").textContent = number(away.childElementCount);
  document.getElementById("away-section").hidden = !away.childElementCount;
}

function place(list, row) {
  const display = row.dataset.display;
  const next = Array.from(list.children).find((other) => other !== row && other.dataset.display.localeCompare(display) > 0);
  list.insertBefore(row, next ?? null);
  count();
}

function setOnline(row, online, lastSeen) {
  row.querySelector(".dot").classList.toggle("online", online);
  row.querySelector(".status-word").textContent = online ? t("people.online") : t("people.offline");
  const seen = row.querySelector(".last-seen");
  seen?.replaceChildren();
  if (online || !seen || !lastSeen) return;
  const time = document.createElement("time");
  time.dataset.ago = "";
  setTime(time, new Date(lastSeen));
  seen.append(time);
}

// addPresent adds a person who is in the room. If the display name is not given, the server is asked for it (see shown).
function addPresent(name, display) {
  present.add(name);
  const known = rowOf(name);
  if (known?.parentElement !== here && here.childElementCount >= MAX_HERE && name !== me) {
    known?.remove();
    count();
    return;
  }
  const row = known ?? build(name, display);
  setOnline(row, true);
  if (row.parentElement !== here) place(here, row);
}

// removePresent moves a person who has left the room to the list of absent people, and lists another present person in the free row.
function removePresent(name) {
  present.delete(name);
  const row = rowOf(name);
  if (row) place(away, row);
  else count();
  if (here.childElementCount >= Math.min(MAX_HERE, present.size)) return;
  const next = Array.from(present).find((other) => rowOf(other)?.parentElement !== here);
  if (next) addPresent(next);
}

// replaceHere sets the people who are in the room.
export function replaceHere(names) {
  const now = new Set(me ? [...names, me] : names);
  for (const name of Array.from(present)) {
    if (!now.has(name)) removePresent(name);
  }
  for (const name of now) addPresent(name);
}

// addLine adds a line to the log.
function addLine(text) {
  const line = document.createElement("div");
  line.className = "line event";
  line.textContent = `${text} · ${clockText(new Date())}`;
  appendLine(line);
}

// joined and left handle user_join and user_leave frames. A frame can repeat what the page already knows; then they add no line.
export function joined({ user, display }) {
  const known = present.has(user);
  addPresent(user, display ?? user);
  if (user !== me && !known) addLine(t("room.joined", { name: isolate(display ?? displayOf(user)) }));
}

export function left({ user, display }) {
  if (user !== me && present.has(user)) addLine(t("room.left", { name: isolate(display ?? displayOf(user)) }));
  removePresent(user);
  stopTyping(user);
}

// manyJoined and manyLeft handle users_joined and users_left frames.
export function manyJoined({ users, message }) {
  for (const user of users) addPresent(user);
  addLine(message);
}

export function manyLeft({ users, message }) {
  for (const user of users) {
    removePresent(user);
    stopTyping(user);
  }
  addLine(message);
}

// shown returns the people about whom the server should send changes: the absent ones, and the present ones whose display name is not
// known yet.
export function shown() {
  return Array.from(document.querySelectorAll("#away .person, #here .person[data-unnamed]"), (row) => row.dataset.user);
}

// changed handles a people frame.
export function changed({ came = [], went = [] }) {
  for (const person of came) change(person, true);
  for (const person of went) change(person, false);
}

function change({ user, display, last_seen }, online) {
  const row = rowOf(user);
  if (!row) return;
  delete row.dataset.unnamed;
  if (row.dataset.display !== (display ?? user)) {
    row.dataset.display = display ?? user;
    fillName(row);
    place(row.parentElement, row);
  }
  if (row.parentElement === away) setOnline(row, online, last_seen);
}

function showTyping() {
  const [first, second, third] = Array.from(typists.keys(), (name) => isolate(displayOf(name)));
  typing.title = Array.from(typists.keys(), (name) => withHandle(name, displayOf(name))).join(", ");
  if (third) typing.textContent = t("typing.many");
  else if (second) typing.textContent = t("typing.two", { name: first, other: second });
  else typing.textContent = first ? t("typing.one", { name: first }) : "";
}

export function showTypingUser({ user }) {
  if (user === me) return;
  clearTimeout(typists.get(user));
  typists.set(user, setTimeout(() => stopTyping(user), TYPING_FOR));
  showTyping();
}

export function stopTyping(user) {
  clearTimeout(typists.get(user));
  typists.delete(user);
  showTyping();
}
