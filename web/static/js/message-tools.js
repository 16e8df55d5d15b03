// The toolbar of a message: react, reply, copy the link, mark as unread, edit, delete. There is one for all messages. It appears on hover,
// on a long press, and on keyboard focus: the arrow keys move through the messages, Enter moves the focus to the toolbar, and Escape moves
// it to the composer.

import { isPicking } from "./reaction.js";

const LONG_PRESS = 500; // ms
const OVERLAP = 14; // px by which the toolbar overlaps the top edge of its message

// Elements of the room that is open, since startTools.
let log = null;
let scroller = null;
let tools = null;

let current = null; // the message to which the toolbar belongs

// tool returns a button of the toolbar. It is null if the reader may not use it in this room.
function tool(name) {
  return tools.querySelector(`[data-tool=${name}]`);
}

function mayDelete(message) {
  return "mine" in message.dataset || "admin" in document.getElementById("main").dataset;
}

function show(message) {
  if (message === current) return;
  current?.classList.remove("with-tools");
  current = message?.dataset.id && !message.matches(".deleted, .log-line") ? message : null;
  const [remove, unread, edit] = [tool("delete"), tool("unread"), tool("edit")];
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
function followMessage(signal) {
  const resized = new ResizeObserver(place);
  resized.observe(tools.parentElement);
  const changed = new MutationObserver(() => current && !current.isConnected && show(null));
  changed.observe(log, { childList: true });
  signal.addEventListener("abort", () => [resized, changed].forEach((observer) => observer.disconnect()));
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
function watchLongPress(signal) {
  let timer = 0;
  scroller.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || tools.contains(event.target)) return;
    show(null);
    if (event.target.closest(".reaction")) return;
    const message = event.target.closest(".message");
    timer = setTimeout(() => show(message), LONG_PRESS);
  }, { signal });
  for (const end of ["pointerup", "pointercancel", "pointermove"]) scroller.addEventListener(end, () => clearTimeout(timer), { signal });
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
  const dialog = document.getElementById("delete-dialog");
  document.getElementById("delete-text").textContent = message.querySelector(".text").textContent;
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue === "delete" && onDelete(Number(message.dataset.id));
  dialog.showModal();
}

// startTools sets up the toolbar of a room, until signal is aborted. It calls onReact(element of the message, button), onReply(element), onEdit(element), onLink(element),
// onUnread(element) and onDelete(id).
export function startTools({ onReact, onReply, onEdit, onDelete, onLink, onUnread }, signal) {
  log = document.getElementById("log");
  scroller = document.getElementById("scroller");
  tools = document.getElementById("message-tools");
  current = null;
  signal.addEventListener("abort", () => show(null));
  scroller.addEventListener("pointerover", onPointer, { signal });
  scroller.addEventListener("pointerleave", onLeave, { signal });
  scroller.addEventListener("keydown", onKey, { signal });
  watchLongPress(signal);
  followMessage(signal);
  tool("react")?.addEventListener("click", () => onReact(current, tool("react")), { signal });
  const uses = { reply: onReply, edit: onEdit, link: onLink, unread: onUnread, delete: () => askDelete(onDelete) };
  for (const [name, use] of Object.entries(uses)) {
    tool(name)?.addEventListener("click", () => {
      use(current);
      show(null);
    }, { signal });
  }
}
