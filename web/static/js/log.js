// The log of messages. While the reader is at its end, it scrolls to new messages; otherwise what the reader sees does not move. This
// module also inserts the day lines between messages.

import { t } from "./i18n.js";
import { buildPending } from "./message.js";
import { dayOf, setTime } from "./time.js";

const JOIN_WITHIN = 5 * 60_000; // ms between two messages of one author that are shown without repeating the name
const NEAR_END = 48; // px from the end that still count as the end
const MAX_ELEMENTS = 1000; // elements that are kept on the page; older messages are loaded again when the reader scrolls up

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

export function groupAll() {
  for (const message of log.querySelectorAll(".message")) group(message);
}

export function messages() {
  return log.querySelectorAll(".message");
}

// atEnd reports whether the reader is at the end of the log. The scroller is a reversed column (css/room.css), so scrollTop is 0 there.
export function atEnd() {
  return Math.abs(scroller.scrollTop) < NEAR_END;
}

// keepPlace calls change, which changes the log, and keeps what the reader sees in place.
export function keepPlace(change) {
  if (atEnd()) return change();
  const height = inner.getBoundingClientRect().height;
  change();
  scroller.scrollTop -= inner.getBoundingClientRect().height - height;
}

function trim() {
  if (!atEnd()) return;
  while (log.childElementCount > MAX_ELEMENTS) log.firstElementChild.remove();
}

export function append(message, { own = false } = {}) {
  const stay = atEnd() || own;
  keepPlace(() => {
    log.append(message);
    group(message);
  });
  if (stay) return toEnd();
  unseen++;
  showPill();
}

// appendLine adds an element that is not a message of the room: a join, a leave, or a private message.
export function appendLine(element) {
  keepPlace(() => log.append(element));
  trim();
}

// prepend inserts older messages at the top. What the reader sees does not move, and screen readers do not announce them (aria-busy).
export function prepend(elements) {
  log.setAttribute("aria-busy", "true");
  log.prepend(...elements);
  groupAll();
  log.removeAttribute("aria-busy");
}

export function replaceAll(elements) {
  log.replaceChildren();
  prepend(elements);
  toEnd();
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
  unseen = 0;
  showPill();
  trim();
}

function showPill() {
  const text = unseen ? t("room.new_messages", { count: unseen }) : t("room.to_bottom");
  document.getElementById("pill-text").textContent = text;
  pill.hidden = atEnd();
}

// startLog sets up the log with the messages that the server has rendered. onScroll(scroller) is called when the reader scrolls.
export function startLog(onScroll) {
  groupAll();
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
