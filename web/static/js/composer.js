// The composer is the text field below the log. It grows with its text, keeps a draft for each room, and sends on Enter.

import { isolate, t } from "./i18n.js";

const LINES = 8; // to which the field grows; css/composer.css has the same number
const TYPING_EVERY = 3000; // ms between two typing frames; the server ignores more frequent ones

const form = document.getElementById("composer");
const field = form?.elements.message;
const error = document.getElementById("composer-error");
const main = document.getElementById("main");
const draftKey = `hearth.draft.${main.dataset.me ?? ""}.${main.dataset.room}`;
const replying = document.getElementById("replying");

let answered = 0; // the id of the message to which the next one replies; 0: none
let loan = null; // during an edit: the draft that was in the field before, and the callbacks

// grow sets the height of the field in browsers without field-sizing.
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

// replyTo makes the next message a reply to the given message. With null it cancels the edit, or the reply if nothing is edited.
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

// lend puts the text of an edited message into the field, until takeBack brings the draft back and calls onEnd(). Until then, submitting
// calls onSubmit(text).
export function lend(text, { onSubmit, onEnd }) {
  takeBack();
  loan = { words: field.value, onSubmit, onEnd };
  replying.hidden = true;
  setValue(text);
  showError("");
  field.focus();
  field.setSelectionRange(text.length, text.length);
}

// takeBack ends an edit.
export function takeBack() {
  if (!loan) return;
  const { words, onEnd } = loan;
  loan = null;
  setValue(words);
  replying.hidden = !answered;
  showError("");
  onEnd();
}

// giveBack puts the text of a refused message back into the field, before the text that was typed since then.
export function giveBack(text, reason) {
  const join = (words) => (words ? `${text}\n${words}` : text);
  if (loan) loan.words = join(loan.words);
  setValue(loan ? field.value : join(field.value));
  showError(reason);
  field.focus();
}

// startPrivateMessage turns the text in the field into a private message. It returns false on a page without a composer.
export function startPrivateMessage(name) {
  if (!form) return false;
  takeBack();
  const words = field.value.replace(/^\/pm \S+ ?/, "");
  setValue(`/pm ${name} ${words}`);
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  return true;
}

// On phones Enter starts a new line, and the button beside the field sends.
function enterSends() {
  return !matchMedia("(pointer: coarse) and (hover: none)").matches;
}

function onKey(event) {
  const composing = event.isComposing || event.keyCode === 229; // the input method handles this key
  if (event.key === "Escape" && !composing) replyTo(null);
  if (event.key !== "Enter" || event.shiftKey || composing || !enterSends()) return;
  event.preventDefault();
  form.requestSubmit();
}

// On some phones the on-screen keyboard covers the page instead of shortening it. --height is the part that remains visible (css/app.css).
function followKeyboard() {
  const seen = window.visualViewport;
  seen?.addEventListener("resize", () => {
    document.documentElement.style.setProperty("--height", `${seen.height}px`);
  });
}

// startComposer calls onSend(text, answered) for each message, where answered is the id of the message to which it replies, or 0. While
// the person types, it calls onTyping() at most every TYPING_EVERY.
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
