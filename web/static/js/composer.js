// The composer: it grows with its text, keeps a draft for each room, and sends on Enter.

import { isolate, t } from "./i18n.js";

const LINES = 8;
const TYPING_EVERY = 3000; // ms; the server ignores more

const form = document.getElementById("composer");
const field = form?.elements.message;
const error = document.getElementById("composer-error");
const main = document.getElementById("main");
const draftKey = `hearth.draft.${main.dataset.me ?? ""}.${main.dataset.room}`;
const replying = document.getElementById("replying");

let answered = 0; // the id of the message that the next one replies to
let loan = null; // during an edit: the draft that the field had, and the callback for its end

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  const most = parseFloat(getComputedStyle(field).lineHeight) * LINES;
  field.style.height = `${Math.min(field.scrollHeight, most)}px`;
}

function keepDraft() {
  const words = loan ? loan.words : field.value;
  if (words) localStorage.setItem(draftKey, words);
  else localStorage.removeItem(draftKey);
}

function setValue(text) {
  field.value = text;
  keepDraft();
  grow();
}

export function showError(text) {
  if (!error) return;
  error.textContent = text;
  error.hidden = !text;
}

// replyTo makes the next message a reply; null cancels that, or ends an edit.
export function replyTo(message) {
  if (loan) {
    takeBack();
    if (!message) return;
  }
  answered = message?.dataset.id ? Number(message.dataset.id) : 0;
  replying.hidden = !answered;
  if (!answered) return;
  const words = message.querySelector(".text").textContent.trim();
  replying.querySelector("span").textContent = t("composer.replying", { name: isolate(message.dataset.display), text: words });
  field.focus();
}

// lend puts another text into the field until takeBack, which calls onEnd. Meanwhile submitting calls onSubmit(text).
export function lend(text, { onSubmit, onEnd }) {
  takeBack();
  loan = { words: field.value, onSubmit, onEnd };
  replying.hidden = true;
  setValue(text);
  showError("");
  field.focus();
  field.setSelectionRange(text.length, text.length);
}

export function takeBack() {
  if (!loan) return;
  const { words, onEnd } = loan;
  loan = null;
  setValue(words);
  replying.hidden = !answered;
  showError("");
  onEnd();
}

// giveBack puts a refused text back, before the text that was typed since.
export function giveBack(text, reason) {
  const join = (words) => (words ? `${text}\n${words}` : text);
  if (loan) loan.words = join(loan.words);
  setValue(loan ? field.value : join(field.value));
  showError(reason);
  field.focus();
}

// startPrivateMessage begins a private message and keeps the typed text.
export function startPrivateMessage(name) {
  if (!form) return false;
  takeBack();
  const words = field.value.replace(/^\/pm \S+ ?/, "");
  setValue(`/pm ${name} ${words}`);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

// On phones Enter inserts a line break: the button beside the field sends.
function enterSends() {
  return !matchMedia("(pointer: coarse) and (hover: none)").matches;
}

function onKey(event) {
  const composing = event.isComposing || event.keyCode === 229; // Enter and Escape of an input method
  if (event.key === "Escape" && !composing) replyTo(null);
  if (event.key !== "Enter" || event.shiftKey || composing || !enterSends()) return;
  event.preventDefault();
  form.requestSubmit();
}

// The keyboard of some phones covers the page instead of shortening it.
function followKeyboard() {
  const seen = window.visualViewport;
  seen?.addEventListener("resize", () => {
    document.documentElement.style.setProperty("--height", `${seen.height}px`);
  });
}

// startComposer calls onSend(text, id of the original of a reply or 0) for each message, and onTyping() from time to time while the person types.
export function startComposer({ onSend, onTyping }) {
  followKeyboard();
  if (!form) return;
  let typedAt = 0;
  field.value ||= localStorage.getItem(draftKey) ?? "";
  grow();
  field.addEventListener("keydown", onKey);
  field.addEventListener("input", () => {
    keepDraft();
    grow();
    showError("");
    if (loan || !field.value || field.value.startsWith("/") || Date.now() - typedAt < TYPING_EVERY) return;
    typedAt = Date.now();
    onTyping();
  });
  replying.querySelector("button").addEventListener("click", () => replyTo(null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    if (loan) return loan.onSubmit(field.value);
    onSend(field.value, answered);
    replyTo(null);
    setValue("");
    showError("");
    field.focus();
  });
}
