// The live parts of the sidebar: unread counts, people online, and new and removed rooms.

import { MAX_BADGE, showBadges } from "./badge.js";
import { flash } from "./flash.js";
import { groupOf, isGroup, retitle } from "./group.js";
import { number, t } from "./i18n.js";
import { compareNames } from "./collate.js";
import { presenceOf, showPresence, showStatus } from "./presence.js";
import { directURL, fillHandle } from "./person.js";
import { roomURL, showAccess, showRoomChange } from "./room-change.js";

const rooms = document.getElementById("room-links");
export const directs = document.getElementById("direct-links");
const onlineCount = document.getElementById("online-count");
const markAll = document.getElementById("mark-all"); // null for visitors
const seen = new Set(); // the ids of private messages that were counted

function linkOf(room) {
  return document.querySelector(`.sidebar [data-room="${CSS.escape(room)}"]`);
}

function isOpen(link) {
  return link.getAttribute("aria-current") === "page";
}

// showOpen marks the link of the room that the page shows now, and clears its unread messages: the page shows them. display is the name of
// the other person in a private conversation, or the title of a group conversation.
export function showOpen(room, display) {
  document.querySelector(".sidebar [aria-current=page]")?.removeAttribute("aria-current");
  const link = room.startsWith("@") ? directOf(room.slice(1), display) : isGroup(room) ? groupOf(room, display) : linkOf(room) ?? addRoom(room);
  if (!link) return;
  setUnread(room, 0);
  link.setAttribute("aria-current", "page");
}

// setUnread shows the unread messages of a room, and the badge: how many of them are meant for the reader.
// title is that of a group conversation.
export function setUnread(room, unread, badge = 0, title = "") {
  let link = linkOf(room);
  if (!link && unread && isGroup(room)) link = groupOf(room, title);
  if (!link && unread && "partial" in rooms.dataset && !/^[@+]/.test(room)) link = addRoom(room);
  if (!link || isOpen(link)) return;
  const mark = link.querySelector(".badge");
  mark.hidden = !badge;
  mark.dataset.count = badge;
  mark.querySelector(".number").textContent = badge > MAX_BADGE ? `${number(MAX_BADGE)}+` : number(badge);
  link.classList.toggle("unread", unread > 0);
  const word = link.querySelector(".news-word");
  if (word) word.hidden = unread === 0;
  const here = link.querySelector(".side-here");
  if (here) here.hidden = badge > 0 || here.dataset.count === "0";
  showMarkAll();
  showBadges();
}

// showMarkAll shows the button "Mark all as read" while something is unread.
function showMarkAll() {
  if (markAll) markAll.hidden = !document.querySelector(".sidebar .side-link.unread");
}

// The server sends read frames too, but they are lost if the socket of the page is not open yet.
markAll?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(markAll.action, { method: "POST", body: new URLSearchParams(), redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return flash(t("connection.needed"));
  for (const { dataset } of document.querySelectorAll(".sidebar .side-link.unread")) setUnread(dataset.room, 0);
});

function badgeOf(link) {
  const badge = link.querySelector(".badge");
  return badge.hidden ? 0 : Number(badge.dataset.count);
}

function add(list, templateID, room, url, name) {
  const item = document.getElementById(templateID).content.firstElementChild.cloneNode(true);
  const link = item.querySelector("a");
  link.dataset.room = room;
  link.href = url;
  item.querySelector(".side-name").textContent = name;
  list.querySelector(".side-empty")?.remove();
  list.append(item);
  if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  return link;
}

function addRoom(room) {
  return add(rooms, "room-link-template", room, roomURL(room), room);
}

// directOf returns the link of a private conversation, and creates it if necessary.
export function directOf(user, display) {
  const known = linkOf(`@${user}`);
  if (known || !directs) return known;
  const link = add(directs, "direct-link-template", `@${user}`, directURL(user), display ?? user);
  link.dataset.user = user;
  fillHandle(link, user, display ?? user);
  return link;
}

// privateMessage counts a private message as unread. On the first connection it skips messages with history: they were sent before, and the
// page already counts them. On later connections they are new.
export function privateMessage({ id, user, display, history }, firstTime) {
  if (seen.has(id)) return;
  seen.add(id);
  const link = directOf(user, display);
  if (!link || (history && firstTime)) return;
  setUnread(`@${user}`, badgeOf(link) + 1, badgeOf(link) + 1);
}

export function setOnlineCount(count) {
  if (!onlineCount) return;
  onlineCount.dataset.count = count;
  onlineCount.textContent = t("sidebar.online", { count });
}

// directNames returns the usernames of the conversations in the sidebar.
export function directNames() {
  return directs ? Array.from(directs.querySelectorAll("[data-user]"), (link) => link.dataset.user) : [];
}

// sidebarPeople handles a people frame.
export function sidebarPeople({ people_online, came = [], went = [] }) {
  setOnlineCount(people_online);
  for (const person of came) sidebarPerson(person, true);
  for (const person of went) sidebarPerson(person, false);
}

function sidebarPerson(person, online) {
  const link = linkOf(`@${person.user}`);
  if (!link) return;
  const display = person.display ?? person.user;
  link.querySelector(".side-name").textContent = display;
  fillHandle(link, person.user, display);
  showPresence(link, presenceOf(person, online));
  showStatus(link, person.status);
}

// sidebarRoom handles a room frame: it changes, adds or removes a room, here and on the page of that room.
export function sidebarRoom(frame) {
  const { room, access, here, gone, was } = frame;
  if (access === "group") return retitle(frame);
  if (was) renameLink(was, room);
  showRoomChange(frame);
  let link = linkOf(room);
  if (gone) {
    if (link && !isOpen(link)) link.closest("li").remove();
    return;
  }
  if (!link) {
    if ("partial" in rooms.dataset) return; // the sidebar lists only rooms with unread messages
    link = addRoom(room);
  }
  if (access) showAccess(link, access);
  const count = link.querySelector(".side-here");
  count.dataset.count = here;
  count.querySelector(".number").textContent = number(here);
  count.hidden = !here || badgeOf(link) > 0;
}

function renameLink(was, room) {
  const link = linkOf(was);
  if (!link) return;
  linkOf(room)?.closest("li").remove(); // of a room that nobody had written in
  link.dataset.room = room;
  link.href = roomURL(room);
  link.querySelector(".side-name").textContent = room;
  place(link);
}

// sidebarMembership handles a membership frame: the reader has changed the level of a room, or left it, in another window.
export function sidebarMembership({ room, level, favourite = false, left = false }) {
  let link = linkOf(room);
  if (left) {
    if (link && !isOpen(link)) link.closest("li").remove();
    showBadges();
    return;
  }
  if (/^[@+]/.test(room)) return;
  if (!link) link = addRoom(room);
  link.dataset.level = level;
  link.toggleAttribute("data-starred", favourite);
  place(link);
  showBadges();
}

// place moves the link of a room to its place in the list.
function place(link) {
  const item = link.closest("li");
  const before = Array.from(rooms.children).find((other) => other !== item && comesBefore(link, other.querySelector("a")));
  rooms.insertBefore(item, before ?? null);
}

// comesBefore reports whether a room's link stands before another one: favourites first, then those that newcomers see first, then by
// name.
function comesBefore(link, other) {
  if (!other) return false;
  return rank(link) < rank(other) || (rank(link) === rank(other) && compareNames(link.dataset.room, other.dataset.room) < 0);
}

function rank({ dataset }) {
  return "starred" in dataset ? 0 : Number(dataset.first ?? Infinity);
}
