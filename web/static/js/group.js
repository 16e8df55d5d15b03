// Group conversations: the dialogs in which people are chosen, and the links and titles of the conversations.

import { setTitle, title as documentTitle } from "./badge.js";
import { t } from "./i18n.js";
import { directURL } from "./person.js";

const MAX_ITEMS = 8; // people in the list of matches
const ASK_AFTER = 150; // ms without typing after which the server is asked
const MOST = 11; // people who can be chosen: MaxGroup in web/chat/group.go without the reader

const { me } = document.body.dataset;

let asked = 0; // counts requests, so that a late answer is ignored
let timer = 0;

// groupURL returns the address of a group conversation, in which the + is not encoded.
export function groupURL(room) {
  return `/chat/+${encodeURIComponent(room.slice(1))}/`;
}

export function isGroup(room) {
  return room.startsWith("+");
}

// parts returns the elements of the dialog to which an element belongs.
function parts(element) {
  const form = element.closest("form[data-choose]");
  if (!form) return null;
  return {
    form,
    field: form.querySelector("[role=combobox]"),
    list: form.querySelector("[role=listbox]"),
    chips: form.querySelector(".chips"),
    error: form.querySelector(".field-error"),
    status: form.querySelector("[role=status]"),
  };
}

function chosen({ chips }) {
  return Array.from(chips.children, (chip) => chip.dataset.user);
}

function showError({ error }, text) {
  error.textContent = text;
  error.hidden = !text;
}

function select({ field, list }, option) {
  for (const other of list.children) other.setAttribute("aria-selected", String(other === option));
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function selected({ list }) {
  return list.querySelector("[aria-selected=true]");
}

function optionOf(list, { username, display }, i) {
  const option = document.createElement("li");
  option.id = `${list.id}-${i}`;
  option.setAttribute("role", "option");
  Object.assign(option.dataset, { user: username, display: display ?? username });
  const name = document.createElement("bdi");
  name.textContent = display ?? username;
  const handle = document.createElement("bdi");
  handle.className = "hint";
  handle.textContent = display ? `@${username}` : "";
  option.append(name, handle);
  return option;
}

// show lists people. If nobody matches, the status says so.
function show(dialog, people) {
  const { field, list, status } = dialog;
  list.replaceChildren(...people.map((person, i) => optionOf(list, person, i)));
  list.hidden = people.length === 0;
  field.setAttribute("aria-expanded", String(!list.hidden));
  select(dialog, list.firstElementChild);
  if (field.value.trim()) status.textContent = people.length ? t("group.matches", { count: people.length }) : t("group.nobody");
  showError(dialog, field.value.trim() && !people.length ? t("group.nobody") : "");
}

function close(dialog) {
  asked++;
  clearTimeout(timer);
  dialog.list.replaceChildren();
  dialog.list.hidden = true;
  dialog.field.setAttribute("aria-expanded", "false");
  dialog.field.removeAttribute("aria-activedescendant");
}

// search asks the server for people, after a pause in typing.
function search(dialog) {
  const text = dialog.field.value.trim();
  const now = ++asked;
  clearTimeout(timer);
  showError(dialog, "");
  if (!text) return close(dialog);
  timer = setTimeout(async () => {
    const answer = await fetch(`/api/users?limit=${MAX_ITEMS + MOST + 1}&q=${encodeURIComponent(text)}`).catch(() => null);
    const body = answer?.ok ? await answer.json() : null;
    if (now !== asked) return;
    if (!body) return showError(dialog, t("connection.needed"));
    const out = new Set([me, ...chosen(dialog)]);
    show(dialog, body.users.filter(({ username }) => !out.has(username)).slice(0, MAX_ITEMS));
  }, ASK_AFTER);
}

// pick adds a person to the chosen ones.
function pick(dialog, { user, display }) {
  const { field, chips, status } = dialog;
  field.value = "";
  close(dialog);
  field.focus();
  if (chips.childElementCount >= MOST) return showError(dialog, t("error.group_full", { max: MOST + 1 }));
  const chip = document.createElement("li");
  chip.dataset.user = user;
  chip.dataset.display = display;
  const name = document.createElement("bdi");
  name.textContent = display;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.unpick = "";
  button.setAttribute("aria-label", t("group.remove", { name: display }));
  button.append(document.querySelector("#new-group-close").content.cloneNode(true));
  chip.append(name, button);
  chips.append(chip);
  chips.scrollTop = chips.scrollHeight;
  status.textContent = t("group.picked", { name: display });
  return showError(dialog, "");
}

function unpick(dialog, chip) {
  dialog.status.textContent = t("group.removed", { name: chip.dataset.display });
  chip.remove();
  dialog.field.focus();
}

function onKey(event) {
  if (!event.target.matches?.("[data-choose] [role=combobox]") || event.isComposing || event.keyCode === 229) return;
  const dialog = parts(event.target);
  const { field, list, chips } = dialog;
  const options = Array.from(list.children);
  const at = options.indexOf(selected(dialog));
  if (event.key === "Backspace" && !field.value && chips.lastElementChild) return unpick(dialog, chips.lastElementChild);
  if (list.hidden) {
    if (event.key === "Enter" && field.value.trim()) event.preventDefault(); // the matches are on their way
    return undefined;
  }
  if (event.key === "ArrowDown") select(dialog, options[(at + 1) % options.length]);
  else if (event.key === "ArrowUp") select(dialog, options.at(at - 1));
  else if (event.key === "Enter") pick(dialog, options[at].dataset);
  else if (event.key === "Escape") close(dialog);
  else return undefined;
  event.preventDefault();
  return event.stopPropagation();
}

function onClick(event) {
  const dialog = event.target.closest?.("[data-choose]") ? parts(event.target) : null;
  if (!dialog) return;
  const option = event.target.closest("[role=option]");
  const remove = event.target.closest("[data-unpick]");
  if (option) pick(dialog, option.dataset);
  else if (remove) unpick(dialog, remove.closest("li"));
}

// follow opens an address as a click on a link does, so that another room is shown without loading a page.
function follow(url) {
  const link = document.createElement("a");
  link.href = url;
  document.body.append(link);
  link.click();
  link.remove();
}

// send opens the conversation with the chosen people, or adds them to the open one.
async function send(dialog) {
  const people = chosen(dialog);
  const { form } = dialog;
  const adds = form.dataset.choose !== "/api/groups";
  if (!people.length) return showError(dialog, t("group.none_chosen"));
  if (people.length === 1 && !adds) return finish(form, directURL(people[0]));
  const answer = await fetch(form.dataset.choose, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ people }) }).catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (!answer?.ok) return showError(dialog, body?.error?.message ?? t("connection.needed"));
  return finish(form, adds ? "" : groupURL(body.room));
}

