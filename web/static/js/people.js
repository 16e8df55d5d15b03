// The people beside a room, in three groups: those who are here now, those who are online elsewhere, and those who are offline.

import { number } from "./i18n.js";
import { setTime } from "./time.js";
import { compareNames } from "./collate.js";
import { presenceOf, showPresence, showStatus } from "./presence.js";
import { fillHandle, me, personURL } from "./person.js";
import { stopTyping } from "./typing.js";

const PAGE = 50; // rows of a group that are shown at first, and with each "Show more"; peoplePage in web/room_people.go is the same number
const COUNT_EVERY = 60_000; // ms at least between two requests for the numbers of people

// Elements of the room that is open, since startPeople.
export let here = null;
export let elsewhere = null;
export let offline = null;
let panel = null;

// The names of all who are in the room. The list may show fewer.
let present = new Set();
// The names of those who stay in the list after they leave the room: who has written here, or is a member.
let belonging = new Set();
// Names and display names of people who have left the room. The server says whether they are online.
const leaving = new Map();
// The last state of each person whom the page watches, as a people frame had it.
const states = new Map();

const totals = { elsewhere: 0, offline: 0 }; // people in these groups, listed or not
let hereShown = PAGE;
let countTimer = 0;

// kept has the names in belonging of rooms that were open before.
const kept = new WeakMap();

function totalOf(group) {
  return Number(document.getElementById(`${group}-count`).dataset.count);
}

function rowOf(name) {
  return document.querySelector(`.person[data-user="${CSS.escape(name)}"]`);
}

// isGuest reports whether a name is a guest's: "(guest)" follows it, and usernames contain no parentheses.
function isGuest(name) {
  return name.includes("(");
}

function build(name, display) {
  const row = document.getElementById("person-link-template").content.firstElementChild.cloneNode(true);
  row.dataset.user = name;
  row.dataset.display = display ?? name;
  if (!display && !isGuest(name)) row.dataset.unnamed = ""; // until the server sends the display name
  for (const link of row.querySelectorAll("a")) link.href = personURL(name);
  fillName(row);
  return row;
}

function fillName(row) {
  row.querySelector(".side-name").textContent = row.dataset.display;
  fillHandle(row, row.dataset.user, row.dataset.display);
}

function showCount(list, total) {
  const shown = document.getElementById(`${list.id}-count`);
  shown.textContent = number(total);
  shown.dataset.count = total;
  document.getElementById(`${list.id}-section`).hidden = !total;
  panel.querySelector(`.more-people[data-group="${list.id}"]`).hidden = total <= list.childElementCount;
}

function count() {
  showCount(here, present.size);
  for (const list of [elsewhere, offline]) {
    totals[list.id] = Math.max(totals[list.id], list.childElementCount);
    showCount(list, totals[list.id]);
  }
}

// put moves a row into a list: to the top of those who are offline, because who has just gone was the last one seen; otherwise by name.
function put(list, row) {
  const from = row.parentElement;
  const display = row.dataset.display;
  const byName = Array.from(list.children).find((other) => other !== row && compareNames(other.dataset.display, display) > 0);
  list.insertBefore(row, list === offline ? list.firstElementChild : byName ?? null);
  if (from !== list) moveTotal(from, list);
  count();
}

function moveTotal(from, to) {
  if (from?.id in totals) totals[from.id]--;
  if (to?.id in totals) totals[to.id]++;
}

function remove(row) {
  moveTotal(row.parentElement, null);
  row.remove();
  count();
}

// setOnline shows what is known of a person who is in the room (true), or the state that a people frame or an answer of the API has.
function setOnline(row, online, person = null) {
  const lastSeen = person?.last_seen;
  if (person || !online || row.querySelector(".dot").matches(".offline")) showPresence(row, presenceOf(person ?? {}, online));
  if (person) showStatus(row, person.status);
  const seen = row.querySelector(".last-seen");
  seen?.replaceChildren();
  if (online || !seen || !lastSeen) return;
  const time = document.createElement("time");
  time.dataset.ago = "";
  setTime(time, new Date(lastSeen));
  seen.append(time);
}

// isPartial reports whether a group has people who are not listed.
function isPartial() {
  return [elsewhere, offline].some((list) => totals[list.id] > list.childElementCount);
}

