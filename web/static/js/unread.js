// What is unread in this room. A message is read when it was on the screen while the page was visible. The room has one read position: all
// messages up to it were on the screen. Those that were seen after a gap count when the gap is closed. The bar above the log shows how many
// messages are unread, and leads to the first or the newest one.

import { flash } from "./flash.js";
import { t } from "./i18n.js";
import { MOST, bar, drawBar, pill, startBar } from "./unread-bar.js";
import { onEscape } from "./escape.js";
import { came, loadNear, showAround, showNewest } from "./history.js";
import { append, atEnd, edges, idOf, messageBefore, messages, putNewLine, scroller, showNewLine, toEnd } from "./log.js";
import { SeenRanges } from "./seen-ranges.js";
import { self } from "./person.js";

const MARK_EVERY = 3000; // ms between two read marks
const MOST_TRIES = 3; // to load the end of the log, while messages come
const FIRST = 2 ** 32; // an id has the number of its room above this one
const PARTS = [0, 0.25, 0.5, 0.75, 1]; // of a message: the browser reports when another part of it is on the screen

const onScreen = new Set();

// The state of the room that is open, since startUnread.
let seen = new SeenRanges(0); // the read position, and what was seen after it
let unread = 0; // messages of others after the read position
let newest = 0; // no message of the room has a higher id
let sent = 0; // the last position that was sent
let confirmed = 0; // the last position that has come back from the server
let movingBack = false; // the position was moved back, and the server has not confirmed that yet
let markTimer = 0;
let showsBar = false;
let held = false; // the reader has marked messages as unread: what is on the screen does not count until they are marked as read
let cameHidden = false; // messages came while the reader could not see them: the page was hidden, or showed another room
let wasAtEnd = false; // then the reader was at the end of the log
let resuming = false; // the messages come that were written while the page showed another room
let room = null; // the signal of startUnread: another one belongs to another room
let send = () => false; // sends {id, back}, and reports whether it was sent

// counts reports whether a message counts as unread after the read position.
function counts(message) {
  return !("mine" in message.dataset) && !message.classList.contains("deleted");
}

// firstUnread returns the first unread message of another person on the page.
function firstUnread() {
  return messages().find((message) => idOf(message) > seen.position && counts(message));
}

// isAbove reports whether the first unread message is above the view, loaded or not.
function isAbove(first) {
  const [top] = messages();
  if (top && seen.position < idOf(top) && edges.older) return true;
  return Boolean(first) && first.getBoundingClientRect().bottom < scroller.getBoundingClientRect().top;
}

// show draws the bar, and the button that leads to the end.
export function show() {
  if (!bar && atEnd()) unread = 0;
  const first = unread ? firstUnread() : null;
  const above = unread > 0 && isAbove(first);
  if (!unread) showsBar = false;
  else if (edges.newer || above) showsBar = Boolean(bar); // otherwise the pill counts what comes while one reads further up
  drawBar({ shown: showsBar, unread, first, above });
}

// idBefore returns the id after which nothing comes before a message, as far as that is known.
function idBefore(message) {
  const before = messageBefore(message);
  if (before) return idOf(before);
  return edges.older ? idOf(message) - 1 : 0;
}

// see marks a message as seen.
function see(message) {
  if (!bar || held || document.hidden) return;
  seen.add(idBefore(message), idOf(message), counts(message) ? 1 : 0);
}

// closeGaps joins what was seen after messages were loaded between.
function closeGaps() {
  if (!seen.ranges.length) return;
  for (const message of messages()) {
    if (seen.has(idOf(message))) seen.add(idBefore(message), idOf(message), 0);
  }
  advance();
}

// advance moves the read position over the messages that were seen without a gap.
function advance() {
  const most = unread >= MOST;
  unread = Math.max(0, unread - seen.advance());
  if (most && unread < MOST) refresh();
  const last = messages().at(-1);
  if (!edges.newer && (!last || seen.position >= idOf(last))) unread = 0;
  mark();
  show();
}

// isSeen reports whether enough of a message is on the screen: half of it, or what fills half of the view.
function isSeen({ isIntersecting, intersectionRatio, intersectionRect, rootBounds }) {
  return isIntersecting && (intersectionRatio >= 0.5 || intersectionRect.height >= rootBounds.height / 2);
}