function finish(form, url) {
  form.closest("dialog").close();
  if (url) follow(url);
}

// reset empties a dialog that was closed.
function reset(dialog) {
  close(dialog);
  dialog.field.value = "";
  dialog.chips.replaceChildren();
  dialog.status.textContent = "";
  showError(dialog, "");
}

document.addEventListener("keydown", onKey, true); // before the dialog closes on Escape
document.addEventListener("click", onClick);
document.addEventListener("pointerdown", (event) => {
  if (event.target.closest?.("[data-choose] [role=listbox]")) event.preventDefault(); // the field keeps the focus
});
document.addEventListener("focusout", (event) => event.target.matches?.("[data-choose] [role=combobox]") && close(parts(event.target)));
document.addEventListener("input", (event) => event.target.matches?.("[data-choose] [role=combobox]") && search(parts(event.target)));
document.addEventListener("close", (event) => event.target.matches?.(".group-dialog") && reset(parts(event.target.querySelector("form"))), true);
document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("[data-choose]")) return;
  event.preventDefault();
  send(parts(event.target));
});

// groupOf returns the link of a group conversation in the sidebar. It creates the link if necessary.
export function groupOf(room, title) {
  const list = document.getElementById("direct-links");
  const known = list?.querySelector(`[data-room="${CSS.escape(room)}"]`);
  if (known || !list) return known;
  const item = document.getElementById("group-link-template").content.firstElementChild.cloneNode(true);
  const link = item.querySelector("a");
  link.dataset.room = room;
  link.href = groupURL(room);
  if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  link.querySelector(".side-name").textContent = title ?? room;
  list.querySelector(".side-empty")?.remove();
  list.append(item);
  return link;
}

// retitle handles a room frame of a group conversation: people were added, have left, or have another name.
export function retitle({ room, title }) {
  groupOf(room, title).querySelector(".side-name").textContent = title;
  const main = document.getElementById("main");
  if (main?.dataset.room !== room) return;
  const heading = main.querySelector(".pane-head h1 bdi");
  setTitle(documentTitle.replace(heading.textContent, () => title));
  heading.textContent = title;
  const text = main.querySelector(".composer-text");
  if (!text) return;
  text.placeholder = t("composer.label_direct", { name: title });
  text.setAttribute("aria-label", text.placeholder);
}

// titleOf returns the title of a group conversation that is in the sidebar.
export function titleOf(room) {
  return document.querySelector(`#direct-links [data-room="${CSS.escape(room)}"] .side-name`)?.textContent ?? room;
}