async function fetchPeople(group, offset) {
  const room = encodeURIComponent(document.getElementById("main").dataset.room);
  const answer = await fetch(`/api/rooms/${room}/people?group=${group}&offset=${offset}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`people: status ${answer.status}`);
  return answer.json();
}

// countLater asks for the numbers of people again, after somebody has come who may be in a part of the list that is not loaded.
function countLater() {
  if (!me || countTimer || !isPartial()) return;
  countTimer = setTimeout(async () => {
    countTimer = 0;
    if (document.hidden) return;
    for (const list of [elsewhere, offline]) {
      const { total } = await fetchPeople(list.id, totals[list.id] + PAGE).catch(() => ({ total: totals[list.id] }));
      if (list.isConnected) totals[list.id] = total;
    }
    count();
  }, COUNT_EVERY * (1 + Math.random()));
}

// addPresent adds a person who is in the room. If the display name is not given, the server is asked for it (see shown).
function addPresent(name, display) {
  present.add(name);
  leaving.delete(name);
  const known = rowOf(name);
  if (!known) countLater();
  if (known?.parentElement !== here && here.childElementCount >= hereShown && name !== me) {
    if (known) remove(known);
    return count();
  }
  const row = known ?? build(name, display);
  setOnline(row, true);
  if (row.parentElement !== here) put(here, row);
  count();
}

// removePresent removes a person who has left the room, until the server says where the person is, and lists another present person in the
// free row.
function removePresent(name) {
  present.delete(name);
  const row = rowOf(name);
  if (belonging.has(name)) leaving.set(name, row?.dataset.display ?? name);
  if (row?.parentElement === here) remove(row);
  const state = states.get(name);
  if (state) change(state.person, state.online); // the server does not send again what it has sent
  fillHere();
}

// fillHere lists present people until hereShown rows are full.
function fillHere() {
  for (const name of present) {
    if (here.childElementCount >= hereShown) break;
    if (rowOf(name)?.parentElement !== here) addPresent(name);
  }
  count();
}

// replaceHere sets the people who are in the room.
export function replaceHere(names) {
  const now = new Set(me ? [me, ...names] : names);
  for (const name of Array.from(present)) {
    if (!now.has(name)) removePresent(name);
  }
  for (const name of now) addPresent(name);
}

// deleted removes a person whose account was deleted.
export function deleted(user) {
  for (const known of [present, leaving, belonging]) known.delete(user);
  const row = rowOf(user);
  if (row) remove(row);
}

// joined and left handle user_join and user_leave frames.
export function joined({ user, display }) {
  addPresent(user, display ?? user);
}

export function left({ user }) {
  removePresent(user);
  stopTyping(user);
}

// manyJoined and manyLeft handle users_joined and users_left frames.
export function manyJoined({ users }) {
  for (const user of users) addPresent(user);
}

export function manyLeft({ users }) {
  for (const user of users) left({ user });
}

// wrote is called for each message: in rooms that are not only for members, its author belongs to the room from now on.
export function wrote(user) {
  if (!("members" in panel.dataset) && !isGuest(user)) belonging.add(user);
}

// noticed is called for each notice of a group conversation: who was added belongs to it, and who left does not.
export function noticed({ notice, user, people = [] }) {
  for (const person of people) {
    belonging.add(person.user);
    if (!rowOf(person.user)) leaving.set(person.user, person.display);
  }
  if (notice !== "left") return;
  belonging.delete(user);
  leaving.delete(user);
  const row = rowOf(user);
  if (row && !present.has(user)) remove(row);
}

// shown returns the people about whom the server should send changes. Present ones whose display name is not known yet are the first.
export function shown() {
  const rows = [...panel.querySelectorAll("#here .person[data-unnamed]"), ...panel.querySelectorAll(".person")].filter(({ dataset }) => !isGuest(dataset.user));
  return [...leaving.keys(), ...Array.from(rows, (row) => row.dataset.user)];
}

// watched forgets the states of people about whom the server says nothing more: users are those whom the page watches now.
export function watched(users) {
  for (const user of Array.from(states.keys())) if (!users.has(user)) states.delete(user);
}

// changed handles a people frame.
export function changed({ came = [], went = [] }) {
  for (const person of came) change(person, true);
  for (const person of went) change(person, false);
}

function change(person, online) {
  const { user, display } = person;
  states.set(user, { person, online });
  const row = rowOf(user) ?? (leaving.has(user) ? build(user, display ?? user) : null);
  leaving.delete(user);
  if (!row) return;
  delete row.dataset.unnamed;
  const renamed = row.dataset.display !== (display ?? user);
  if (renamed) {
    row.dataset.display = display ?? user;
    fillName(row);
  }
  if (row.parentElement === here) {
    setOnline(row, true, person); // whoever is here is online; an older frame can say otherwise
    return renamed ? put(here, row) : undefined;
  }
  setOnline(row, online, person);
  const list = online ? elsewhere : offline;
  if (renamed || row.parentElement !== list) put(list, row);
}

// showMore lists the next people of a group.
async function showMore(list) {
  if (list === here) {
    hereShown += PAGE;
    return fillHere();
  }
  const { users, total } = await fetchPeople(list.id, list.childElementCount);
  if (!list.isConnected) return; // another room is open
  for (const person of users) {
    const { username, display } = person;
    belonging.add(username);
    if (rowOf(username)) continue;
    const row = build(username, display ?? username);
    setOnline(row, list === elsewhere, person);
    list.append(row);
  }
  totals[list.id] = total;
  count();
}

// leavePeople keeps who belongs to the room.
export function leavePeople() {
  kept.set(panel, belonging);
}

// startPeople sets up the lists of people of a room, until signal is aborted.
export function startPeople(signal) {
  panel = document.getElementById("people");
  [here, elsewhere, offline] = ["here", "elsewhere", "offline"].map((id) => document.getElementById(id));
  present = new Set(Array.from(here.children, (row) => row.dataset.user));
  belonging = kept.get(panel) ?? new Set(Array.from(panel.querySelectorAll("[data-belongs]"), (row) => row.dataset.user));
  leaving.clear();
  hereShown = Math.max(PAGE, here.childElementCount);
  for (const id of Object.keys(totals)) totals[id] = totalOf(id);
  clearTimeout(countTimer);
  countTimer = 0;
  for (const button of panel.querySelectorAll(".more-people")) {
    const list = document.getElementById(button.dataset.group);
    button.addEventListener("click", async () => {
      const last = list.lastElementChild;
      await showMore(list).catch(() => {});
      if (button.hidden) last?.nextElementSibling?.querySelector("a").focus(); // the focus must not get lost with the button
    }, { signal });
  }
  count();
  for (const { person, online } of Array.from(states.values())) change(person, online); // while another room was open
}
