// The toolbar of a message: react, reply, copy the link, mark as unread, edit, delete. There is one for all messages. It appears on hover, on a long press, and on keyboard focus: the arrow keys move
// through the messages, Enter moves the focus to the toolbar, and Escape moves it to the composer.

import { isPicking } from "./reaction.js";

const LONG_PRESS = 500; // ms
const OVERLAP = 14; // px by which the toolbar overlaps the top edge of its message

const page = document.getElementById("main").dataset;
const log = document.getElementById("log");
const scroller = document.getElementById("scroller");
const tools = document.getElementById("message-tools");
const react = tools.querySelector("[data-tool=react]"); // null, like reply and edit, for readers who may not write
const reply = tools.querySelector("[data-tool=reply]");
const edit = tools.querySelector("[data-tool=edit]");
const link = tools.querySelector("[data-tool=link]");
const unread = tools.querySelector("[data-tool=unread]"); // null for visitors
const remove = tools.querySelector("[data-tool=delete]");
const dialog = document.getElementById("delete-dialog");

let current = null; // the message to which the toolbar belongs

function mayDelete(message) {
  return "mine" in message.dataset || "admin" in page;
}

function show(message) {
  if (message === current) return;
  current?.classList.remove("with-tools");
  current = message?.dataset.id && !message.matches(".deleted, .log-line") ? message : null;
  remove.hidden = !current || !mayDelete(current);
  if (unread) unread.hidden = !current || "mine" in current.dataset; // one's own messages are never unread
  if (edit) edit.hidden = current?.dataset.text === undefined; // only the reader's own messages have a data-text
  tools.hidden = !current || !tools.querySelector("button:not([hidden])");
  if (!current) return;
  current.classList.add("with-tools");
  place();
}

// place moves the toolbar to its message.
function place() {
  if (current) tools.style.top = `${current.offsetTop - OVERLAP}px`;
}

// followMessage keeps the toolbar at its message when messages are loaded above, and hides it when its message is no longer on the page.
function followMessage() {
  new ResizeObserver(place).observe(tools.parentElement);
  new MutationObserver(() => current && !current.isConnected && show(null)).observe(log, { childList: true });
}

function onPointer(event) {
  if (event.pointerType === "touch" || isPicking() || tools.contains(event.target) || tools.contains(document.activeElement)) return;
  show(event.target.closest(".message"));
}

// onLeave hides the toolbar when the mouse leaves the log. Browsers also send this event when a finger is lifted, after which the toolbar
// must stay.
function onLeave(event) {
  if (event.pointerType === "touch" || isPicking() || tools.contains(document.activeElement)) return;
  show(null);
}

// watchLongPress shows the toolbar after a long press on a message. The next touch elsewhere hides it.
function watchLongPress() {
  let timer = 0;
  scroller.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || tools.contains(event.target)) return;
    show(null);
    if (event.target.closest(".reaction")) return;
    const message = event.target.closest(".message");
    timer = setTimeout(() => show(message), LONG_PRESS);
  });
  for (const end of ["pointerup", "pointercancel", "pointermove"]) scroller.addEventListener(end, () => clearTimeout(timer));
}

// step returns the message above or below the one that has the focus, or the last message if none has it.
function step(up) {
  const all = Array.from(log.querySelectorAll(".message"));
  const now = all.indexOf(document.activeElement);
  return now < 0 ? all.at(-1) : all[now + (up ? -1 : 1)];
}

function onKey(event) {
  const onMessage = document.activeElement.matches("#scroller, .message");
  if (event.key === "Escape") {
    show(null);
    document.querySelector(".composer-text")?.focus();
  } else if (onMessage && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    const next = step(event.key === "ArrowUp");
    next?.focus();
    show(next ?? null);
    event.preventDefault();
  } else if (onMessage && event.key === "Enter" && current) {
    tools.querySelector("button:not([hidden])").focus();
    event.preventDefault();
  }
}

function askDelete(onDelete) {
  const message = current;
  document.getElementById("delete-text").textContent = message.querySelector(".text").textContent;
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue === "delete" && onDelete(Number(message.dataset.id));
  dialog.showModal();
}

// startTools sets up the toolbar. It calls onReact(element of the message, button), onReply(element), onEdit(element), onLink(element),
// onUnread(element) and onDelete(id).
export function startTools({ onReact, onReply, onEdit, onDelete, onLink, onUnread }) {
  scroller.addEventListener("pointerover", onPointer);
  scroller.addEventListener("pointerleave", onLeave);
  scroller.addEventListener("keydown", onKey);
  watchLongPress();
  followMessage();
  react?.addEventListener("click", () => onReact(current, react));
  for (const [tool, use] of [[reply, onReply], [edit, onEdit], [link, onLink], [unread, onUnread]]) {
    tool?.addEventListener("click", () => {
      use(current);
      show(null);
    });
  }
  remove.addEventListener("click", () => {
    askDelete(onDelete);
    show(null);
  });
}
