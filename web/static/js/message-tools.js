// The tools of a message. They appear on hover, on a long press, and by keyboard: arrow keys move through the messages, Enter goes
// to the tools, Escape back to the composer.

import { isPicking } from "./reaction.js";

const LONG_PRESS = 500; // ms
const OVERLAP = 14; // px by which the tools overlap the top of their message

const page = document.getElementById("main").dataset;
const log = document.getElementById("log");
const scroller = document.getElementById("scroller");
const tools = document.getElementById("message-tools");
const react = tools.querySelector("[data-tool=react]"); // this and the next two are missing for readers who may not write
const reply = tools.querySelector("[data-tool=reply]");
const edit = tools.querySelector("[data-tool=edit]");
const remove = tools.querySelector("[data-tool=delete]");
const dialog = document.getElementById("delete-dialog");

let meant = null; // the message that the tools are for

function mayDelete(message) {
  return "mine" in message.dataset || "admin" in page;
}

function show(message) {
  if (message === meant) return;
  meant?.classList.remove("meant");
  meant = message?.dataset.id && !message.classList.contains("deleted") ? message : null;
  remove.hidden = !meant || !mayDelete(meant);
  if (edit) edit.hidden = meant?.dataset.text === undefined; // not of one's own
  tools.hidden = !meant || !tools.querySelector("button:not([hidden])");
  if (!meant) return;
  meant.classList.add("meant");
  tools.style.top = `${meant.offsetTop - OVERLAP}px`;
}

function onPointer(event) {
  if (event.pointerType === "touch" || isPicking() || tools.contains(event.target) || tools.contains(document.activeElement)) return;
  show(event.target.closest(".message"));
}

// onLeave: lifting a finger also counts as leaving.
function onLeave(event) {
  if (event.pointerType === "touch" || isPicking() || tools.contains(document.activeElement)) return;
  show(null);
}

// watchLongPress shows the tools after a long press on a message. The next touch elsewhere hides them.
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

// step returns the message above or below the focused one, or the last one if none has the focus.
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
  } else if (onMessage && event.key === "Enter" && meant) {
    tools.querySelector("button:not([hidden])").focus();
    event.preventDefault();
  }
}

function askDelete(onDelete) {
  const message = meant;
  document.getElementById("delete-text").textContent = message.querySelector(".text").textContent;
  dialog.returnValue = "";
  dialog.onclose = () => dialog.returnValue === "delete" && onDelete(Number(message.dataset.id));
  dialog.showModal();
}

// startTools calls onReact(message's element, the tool), onReply(the element), onEdit(the element) and onDelete(its id).
export function startTools({ onReact, onReply, onEdit, onDelete }) {
  scroller.addEventListener("pointerover", onPointer);
  scroller.addEventListener("pointerleave", onLeave);
  scroller.addEventListener("keydown", onKey);
  watchLongPress();
  react?.addEventListener("click", () => onReact(meant, react));
  for (const [tool, use] of [[reply, onReply], [edit, onEdit]]) {
    tool?.addEventListener("click", () => {
      use(meant);
      show(null);
    });
  }
  remove.addEventListener("click", () => {
    askDelete(onDelete);
    show(null);
  });
}
