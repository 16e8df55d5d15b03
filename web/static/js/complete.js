// Completion in the composer: commands after "/" at the beginning, people after "@", rooms after "#", and emoji after ":". The list of
// matches is a listbox above the field, which keeps the focus.

import { fold } from "./fold.js";
import { displayOf } from "./person.js";
import { t } from "./i18n.js";

const MAX_ITEMS = 8;
const ASK_AFTER = 150; // ms without typing after which the server is asked
const MAX_ASKED = 40; // characters

// Elements of the room that is open, since startCompletion.
let field = null;
let list = null;
let commands = [];

let items = []; // the matches in the list
let active = -1; // the index of the selected one
let token = null; // what is being completed: its kind, its text, and where it begins
let timer = 0;
let request = 0; // counts requests, so that a late answer is ignored

// tokenAt returns the token that ends at the caret, or null.
function tokenAt(text, caret) {
  if (field.selectionStart !== field.selectionEnd) return null;
  const before = text.slice(0, caret);
  const command = before.match(/^\s*[/／](\p{L}*)$/u);
  if (command) return { kind: "/", text: command[1], at: caret - command[1].length - 1 };
  const emoji = before.match(/(?:^|[\s(（]):([a-z0-9_+-]{2,})$/i);
  if (emoji) return { kind: ":", text: emoji[1], at: caret - emoji[1].length - 1 };
  const word = before.match(/(?:^|[^\p{L}\p{N}.+/_-])([@＠#])([\p{L}\p{N}\p{M}@.+_-]*)$/u);
  if (!word) return null;
  return { kind: word[1] === "#" ? "#" : "@", text: word[2], at: caret - word[2].length - 1 };
}

function commandItems(text) {
  return commands
    .filter(({ names }) => names.some((name) => name.startsWith(text.toLowerCase())))
    .map(({ names, args, help }) => ({ insert: `/${names[0]} `, label: `/${names[0]} ${args}`, hint: help, key: names.find((name) => name === text.toLowerCase()) ?? names[0] }));
}

// knownPeople returns the people on the page by username.
function knownPeople() {
  const people = new Map();
  for (const element of document.querySelectorAll(".person[data-user], #direct-links [data-user], #log .message[data-user]")) {
    const { user } = element.dataset;
    if (user && !user.includes(" ")) people.set(user, displayOf(user));
  }
  return people;
}

function personItem(user, display) {
  return { insert: `@${user} `, label: display || user, hint: `@${user}`, key: user };
}

function peopleItems(text) {
  const wanted = fold(text);
  const matches = Array.from(knownPeople(), ([user, display]) => personItem(user, display)).filter(({ label, key }) =>
    [key, ...label.split(/\s+/)].some((word) => fold(word).startsWith(wanted)) || fold(label).startsWith(wanted));
  const everybody = list.dataset.everybody !== undefined && "room".startsWith(wanted) ? [{ insert: "@room ", label: "@room", hint: t("complete.everybody") }] : [];
  return [...matches, ...everybody];
}

function roomItems(text) {
  const wanted = fold(text);
  return Array.from(document.querySelectorAll("#room-links [data-room]"), (link) => link.dataset.room)
    .filter((room) => fold(room).startsWith(wanted))
    .map(roomItem);
}

function roomItem(room) {
  return { insert: `#${room} `, label: `#${room}`, hint: "", key: room };
}

function emojiItem({ shortcode, emoji }) {
  return { insert: `${emoji} `, label: emoji, hint: `:${shortcode}:`, key: shortcode };
}

// The addresses of matches that the server knows, and their items, by the kind of the token.
const SOURCES = {
  "@": { path: "/api/users", read: ({ users }) => users.map(({ username, display }) => personItem(username, display)) },
  "#": { path: "/api/rooms", read: ({ rooms }) => rooms.map(({ name }) => roomItem(name)) },
  ":": { path: "/api/emoji", read: ({ emoji }) => emoji.map(emojiItem) },
};

// ask adds matches that the server knows.
function ask({ kind, text }) {
  clearTimeout(timer);
  const id = ++request;
  if (kind === "/" || !text || text.length > MAX_ASKED) return;
  timer = setTimeout(async () => {
    const answer = await fetch(`${SOURCES[kind].path}?limit=${MAX_ITEMS}&q=${encodeURIComponent(text)}`).catch(() => null);
    if (!answer?.ok || id !== request || !token) return;
    const more = SOURCES[kind].read(await answer.json());
    const fresh = more.filter(({ key }) => !items.some((item) => item.key === key));
    if (id === request && fresh.length > 0) show([...items, ...fresh], items.length > 0 ? active : 0);
  }, ASK_AFTER);
}

function optionOf({ label, hint }, i) {
  const option = document.createElement("li");
  option.id = `complete-${i}`;
  option.setAttribute("role", "option");
  option.dataset.index = i;
  const name = document.createElement("bdi");
  name.textContent = label;
  const note = document.createElement("bdi");
  note.className = "hint";
  note.textContent = hint === label || hint === `@${label}` ? "" : hint;
  option.append(name, " ", note);
  return option;
}

// show lists matches. If what was typed is already one of them, none is selected, so that Enter sends the message.
function show(matches, selected = 0) {
  items = matches.slice(0, MAX_ITEMS);
  const typed = token && fold(token.text);
  if (token?.kind !== ":" && items.some(({ key }) => key !== undefined && fold(key) === typed)) selected = -1;
  list.replaceChildren(...items.map(optionOf));
  list.hidden = items.length === 0;
  select(Math.min(selected, items.length - 1));
}

function select(i) {
  active = i;
  for (const option of list.children) option.setAttribute("aria-selected", String(Number(option.dataset.index) === i));
  if (i < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", `complete-${i}`);
  list.children[i]?.scrollIntoView({ block: "nearest" });
}

function close() {
  token = null;
  request++;
  clearTimeout(timer);
  show([]);
}

// update shows the matches of the token at the caret.
function update() {
  token = tokenAt(field.value, field.selectionStart);
  if (!token) return close();
  show({ "/": commandItems, "@": peopleItems, "#": roomItems, ":": () => [] }[token.kind](token.text));
  ask(token);
}

// insert replaces the token by a match. The browser's undo brings the token back.
function insert({ insert: text }) {
  field.focus();
  field.setSelectionRange(token.at, field.selectionStart);
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, token.at, field.selectionStart, "end");
    field.dispatchEvent(new Event("input"));
  }
  close();
}

function onKey(event) {
  if (list.hidden || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
  const last = items.length - 1;
  const steps = { ArrowDown: active === last ? 0 : active + 1, ArrowUp: active <= 0 ? last : active - 1 };
  const chosen = active >= 0 && ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab");
  if (event.key in steps) select(steps[event.key]);
  else if (chosen) insert(items[active]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

// startCompletion sets up completion in a composer, until signal is aborted. It must be called before other listeners of the field are
// added, because it takes keys while the list is open.
export function startCompletion(composer, signal) {
  field = composer.elements.message;
  list = document.getElementById("complete");
  commands = JSON.parse(list.dataset.commands);
  close();
  field.addEventListener("keydown", onKey, { signal });
  field.addEventListener("input", update, { signal });
  field.addEventListener("click", update, { signal });
  field.addEventListener("blur", close, { signal });
  composer.addEventListener("submit", close, { signal }); // the text is gone
  list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal }); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && token) insert(items[Number(option.dataset.index)]);
  }, { signal });
}
