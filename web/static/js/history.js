// Loads the messages at either end of the log when the reader scrolls near it, and other parts of the room's history.

import { t } from "./i18n.js";
import { edges, extend, idOf, keepPlace, messages, prepend, replaceAll, scroller } from "./log.js";
import { buildMessage } from "./message.js";

const PAGE = 50; // messages in each request
const NEAR = 600; // px from an end of the log at which the next page is loaded
const PAUSE = 3000; // ms after a failure

let room = null; // the signal of startHistory: another one belongs to another room
let loading = false;
let paused = false; // after a failure
let part = 0; // counts the parts of the history that were shown: an answer for an earlier one is dropped
let newest = 0; // the id of the last message that has come

async function fetchPage(query) {
  const name = encodeURIComponent(document.getElementById("main").dataset.room);
  const answer = await fetch(`/api/rooms/${name}/messages?limit=${PAGE}${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`history: status ${answer.status}`);
  return answer.json();
}

// buildAll creates the elements of the messages that are not on the page yet. The message to which one replies can be among them or in the
// log.
function buildAll(frames, known = (id) => document.getElementById(`m${id}`)) {
  const built = new Map();
  const find = (id) => built.get(id) ?? known(id);
  for (const frame of frames) {
    if (!known(frame.id)) built.set(frame.id, buildMessage(frame, find));
  }
  return [...built.values()];
}

function showEdges() {
  document.getElementById("older").hidden = !edges.older;
  document.getElementById("newer").hidden = !edges.newer;
  document.getElementById("room-start").hidden = edges.older;
}

function labelOlder(text) {
  document.querySelector("#older a").textContent = text;
}

// came is called for each message that comes, whether it is shown or not.
export function came(id) {
  newest = Math.max(newest, id);
  keepPlace(showEdges);
}

// load fetches a page and calls show with it, unless another part of the history was shown meanwhile.
async function load(query, show) {
  loading = true;
  const shown = part;
  const at = room;
  try {
    const page = await fetchPage(query);
    if (at !== room) return;
    if (shown === part) show(page);
    keepPlace(showEdges);
  } catch {
    if (at !== room) return;
    paused = true;
    setTimeout(() => {
      paused = false;
      loadNear();
    }, PAUSE);
  }
  loading = false;
  labelOlder(t("room.older"));
  loadNear();
}

function loadOlder() {
  labelOlder(t("room.loading"));
  load(`&before=${messages()[0].dataset.id}`, (page) => {
    edges.older = page.messages.length === PAGE;
    prepend(buildAll(page.messages));
  });
}

// lacksNewest reports whether a message is missing in a page because it came after the page was requested, when the last one was asked.
function lacksNewest(page, asked) {
  return newest > asked && page.messages.every(({ id }) => id !== newest);
}

function loadNewer() {
  const asked = newest;
  load(`&after=${messages().at(-1).dataset.id}`, (page) => {
    edges.newer = page.messages.length === PAGE || lacksNewest(page, asked);
    extend(buildAll(page.messages));
  });
}

// loadNear loads the next page if the reader is near an end of the window.
export function loadNear() {
  if (loading || paused || !messages().length) return;
  const below = Math.abs(scroller.scrollTop);
  const above = scroller.scrollHeight - scroller.clientHeight - below;
  if (edges.older && above < NEAR) loadOlder();
  else if (edges.newer && below < NEAR) loadNewer();
}

async function show(query, ends) {
  const asked = newest;
  const now = ++part;
  const page = await fetchPage(query);
  if (now !== part) return null;
  part++; // a page that was requested for the messages before must not be added to these
  Object.assign(edges, ends(page));
  edges.newer ||= lacksNewest(page, asked);
  replaceAll(buildAll(page.messages, () => null));
  showEdges();
  return page;
}

// showAround shows the messages around a position, which is the id of a message or a Date. It returns null if the reader wants to see
// another part of the history, or another room, meanwhile. It rejects if the messages cannot be loaded.
export function showAround(position) {
  const query = position instanceof Date ? `&time=${encodeURIComponent(position.toISOString())}` : `&around=${position}`;
  return show(query, (page) => ({ older: page.older, newer: page.newer }));
}

// showNewest shows the last messages of the room.
export function showNewest() {
  return show("", (page) => ({ older: page.messages.length === PAGE, newer: false }));
}

// startHistory sets up the history of a room, until signal is aborted.
export function startHistory(signal) {
  room = signal;
  loading = paused = false;
  part++;
  showEdges();
  const last = messages().at(-1);
  newest = last ? idOf(last) : 0;
  scroller.addEventListener("scroll", loadNear, { signal });
  const resized = new ResizeObserver(loadNear);
  resized.observe(scroller);
  signal.addEventListener("abort", () => resized.disconnect());
  for (const link of document.querySelectorAll("#older a, #newer a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      paused = false;
      loadNear();
    }, { signal });
  }
}
