// The log: it stays at its end unless the reader has scrolled up, keeps the reader's place otherwise, and inserts the lines between
// messages.

import { t } from "./i18n.js";
import { buildPending } from "./message.js";
import { dayOf, setTime } from "./time.js";

const JOIN_WITHIN = 5 * 60_000; // ms between messages of one author that are shown as one
const NEAR_END = 48; // px that still count as being at the end
const MOST = 1000; // elements kept in the page; older ones load again on scrolling up

const scroller = document.getElementById("scroller");
const inner = scroller.querySelector(".scroller-inner");
const log = document.getElementById("log");
const pending = document.getElementById("pending");
const pill = document.getElementById("pill");
const dayTemplate = document.getElementById("day-template");

let unseen = 0;

function timeOf(message) {
  return new Date(message.querySelector(".byline time").dateTime);
}

function messageBefore(message) {
  let element = message.previousElementSibling;
  while (element && !element.classList.contains("message")) element = element.previousElementSibling;
  return element;
}

// dayBetween returns the <time> of the day line between two messages, if there is one.
function dayBetween(before, message) {
  let element = message.previousElementSibling;
  for (; element && element !== before; element = element.previousElementSibling) {
    const time = element.querySelector("time[data-day]");
    if (time) return time;
  }
  return null;
}

// settle adds a message's day line and joins it to the one before, by the reader's clock.
function settle(message) {
  const before = messageBefore(message);
  const at = timeOf(message);
  const newDay = !before || dayOf(timeOf(before)) !== dayOf(at);
  const day = dayBetween(before, message);
  if (newDay && !day) message.before(dayLine(at));
  if (!newDay) day?.closest(".line.day")?.remove();
  const apart = message.previousElementSibling !== before;
  const sameAuthor = before?.dataset.user === message.dataset.user;
  const reply = !message.querySelector(".reply").hidden;
  message.classList.toggle("joined", !apart && sameAuthor && !reply && at - timeOf(before) < JOIN_WITHIN);
}

function dayLine(at) {
  const line = dayTemplate.content.firstElementChild.cloneNode(true);
  setTime(line.querySelector("time"), at);
  return line;
}

export function settleAll() {
  for (const message of log.querySelectorAll(".message")) settle(message);
}

export function messages() {
  return log.querySelectorAll(".message");
}

// atEnd: the scroller is turned upside down (css/room.css), so its end is zero.
export function atEnd() {
  return Math.abs(scroller.scrollTop) < NEAR_END;
}

// holding changes the log and keeps the reader's place.
export function holding(change) {
  if (atEnd()) return change();
  const height = inner.getBoundingClientRect().height;
  change();
  scroller.scrollTop -= inner.getBoundingClientRect().height - height;
}

function trim() {
  if (!atEnd()) return;
  while (log.childElementCount > MOST) log.firstElementChild.remove();
}

export function append(message, { own = false } = {}) {
  const stay = atEnd() || own;
  holding(() => {
    log.append(message);
    settle(message);
  });
  if (stay) return toEnd();
  unseen++;
  showPill();
}

// appendLine adds a line that is no message: a join or leave, a private message.
export function appendLine(element) {
  holding(() => log.append(element));
  trim();
}

// prepend inserts older messages at the top. The reader's place stays, and screen readers do not announce them.
export function prepend(elements) {
  log.setAttribute("aria-busy", "true");
  log.prepend(...elements);
  settleAll();
  log.removeAttribute("aria-busy");
}

export function replaceAll(elements) {
  log.replaceChildren();
  prepend(elements);
  toEnd();
}

let shown = ""; // the text of the pending messages

export function showPending(items, who, state, onChoice) {
  const now = JSON.stringify([items, state]);
  if (now === shown) return; // screen readers announce it only once, and the focus stays
  shown = now;
  holding(() => pending.replaceChildren(...items.map((item) => buildPending(item, who, state, onChoice))));
}

export function toEnd() {
  scroller.scrollTop = 0;
  unseen = 0;
  showPill();
  trim();
}

function showPill() {
  const text = unseen ? t("room.new_messages", { count: unseen }) : t("room.to_bottom");
  document.getElementById("pill-text").textContent = text;
  pill.hidden = atEnd();
}

// startLog takes over the messages in the page. onScroll is called when the reader scrolls.
export function startLog(onScroll) {
  settleAll();
  document.getElementById("new-line")?.scrollIntoView({ block: "nearest" });
  pill.addEventListener("click", () => {
    toEnd();
    scroller.focus({ preventScroll: true });
  });
  scroller.addEventListener("scroll", () => {
    if (atEnd()) unseen = 0;
    showPill();
    onScroll(scroller);
  });
  showPill();
}
