// The log of messages: a window of at most MAX_ROWS messages of the room's history, with day lines between them and the line "New" above
// the first unread one. While the reader is at the end of the log, it scrolls to new messages; otherwise what the reader sees does not move.

import { t } from "./i18n.js";
import { buildPending } from "./message.js";
import { dayOf, setTime } from "./time.js";

const JOIN_WITHIN = 5 * 60_000; // ms between two messages of one author that are shown without repeating the name
const NEAR_END = 40; // px from the end that still count as the end
const MAX_ROWS = 300; // messages on the page; others are loaded again when the reader scrolls to them
const MAX_LINES = 50; // private messages in the log
const NEW_AT = 0.25; // of the height of the view: where the line "New" is when the room opens

// Elements of the room that is open, since startLog.
export let scroller = null;
let log = null;
let pending = null;

// edges says at which ends of the window the room has more messages.
export const edges = { older: false, newer: false };

let newFrom = 0; // the id of the message below the line "New"; 0: there is no line

function timeOf(message) {
  return new Date(message.querySelector(".byline time").dateTime);
}

export function idOf(message) {
  return Number(message.dataset.id);
}

export function messageBefore(message) {
  let element = message.previousElementSibling;
  while (element && !element.classList.contains("message")) element = element.previousElementSibling;
  return element;
}

// dayBetween returns the <time> of the day line between two messages, or null.
function dayBetween(before, message) {
  let element = message.previousElementSibling;
  for (; element && element !== before; element = element.previousElementSibling) {
    const time = element.querySelector("time[data-day]");
    if (time) return time;
  }
  return null;
}

// group adds or removes the day line above a message, and joins the message to the one before it. Days are those of the reader's time zone.
function group(message) {
  const before = messageBefore(message);
  const at = timeOf(message);
  const newDay = !before || dayOf(timeOf(before)) !== dayOf(at);
  const day = dayBetween(before, message);
  if (newDay && !day) message.before(dayLine(at));
  if (!newDay) day?.closest(".line.day")?.remove();
  if (!newDay) day?.closest(".line.new")?.firstElementChild.replaceChildren(t("room.new_since"));
  const apart = message.previousElementSibling !== before;
  const sameAuthor = before?.dataset.user === message.dataset.user;
  const reply = !message.querySelector(".reply").hidden;
  const notice = message.matches(".log-line") || before?.matches(".log-line");
  const joined = !apart && sameAuthor && !reply && !notice && at - timeOf(before) < JOIN_WITHIN;
  message.classList.toggle("joined", joined);
  message.querySelector(".byline .who").tabIndex = joined ? -1 : 0; // the name is not shown again
}

function dayLine(at) {
  const line = document.getElementById("day-template").content.firstElementChild.cloneNode(true);
  setTime(line.querySelector("time"), at);
  return line;
}

export function messages() {
  return Array.from(log.querySelectorAll(".message"));
}

// putNewLine puts the line "New" above a message. A day that begins there is on the same line.
export function putNewLine(message) {
  newFrom = idOf(message);
  if (document.getElementById("new-line")?.nextElementSibling !== message) keepPlace(() => moveNewLine(message));
}

function moveNewLine(message) {
  const old = document.getElementById("new-line");
  const below = old?.nextElementSibling;
  old?.remove();
  if (below?.classList.contains("message")) group(below);
  const line = document.createElement("div");
  line.id = "new-line";
  line.className = "line new";
  const words = document.createElement("span");
  words.append(t("room.new_since"));
  line.append(words);
  const day = message.previousElementSibling;
  if (day?.matches(".line.day")) {
    words.append(" · ", day.querySelector("time"));
    day.remove();
  }
  message.before(line);
  group(message);
}

// showNewLine scrolls so that the line "New" is in the upper part of the view, or to the end if all that follows fits below it.
export function showNewLine() {
  const line = document.getElementById("new-line");
  if (line) scrollTo(line, NEW_AT);
}

// scrollTo scrolls so that the top of an element is at a part of the height of the view.
export function scrollTo(element, part) {
  const { top, height } = scroller.getBoundingClientRect();
  scroller.scrollTop += element.getBoundingClientRect().top - top - part * height;
}

// atEnd reports whether the reader is at the newest message. The scroller is a reversed column (css/room.css), so scrollTop is 0 there.
export function atEnd() {
  return !edges.newer && Math.abs(scroller.scrollTop) < NEAR_END;
}

// firstVisible returns the first message in the view. Day lines do not count, because they stick to its top.
function firstVisible() {
  const { top } = scroller.getBoundingClientRect();
  return messages().find((message) => message.getBoundingClientRect().bottom > top);
}

