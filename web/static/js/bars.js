// The status bars below the heading of every page. They show the state of the connection, and the messages that the server has not
// stored yet.

import { groupURL, isGroup, titleOf } from "./group.js";
import { isolate, t } from "./i18n.js";

const EXCERPT = 60; // characters of a refused message that are shown

const bars = document.createElement("div");

function addBar(id) {
  const bar = document.createElement("p");
  bar.id = id;
  bar.className = "line-state";
  bar.setAttribute("role", "status");
  bar.hidden = true;
  bars.append(bar);
  return bar;
}

const state = addBar("line-state");
const unsent = addBar("unsent");

bars.className = "bars";
placeBars();

// placeBars puts the bars into the page, again when it shows another room.
export function placeBars() {
  document.querySelector("#main > .pane-head, #main > .brand").after(bars);
}

function logInLink() {
  const link = document.createElement("a");
  link.href = `/login/?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = t("connection.log_in");
  return link;
}

// showState shows the state of the connection, one of those that connection.js passes to onState. words is the server's text for the
// state "refused".
export function showState(now, words = "") {
  state.hidden = now === "open";
  state.textContent = "";
  if (now === "refused") state.textContent = words;
  if (now === "reconnecting") state.textContent = t("connection.reconnecting");
  if (now === "offline") state.textContent = t("connection.offline");
  if (now === "blocked") state.textContent = t("connection.blocked");
  if (now === "signed-out") state.append(t("connection.signed_out"), " ", logInLink());
}

function roomLink(room, text) {
  const link = document.createElement("a");
  link.href = isGroup(room) ? groupURL(room) : `/chat/${encodeURIComponent(room)}/`;
  link.textContent = text;
  return link;
}

function nameOf(room) {
  if (isGroup(room)) return isolate(titleOf(room));
  return isolate(room.startsWith("@") ? room : `#${room}`);
}

function button(text, onClick) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button quiet small";
  element.textContent = text;
  element.addEventListener("click", onClick);
  return element;
}

function failure(item, onChoice) {
  const bar = addBar(`unsent-${item.nonce}`);
  const start = item.text.length > EXCERPT ? `${item.text.slice(0, EXCERPT)}…` : item.text;
  const reason = t("unsent.failed", { room: nameOf(item.room), text: isolate(start), reason: item.failed });
  bar.append(reason, " ", button(t("message.retry"), () => onChoice("retry", item)), " ", button(t("message.discard"), () => onChoice("discard", item)));
  bar.hidden = false;
  return bar;
}

let shown = "";
let failures = [];

// showUnsent shows how many messages wait to be sent in each room: counts maps rooms to numbers. failed lists the messages that the
// server refused. Each of them gets buttons that send it again or discard it, because the reader may have lost access to the room where
// it was written. The buttons call onChoice("retry" or "discard", item).
export function showUnsent(counts, failed, onChoice) {
  const now = JSON.stringify([[...counts], failed]);
  if (now === shown) return; // writing the same text again would make screen readers repeat it
  shown = now;
  const links = Array.from(counts, ([room, count]) => roomLink(room, t("unsent.room", { room: nameOf(room), count })));
  const total = Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
  unsent.hidden = !total;
  unsent.replaceChildren(t("unsent.count", { count: total }), ...links.flatMap((link) => [" ", link]));
  for (const bar of failures) bar.remove();
  failures = failed.map((item) => failure(item, onChoice));
}