function onIntersection(entries) {
  for (const entry of entries) {
    if (!isSeen(entry) || !entry.target.isConnected) {
      onScreen.delete(entry.target);
      continue;
    }
    onScreen.add(entry.target);
    see(entry.target);
  }
  advance();
}

// watchScreen observes all messages of the log. A message that is much longer than the view never has a quarter of it on the screen; it is
// seen when it crosses the middle.
function watchScreen(signal) {
  const whole = new IntersectionObserver(onIntersection, { root: scroller, threshold: PARTS });
  const middle = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting && target.isConnected) see(target);
    advance();
  }, { root: scroller, rootMargin: "-49% 0px -49% 0px" });
  const observe = (message) => [whole, middle].forEach((observer) => observer.observe(message));
  const log = document.getElementById("log");
  const changes = new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) {
      for (const node of addedNodes) if (node.matches?.(".message")) observe(node);
      for (const node of removedNodes) {
        if (!node.matches?.(".message")) continue;
        whole.unobserve(node);
        middle.unobserve(node);
        onScreen.delete(node);
      }
    }
    closeGaps();
  });
  changes.observe(log, { childList: true });
  messages().forEach(observe);
  signal.addEventListener("abort", () => [whole, middle, changes].forEach((observer) => observer.disconnect()));
}

// mark sends the read position: at once, and then at most every MARK_EVERY.
function mark() {
  if (!bar || markTimer || seen.position <= sent) return;
  sendMark();
  markTimer = setTimeout(() => {
    markTimer = 0;
    mark();
  }, MARK_EVERY);
}

// sendMark sends the read position without waiting, for example because the page is about to be hidden.
export function sendMark(leaving = false) {
  if (bar && seen.position > sent && send({ id: seen.position }, leaving)) sent = seen.position;
}

// markAll moves the read position to the newest message.
export function markAll() {
  if (!bar) return;
  held = movingBack = false;
  unread = 0;
  seen.move(Math.max(newest, seen.position));
  sendMark();
  show();
}

// markUnread moves the read position back, to the message before the given one.
export function markUnread(message) {
  const id = idOf(message) - 1;
  if (!send({ id, back: true })) return flash(t("connection.needed"));
  held = movingBack = true;
  seen.move(id);
  sent = id;
  unread = messages().filter((other) => idOf(other) > id && counts(other)).length; // until the server says how many
  showUnread();
}

// reconnected is called for each new connection. After the first one (again), marks may have been lost, in both directions.
export function reconnected(again) {
  if (movingBack) send({ id: seen.position, back: true });
  sent = Math.min(sent, confirmed);
  sendMark();
  if (again && unread) refresh();
}

// showUnread puts the line "New" above the first unread message, and shows the bar.
function showUnread() {
  const first = firstUnread();
  if (first) putNewLine(first);
  showsBar = true;
  show();
}

// movedElsewhere handles a read frame: another page of the reader has moved the position.
export function movedElsewhere({ id, back, unread: count = 0 }) {
  if (back) {
    held = true;
    movingBack = false;
    seen.move(id);
    sent = confirmed = id;
    unread = count;
    return showUnread();
  }
  confirmed = Math.max(confirmed, id);
  if (id <= seen.position) return;
  held = false;
  const passed = messages().filter((message) => counts(message) && idOf(message) > seen.position && idOf(message) <= id).length;
  seen.move(id);
  sent = Math.max(sent, id);
  unread = Math.max(0, unread - passed);
  advance();
  if (unread && seen.position >= newest) unread = 0;
  if (unread) refresh();
  show();
}

// refresh asks the server how many messages are unread.
export async function refresh() {
  if (!bar) return;
  const at = room;
  const name = encodeURIComponent(document.getElementById("main").dataset.room);
  const answer = await fetch(`/api/rooms/${name}/read`, { headers: { Accept: "application/json" } }).catch(() => null);
  const now = answer?.ok ? await answer.json() : null;
  if (!now || at !== room) return;
  if (now.id >= seen.position) seen.move(now.id);
  if (now.id === seen.position) unread = now.unread;
  show();
}

// arrived shows a new message, and counts it. own says that this page has sent it.
export function arrived(message, own) {
  const id = idOf(message);
  const counted = counts(message) && id > seen.position;
  const stay = document.hidden || resuming;
  newest = Math.max(newest, id);
  came(id);
  if (counted) unread++;
  if (counted && stay && !cameHidden) {
    cameHidden = true;
    wasAtEnd = atEnd();
  }
  append(message, { own, stay });
  if (own) markAll();
  else if (!counted) advance();
  else show();
}

