// What is unread in this room. A message is read when it was on the screen while the page was visible. The room has one read position: all
// messages up to it were on the screen. Those that were seen after a gap count when the gap is closed. The bar above the log shows how many
// messages are unread, and leads to the first or the newest one.

import { flash } from "./flash.js";
import { t } from "./i18n.js";
import { MOST, bar, drawBar, pill } from "./unread-bar.js";
import { onEscape } from "./escape.js";
import { came, loadNear, showAround, showNewest } from "./history.js";
import { append, atEnd, edges, idOf, messageBefore, messages, putNewLine, scroller, showNewLine, startLog, toEnd } from "./log.js";
import { SeenRanges } from "./seen-ranges.js";
import { self } from "./person.js";

const MARK_EVERY = 3000; // ms between two read marks
const MOST_TRIES = 3; // to load the end of the log, while messages come
const FIRST = 2 ** 32; // an id has the number of its room above this one
const PARTS = [0, 0.25, 0.5, 0.75, 1]; // of a message: the browser reports when another part of it is on the screen

const page = document.getElementById("main").dataset;
const log = document.getElementById("log");

const seen = new SeenRanges(Number(page.read)); // the read position, and what was seen after it
const onScreen = new Set();

let unread = Number(page.unread); // messages of others after the read position
let newest = Number(page.last); // no message of the room has a higher id
let sent = seen.position; // the last position that was sent
let confirmed = sent; // the last position that has come back from the server
let movingBack = false; // the position was moved back, and the server has not confirmed that yet
let markTimer = 0;
let showsBar = unread > 0;
let held = false; // the reader has marked messages as unread: what is on the screen does not count until they are marked as read
let cameHidden = false; // messages came while the page was hidden
let wasAtEnd = false; // then the reader was at the end of the log
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
    if (!isSeen(entry)) {
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
function watchScreen() {
  const whole = new IntersectionObserver(onIntersection, { root: scroller, threshold: PARTS });
  const middle = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) see(target);
    advance();
  }, { root: scroller, rootMargin: "-49% 0px -49% 0px" });
  const observe = (message) => [whole, middle].forEach((observer) => observer.observe(message));
  new MutationObserver((records) => {
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
  }).observe(log, { childList: true });
  messages().forEach(observe);
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
  const answer = await fetch(`/api/rooms/${encodeURIComponent(page.room)}/read`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const now = await answer.json();
  if (now.id >= seen.position) seen.move(now.id);
  if (now.id === seen.position) unread = now.unread;
  show();
}

// arrived shows a new message, and counts it. own says that this page has sent it.
export function arrived(message, own) {
  const id = idOf(message);
  const counted = counts(message);
  newest = Math.max(newest, id);
  came(id);
  if (counted) unread++;
  if (counted && document.hidden && !cameHidden) {
    cameHidden = true;
    wasAtEnd = atEnd();
  }
  append(message, { own });
  if (own) markAll();
  else if (!counted) advance();
  else show();
}

// around returns the read position for showAround. Before it is known, it is the beginning of the room.
function around() {
  return seen.position || Math.floor(newest / FIRST) * FIRST;
}

// reload shows the room again, at the first unread message, when too many were missed to get them one by one. It returns the seq of the new
// messages.
export async function reload() {
  await refresh();
  const shown = unread ? await showAround(around()) : await showNewest();
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
  for (let tries = 0; edges.newer && tries < MOST_TRIES; tries++) await showNewest();
  toEnd();
  loadNear();
  show();
}

// toFirst shows the first unread message.
export async function toFirst() {
  const [top] = messages();
  if (top && seen.position < idOf(top) && edges.older) await showAround(around());
  const first = firstUnread();
  if (first) putNewLine(first);
  showNewLine();
  loadNear();
  show();
}

function onVisibility() {
  if (document.hidden) return sendMark(true);
  if (cameHidden) showUnread();
  if (cameHidden && wasAtEnd) showNewLine();
  cameHidden = false;
  const view = scroller.getBoundingClientRect();
  for (const message of onScreen) {
    const { top, bottom } = message.getBoundingClientRect();
    if (bottom > view.top && top < view.bottom) see(message);
  }
  advance();
}

// startUnread sets up the log and the bar. sendPosition({id, back}, leaving) sends the read position, and reports whether it was sent.
// leaving says that there may be no later attempt.
export function startUnread(sendPosition) {
  send = sendPosition;
  startLog();
  scroller.addEventListener("scroll", show);
  pill.addEventListener("click", () => {
    toNewest().catch(() => {});
    scroller.focus({ preventScroll: true });
  });
  show();
  if (!self || !bar) return;
  watchScreen();
  onEscape(() => unread && markAll());
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("pagehide", () => sendMark(true));
  const on = (id, act) => document.getElementById(id).addEventListener("click", (event) => {
    event.preventDefault();
    act();
    scroller.focus({ preventScroll: true }); // the control may be hidden now
  });
  on("mark-read", markAll);
  on("jump-newest", () => toNewest().catch(() => {}));
  on("jump-first", () => toFirst().catch(() => {}));
}
