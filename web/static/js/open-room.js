// Changing rooms without loading a page: links to rooms, and the browser's Back and Forward. The rooms that were open last are kept as the
// reader has left them.

import { setTitle, title } from "./badge.js";
import { placeBars } from "./bars.js";
import { closeDrawers } from "./dialog.js";
import { flash } from "./flash.js";
import { t } from "./i18n.js";
import { localizeTimes } from "./time.js";
import { startFilters } from "./who-stays.js";

const MOST_KEPT = 5; // rooms
const ANSWER_WITHIN = 15_000; // ms
const ROOM = /^\/chat\/[^/]+\/$/;

const kept = new Map(); // rooms by path, the one that was open last at the end: {main, title, state}

let current = { path: location.pathname, title }; // the room that is open
let turns = 0; // counts the rooms that were asked for: an answer for an earlier one is dropped
let leave = () => {}; // returns what open needs to show the room as it was left
let open = () => {};

// keptRoom returns the element <main> of a room that is kept, or undefined.
export function keptRoom(name) {
  return Array.from(kept.values(), ({ main }) => main).find((main) => main.dataset.room === name);
}

// forgetRoom handles a room frame: a room that is kept and has changed is loaded again when it is opened.
export function forgetRoom({ room, was, topic = "", access, archived, gone, title }) {
  for (const [path, { main }] of kept) {
    const { room: name } = main.dataset;
    const same = !archived && !gone && access === main.dataset.access && topic === main.querySelector(".topic").textContent &&
      (title === undefined || title === main.querySelector("h1 bdi").textContent);
    if (name === was || (name === room && !same)) kept.delete(path);
  }
}

// forgetRooms has all rooms loaded again when they are opened.
export function forgetRooms() {
  kept.clear();
}

// fetchRoom returns a room as the server renders it, or null if the browser has to load the page.
async function fetchRoom(url) {
  const answer = await fetch(url, { headers: { "Hearth-Part": "main" }, signal: AbortSignal.timeout(ANSWER_WITHIN) });
  const version = answer.headers.get("Hearth-Part");
  if (!answer.ok || !version || !import.meta.url.includes(`/${version}/`)) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = document.adoptNode(page.getElementById("main"));
  return { main, title: page.title, path: new URL(answer.url).pathname };
}

// keep puts the room that is open among those that are kept.
function keep() {
  const main = document.getElementById("main");
  kept.delete(current.path);
  kept.set(current.path, { main, title: current.title, path: current.path, state: leave() });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
}

function show(room, url, push) {
  const fromDrawer = Boolean(history.state?.drawer);
  closeDrawers({ keep: true });
  keep();
  if (push && !fromDrawer) history.pushState(null, "", room.path + url.hash);
  else if (fromDrawer || location.pathname !== room.path) history.replaceState(null, "", room.path + url.hash);
  kept.delete(room.path);
  document.getElementById("main").replaceWith(room.main);
  current = room;
  setTitle(room.title);
  placeBars();
  localizeTimes(room.main);
  for (const field of document.querySelectorAll(".sidebar input[name=next]")) field.value = room.path;
  if (!room.state) startFilters(room.main);
  open(room.state);
  if (room.main.contains(document.activeElement)) return;
  const heading = room.main.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

// changeRoom shows the room of an address. With push, it becomes a new entry of the browser's history.
async function changeRoom(url, push) {
  const turn = ++turns;
  let room = kept.get(url.pathname);
  try {
    room ??= await fetchRoom(url);
  } catch {
    if (turn !== turns) return;
    flash(t("connection.needed"));
    if (!push) history.replaceState(null, "", current.path); // the page still shows this room
    return;
  }
  if (turn !== turns) return;
  if (room) show(room, url, push);
  else location.assign(url);
}

// onClick is called after the handlers of the page, which may use the click for something else.
function onClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href, location.href);
  if (link.target || link.hasAttribute("download") || url.origin !== location.origin || url.search || !ROOM.test(url.pathname)) return;
  if (url.pathname !== current.path) {
    event.preventDefault();
    changeRoom(url, true);
  } else if (!url.hash) {
    event.preventDefault();
    turns++; // the reader stays here
    closeDrawers();
  }
}

function onPopState() {
  const url = new URL(location.href);
  if (url.pathname === current.path || !ROOM.test(url.pathname)) return;
  if (url.search) location.reload();
  else changeRoom(url, false);
}

// startChanging follows links to rooms. It calls onLeave() before another room is shown, and then onOpen(state), where state is what onLeave
// has returned when the room was open last; undefined: it was not open before.
export function startChanging({ onLeave, onOpen }) {
  leave = onLeave;
  open = onOpen;
  addEventListener("click", onClick);
  addEventListener("popstate", onPopState);
  document.addEventListener("room-renamed", () => {
    current = { path: location.pathname, title };
  });
  // Back and Forward have no effect but on the address before this script is loaded.
  const { room } = document.getElementById("main").dataset;
  if (decodeURIComponent(location.pathname) === `/chat/${room}/`) return;
  current.path = `/chat/${encodeURIComponent(room)}/`;
  onPopState();
}