// around returns the read position for showAround. Before it is known, it is the beginning of the room.
function around() {
  return seen.position || Math.floor(newest / FIRST) * FIRST;
}

// reload shows the room again, at the first unread message, when too many were missed to get them one by one. It returns the seq of the new
// messages. It rejects if another room is opened meanwhile.
export async function reload() {
  const at = room;
  await refresh();
  const shown = unread ? await showAround(around()) : await showNewest();
  if (at !== room) throw new Error("another room is open");
  if (!shown) return reload();
  for (const { id } of shown.messages) newest = Math.max(newest, id);
  if (unread) showUnread();
  toEnd();
  showNewLine();
  show();
  return shown.seq;
}

// deleted handles the deletion of a message that may be unread.
export function deleted(id, message) {
  if (id > seen.position && message && counts(message) && !seen.has(id)) unread = Math.max(0, unread - 1);
  show();
}

// toNewest shows the end of the log. It does not move the read position.
export async function toNewest() {
  const at = room;
  for (let tries = 0; edges.newer && tries < MOST_TRIES; tries++) await showNewest();
  if (at !== room) return;
  toEnd();
  loadNear();
  show();
}

// toFirst shows the first unread message.
export async function toFirst() {
  const [top] = messages();
  const at = room;
  if (top && seen.position < idOf(top) && edges.older) await showAround(around());
  if (at !== room) return;
  const first = firstUnread();
  if (first) putNewLine(first);
  showNewLine();
  loadNear();
  show();
}

// showMissed shows where the messages begin that came while the reader could not see them.
function showMissed() {
  if (cameHidden) showUnread();
  if (cameHidden && wasAtEnd) showNewLine();
  cameHidden = false;
}

// resumed is called when the messages have come that were written while the page showed another room.
export function resumed() {
  if (!resuming) return;
  resuming = false;
  if (!document.hidden) showMissed();
}

function onVisibility() {
  if (document.hidden) return sendMark(true);
  showMissed();
  const view = scroller.getBoundingClientRect();
  for (const message of onScreen) {
    const { top, bottom } = message.getBoundingClientRect();
    if (bottom > view.top && top < view.bottom) see(message);
  }
  advance();
}

// left has what is kept of rooms that were open before, by their element <main>.
const left = new WeakMap();

// leaveUnread sends the read position, and keeps the state until the room is open again. It returns the number of unread messages.
export function leaveUnread() {
  const main = document.getElementById("main");
  sendMark(true);
  clearTimeout(markTimer);
  markTimer = 0;
  Object.assign(main.dataset, { read: seen.position, last: newest, unread });
  left.set(main, { ranges: seen.ranges, held });
  return unread;
}

// startUnread sets up the bar of a room, until signal is aborted. sendPosition({id, back}, leaving) sends the read position, and reports
// whether it was sent. leaving says that there may be no later attempt.
export function startUnread(sendPosition, signal) {
  const main = document.getElementById("main");
  const before = left.get(main);
  const page = main.dataset;
  room = signal;
  send = sendPosition;
  seen = new SeenRanges(Number(page.read));
  seen.ranges = before?.ranges ?? [];
  unread = Number(page.unread);
  newest = Number(page.last);
  sent = confirmed = seen.position;
  showsBar = unread > 0;
  held = before?.held ?? false;
  resuming = Boolean(before);
  movingBack = cameHidden = wasAtEnd = false;
  onScreen.clear();
  startBar();
  scroller.addEventListener("scroll", show, { signal });
  pill.addEventListener("click", () => {
    toNewest().catch(() => {});
    scroller.focus({ preventScroll: true });
  }, { signal });
  show();
  if (!self || !bar) return;
  watchScreen(signal);
  onEscape(() => unread && markAll(), signal);
  document.addEventListener("visibilitychange", onVisibility, { signal });
  addEventListener("pagehide", () => sendMark(true), { signal });
  const on = (id, act) => document.getElementById(id).addEventListener("click", (event) => {
    event.preventDefault();
    act();
    scroller.focus({ preventScroll: true }); // the control may be hidden now
  }, { signal });
  on("mark-read", markAll);
  on("jump-newest", () => toNewest().catch(() => {}));
  on("jump-first", () => toFirst().catch(() => {}));
}
