// The live parts of the lobby: the table of people, the number of people in each room, and a filter that works while the person types.

import { compareNames } from "./collate.js";
import { number, t } from "./i18n.js";
import { userDeleted } from "./former.js";
import { listen } from "./inbox.js";
import { paintAvatar, personURL } from "./person.js";
import { presenceOf, showPresence } from "./presence.js";
import { peopleChanged } from "./renamed.js";
import { roomURL, showAccess } from "./room-change.js";
import { localizeTimes, setTime } from "./time.js";
import * as sidebar from "./sidebar.js";

const CHANGED_FOR = 1500; // ms for which a changed row is highlighted
const FILTER_AFTER = 250; // ms after the last key press

const people = document.getElementById("people");
const cards = document.getElementById("room-cards");

let total = Number(people.dataset.total);
let filterTimer = 0;

function rowOf(name) {
  return people.querySelector(`tr[data-user="${CSS.escape(name)}"]`);
}

// changed handles a people frame: the number of people online, changes of the people whom the page shows, and new people.
function changed(frame) {
  sidebar.sidebarPeople(frame);
  peopleChanged(frame);
  for (const person of frame.came ?? []) show(person, true);
  for (const person of frame.went ?? []) show(person, false);
  if (frame.people_total) total = frame.people_total;
  const count = frame.people_online;
  document.getElementById("here-summary").textContent = t("lobby.here", { count, total: number(total) });
}

// deleted handles a user_deleted frame. The people frame that follows shows the new total.
function deleted(frame) {
  userDeleted(frame);
  total--;
}

function show(person, online) {
  const row = rowOf(person.user) ?? (isOnThisPage(person) ? insertRow(person.user) : null);
  if (row) fillRow(row, person, online);
}

// isOnThisPage reports whether a person belongs to this page of the table. New people are inserted on the first page, if it is not filtered.
function isOnThisPage(person) {
  const { page, query } = people.dataset;
  return page === "1" && !query && Boolean(person.new);
}

function insertRow(name) {
  const body = document.getElementById("people-rows");
  if (!body) return null;
  const row = document.getElementById("person-template").content.querySelector("tr").cloneNode(true);
  row.dataset.user = name;
  setTime(row.querySelector(".since time"), new Date()); // only people who have just signed up are inserted
  const next = Array.from(body.rows).find((other) => compareNames(other.dataset.user, name) > 0);
  body.insertBefore(row, next ?? null);
  return row;
}

// fillRow writes a person of a people frame into a row. The frame leaves out empty fields.
function fillRow(row, person, isOnline) {
  const { user: name, display = "", email = "", last_seen } = person;
  const shown = display.replace(` (@${name})`, "");
  const fullName = shown === name ? "" : shown; // the username stands beside it
  row.querySelector(".person-name").href = personURL(name);
  row.querySelector(".person-name bdi").textContent = name;
  const avatar = row.querySelector(".avatar");
  paintAvatar(avatar, name, fullName || name);
  setText(row.querySelector(".full-name"), fullName);
  setText(row.querySelector(".email bdi"), email);
  showPresence(row, presenceOf(person, isOnline));
  setStatus(row, isOnline, last_seen);
}

function setText(cell, text) {
  if (cell && text !== undefined && cell.textContent !== text) cell.textContent = text;
}

function setStatus(row, isOnline, lastSeen) {
  const changed = "here" in row.dataset !== isOnline;
  if (!changed && !lastSeen) return;
  if (isOnline) row.dataset.here = "";
  else delete row.dataset.here;
  const seen = row.querySelector(".last-seen");
  seen.replaceChildren();
  if (!isOnline && lastSeen) {
    const time = document.createElement("time");
    time.dataset.ago = "";
    setTime(time, new Date(lastSeen));
    seen.append("· ", time);
  }
  if (!changed) return;
  row.classList.add("changed");
  setTimeout(() => row.classList.remove("changed"), CHANGED_FOR);
}

function cardOf(room) {
  return cards.querySelector(`[data-room="${CSS.escape(room)}"]`);
}

function addCard({ room }) {
  const card = document.getElementById("room-card-template").content.firstElementChild.cloneNode(true);
  nameCard(card, room);
  cards.append(card);
  return card;
}

function nameCard(card, room) {
  card.dataset.room = room;
  const link = card.querySelector("a");
  link.href = roomURL(room);
  link.querySelector("bdi").textContent = room;
}

function renameCard(was, room) {
  const card = cardOf(was);
  if (!card) return;
  cardOf(room)?.remove(); // of a room that nobody had written in
  nameCard(card, room);
}

function room(frame) {
  if (!frame.unmade) sidebar.sidebarRoom(frame);
  if (frame.access === "group") return;
  if (frame.was) renameCard(frame.was, frame.room);
  if (frame.gone) cardOf(frame.room)?.remove();
  else {
    // Only the server knows which rooms are on this page or match its filter.
    const card = cardOf(frame.room) ?? ("partial" in cards.dataset ? null : addCard(frame));
    if (card) fillCard(card, frame);
  }
  document.getElementById("rooms-empty").hidden = cards.childElementCount > 0;
}

function fillCard(card, frame) {
  showAccess(card.querySelector("a"), frame.access);
  setText(card.querySelector(".topic-text"), frame.topic);
  setText(card.querySelector(".here-text"), t("room.here_count", { count: frame.here }));
  const faces = (frame.faces ?? []).map(({ user, display }) => {
    const avatar = document.createElement("span");
    avatar.className = "avatar tiny";
    avatar.setAttribute("aria-hidden", "true");
    paintAvatar(avatar, user, display ?? user);
    return avatar;
  });
  card.querySelector(".faces").replaceChildren(...faces);
}

// lastMessage handles a frame with the last message of a room. It has no id if the room has no message any more.
function lastMessage({ room, id, user, display = user, action = false, message, timestamp }) {
  const card = cardOf(room);
  if (!card) return;
  const line = card.querySelector(".last");
  line.hidden = !id;
  card.querySelector(".last-at").hidden = !id;
  if (!id) return;
  line.querySelector(".last-by").textContent = display;
  const text = line.querySelector(".last-text");
  text.textContent = message;
  text.classList.toggle("action", action);
  setTime(card.querySelector(".last-at time"), new Date(timestamp));
}

// filter requests the filtered page from the server, and takes the table out of the response.
async function filter(query) {
  const address = query ? `/?q=${encodeURIComponent(query)}` : "/";
  const answer = await fetch(address).catch(() => null);
  if (answer?.status === 429) { // request it again after the wait, unless the person has typed since
    filterTimer = setTimeout(filter, 1000 * Number(answer.headers.get("Retry-After") ?? 1), query);
    return;
  }
  if (!answer?.ok) return;
  const other = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = other.getElementById("people");
  Object.assign(people.dataset, fresh.dataset);
  document.getElementById("people-list").replaceWith(fresh.querySelector("#people-list"));
  localizeTimes(people);
  history.replaceState(null, "", address);
}

function startFilter() {
  const field = document.getElementById("people-filter").elements.q;
  field.addEventListener("input", () => {
    clearTimeout(filterTimer);
    filterTimer = setTimeout(() => filter(field.value.trim()), FILTER_AFTER);
  });
}

startFilter();
listen({ people: changed, user_deleted: deleted, room, last_message: lastMessage }, {
  lobby: true,
  names: () => Array.from(people.querySelectorAll("tr[data-user]"), (row) => row.dataset.user),
  list: people,
});