// keepPlace calls change, which changes the log, and keeps what the reader sees in place. A reader at the end stays there.
export function keepPlace(change, follow = atEnd()) {
  if (follow) return change();
  const kept = firstVisible();
  const before = kept?.getBoundingClientRect().top;
  change();
  if (kept?.isConnected) scroller.scrollTop += kept.getBoundingClientRect().top - before;
}

// quietly inserts messages that screen readers must not announce.
function quietly(change) {
  log.setAttribute("aria-busy", "true");
  change();
  log.removeAttribute("aria-busy");
}

// restoreNewLine puts the line "New" back if its message is on the page again.
function restoreNewLine() {
  const message = newFrom && document.getElementById(`m${newFrom}`);
  if (message && !document.getElementById("new-line")) putNewLine(message);
}

function removeAll(elements) {
  if (elements.some((element) => element.contains(document.activeElement))) scroller.focus({ preventScroll: true });
  for (const element of elements) element.remove();
}

// trimStart and trimEnd remove the messages at one end that exceed MAX_ROWS.
function trimStart() {
  const rows = messages();
  const first = rows[rows.length - MAX_ROWS];
  if (rows.length <= MAX_ROWS) return;
  const all = Array.from(log.children);
  removeAll(all.slice(0, all.indexOf(first)));
  edges.older = true;
  group(first);
}

function trimEnd() {
  const last = messages()[MAX_ROWS - 1];
  const all = Array.from(log.children);
  const extra = last ? all.slice(all.indexOf(last) + 1) : [];
  if (!extra.some((element) => element.matches(".message"))) return;
  removeAll(extra);
  edges.newer = true;
}

// append adds a new message. It returns false, and adds nothing, if the window does not reach to the end of the room, or would have to lose
// messages that the reader sees. With stay, it does not scroll to the message.
export function append(message, { own = false, stay = false } = {}) {
  const follow = own || (atEnd() && !stay);
  if (!edges.newer && !follow && messages().length >= MAX_ROWS) edges.newer = true;
  if (edges.newer) return false;
  keepPlace(() => {
    log.append(message);
    group(message);
  }, follow);
  if (!follow) return true;
  trimStart();
  toEnd();
  return true;
}

// appendLine adds a private message, which is not a message of the room. The oldest ones make room for it.
export function appendLine(element) {
  keepPlace(() => {
    log.append(element);
    const lines = log.querySelectorAll(".whisper");
    if (lines.length > MAX_LINES) lines[0].remove();
  });
}

// prepend and extend insert older messages at the top, and newer ones at the end. What the reader sees does not move.
export function prepend(elements) {
  const first = messages()[0];
  quietly(() => keepPlace(() => {
    log.prepend(...elements);
    for (const message of [...elements, ...(first ? [first] : [])]) group(message);
    restoreNewLine();
    trimEnd();
  }, false));
}

export function extend(elements) {
  quietly(() => keepPlace(() => {
    log.append(...elements);
    for (const message of elements) group(message);
    restoreNewLine();
    trimStart();
  }, false));
}

// replaceAll shows another part of the room's history. The caller scrolls.
export function replaceAll(elements) {
  quietly(() => {
    removeAll(Array.from(log.children));
    log.append(...elements);
    for (const message of elements) group(message);
    restoreNewLine();
  });
}

let shownPending = ""; // the pending messages on the page, as JSON

export function showPending(items, author, state, onChoice) {
  const now = JSON.stringify([items, state]);
  if (now === shownPending) return; // new elements would lose the focus and be announced again
  shownPending = now;
  keepPlace(() => pending.replaceChildren(...items.map((item) => buildPending(item, author, state, onChoice))));
}

export function toEnd() {
  scroller.scrollTop = 0;
}

// startLog sets up the log of a room with the messages on the page. at is the position to which leaveLog had scrolled it; without it, the
// log shows the line "New", or its end.
export function startLog(at) {
  const { dataset } = document.getElementById("main");
  scroller = document.getElementById("scroller");
  log = document.getElementById("log");
  pending = document.getElementById("pending");
  Object.assign(edges, { older: dataset.older === "true", newer: dataset.newer === "true" });
  newFrom = 0;
  shownPending = "";
  const below = document.getElementById("new-line")?.nextElementSibling;
  if (below) newFrom = idOf(below);
  for (const message of messages()) group(message);
  if (at === undefined) showNewLine();
  else scroller.scrollTop = at;
}

// leaveLog keeps the state of the log in its elements, and returns the position to which it is scrolled.
export function leaveLog() {
  const { dataset } = document.getElementById("main");
  Object.assign(dataset, edges);
  return scroller.scrollTop;
}
