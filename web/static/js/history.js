// Loads older messages when the reader scrolls near the first message on the page.

import { t } from "./i18n.js";
import { messages, prepend, replaceAll } from "./log.js";
import { buildMessage } from "./message.js";

const PAGE = 50; // messages in each request
const NEAR_START = 600; // px from the top at which the next page is loaded
const PAUSE = 3000; // ms after a failure

const main = document.getElementById("main");
const older = document.getElementById("older");
const link = older.querySelector("a");

let hasOlder = main.dataset.older === "true";
let loading = false;

async function fetchPage(query) {
  const room = encodeURIComponent(main.dataset.room);
  const answer = await fetch(`/api/rooms/${room}/messages?limit=${PAGE}${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`history: status ${answer.status}`);
  return answer.json();
}

// buildAll creates the elements of a page of messages. The message to which one replies can be among them or in the log.
function buildAll(frames) {
  const built = new Map();
  const find = (id) => built.get(id) ?? document.getElementById(`m${id}`);
  for (const frame of frames) built.set(frame.id, buildMessage(frame, main.dataset.me, find));
  return [...built.values()];
}

function showBeginning() {
  older.hidden = !hasOlder;
  document.getElementById("room-start").hidden = hasOlder;
}

export async function loadOlder() {
  const first = messages()[0]?.dataset.id;
  if (!hasOlder || loading || !first) return;
  loading = true;
  link.textContent = t("room.loading");
  try {
    const page = await fetchPage(`&before=${first}`);
    hasOlder = page.messages.length === PAGE;
    const fresh = page.messages.filter((message) => !document.getElementById(`m${message.id}`));
    prepend(buildAll(fresh));
    showBeginning();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  } finally {
    loading = false;
    link.textContent = t("room.older");
  }
}

// reload replaces all messages, when too many were missed to get them one by one. It returns the seq of the new messages.
export async function reload() {
  const page = await fetchPage("");
  hasOlder = page.messages.length === PAGE;
  replaceAll(buildAll(page.messages));
  showBeginning();
  return page.seq;
}

export function watchScroll(scroller) {
  const left = scroller.scrollHeight - scroller.clientHeight - Math.abs(scroller.scrollTop);
  if (left < NEAR_START) loadOlder();
}

link.addEventListener("click", (event) => {
  event.preventDefault();
  loadOlder();
});
