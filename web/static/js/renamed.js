// Changes of people, everywhere on the page: when somebody has a new name, the messages, quotes, mentions, tooltips and titles show it.
// The lists of people and the sidebar have modules of their own.

import { setTitle, title } from "./badge.js";
import { fillHandle, initialsOf, isFormer } from "./person.js";
import { relabelReactions } from "./reaction.js";

const known = new Map(); // the names of the people whom the page watches, by username

// namesOnPage returns the usernames of people whose names are on the page, the lists beside it first.
export function namesOnPage() {
  const users = new Set();
  for (const { dataset } of document.querySelectorAll("[data-user]")) add(users, dataset.user);
  for (const link of document.querySelectorAll("a.mention")) add(users, mentioned(link));
  return Array.from(users);
}

// add adds the name of a person with an account: only names of guests have parentheses.
function add(users, user) {
  if (user && !user.includes("(") && !isFormer(user)) users.add(user);
}

// mentioned returns the username in a mention's link, which leads to the person's card, or to the conversation.
export function mentioned(link) {
  const name = link.pathname.match(/^\/(?:people\/|chat\/(?:@|%40))([^/]+)\/$/)?.[1];
  return name ? decodeURIComponent(name) : "";
}

// namesWatched forgets the names of people about whom the server says nothing more: users are those whom the page watches now.
export function namesWatched(users) {
  for (const user of Array.from(known.keys())) if (!users.has(user)) known.delete(user);
}

// refreshNames shows the present names in a part of the page that was not on the page when they changed.
export function refreshNames() {
  const stale = new Set();
  for (const { dataset } of document.querySelectorAll("[data-user][data-display]")) {
    if ((known.get(dataset.user) ?? dataset.display) !== dataset.display) stale.add(dataset.user);
  }
  for (const link of document.querySelectorAll("a.mention")) {
    const user = mentioned(link);
    if (link.textContent !== `@${known.get(user) ?? link.textContent.slice(1)}`) stale.add(user);
  }
  for (const user of stale) rename(user, known.get(user));
}

// peopleChanged handles a people frame.
export function peopleChanged({ came = [], went = [] }) {
  for (const { user, display } of [...came, ...went]) {
    const name = display ?? user;
    if (known.get(user) === name) continue;
    known.set(user, name);
    rename(user, name);
  }
  document.dispatchEvent(new CustomEvent("people", { detail: [...came, ...went].map(({ user }) => user) }));
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function rename(user, display) {
  const by = `[data-user="${CSS.escape(user)}"]`;
  for (const message of document.querySelectorAll(`.message${by}`)) renameMessage(message, user, display);
  for (const quote of document.querySelectorAll(`.reply${by}`)) {
    quote.dataset.display = display;
    setText(quote.querySelector(".reply-name"), display);
  }
  for (const link of document.querySelectorAll("a.mention")) {
    if (mentioned(link).toLowerCase() === user.toLowerCase()) renameMention(link, user, display);
  }
  for (const row of document.querySelectorAll(`:is(.sidebar-foot, .member-list li, .rows li)${by}`)) {
    row.dataset.display = display;
    setText(row.querySelector(".name"), display);
    setText(row.querySelector(".avatar"), initialsOf(display));
  }
  for (const link of document.querySelectorAll(`.pane-head .who${by}`)) renameRoom(link, display);
  relabelReactions(user);
}

function renameMessage(message, user, display) {
  if (message.dataset.display === display) return;
  message.dataset.display = display;
  setText(message.querySelector(".byline .name"), display);
  setText(message.querySelector(".avatar"), initialsOf(display));
  fillHandle(message, user, display);
  if (message.classList.contains("action")) setText(message.querySelector(".action-name"), display);
}

const LONGEST = 80; // characters of a name in a mention; maxShown in web/chat/render.go is the same number

function renameMention(link, user, display) {
  const name = Array.from(display).length > LONGEST ? user : display;
  setText(link, `@${name}`);
  if (name === user) link.removeAttribute("title");
  else link.title = user;
}

// renameRoom changes the titles of the conversation with a person.
function renameRoom(link, display) {
  const before = link.dataset.display;
  if (before === display) return;
  link.dataset.display = display;
  setText(link.querySelector("bdi"), display);
  setTitle(title.replace(before, () => display));
  for (const element of document.querySelectorAll(".composer-text, .room-start .hint")) {
    for (const name of ["aria-label", "placeholder"]) {
      if (element.hasAttribute(name)) element.setAttribute(name, element.getAttribute(name).replace(before, () => display));
    }
    if (!element.matches("textarea")) setText(element, element.textContent.replace(before, () => display));
  }
}
