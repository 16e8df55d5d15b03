// The composer is the text field below the log. It grows with its text, keeps a draft for each room, and sends on Enter.

import { startCompletion } from "./complete.js";
import { isolate, t } from "./i18n.js";

const MAX_LINES = 8; // to which the field grows; css/composer.css has the same number
const TYPING_EVERY = 3000; // ms between two typing frames; the server ignores more frequent ones

// Elements of the room that is open, since startComposer. They are null if the reader may not write there.
let form = null;
let field = null;
let error = null;
let notice = null;
let replying = null;
let draftKey = ""; // of localStorage

let answered = 0; // the id of the message to which the next one replies; 0: none
let edit = null; // during an edit: the draft that was in the field before, and the callbacks

// resize sets the height of the field in browsers without field-sizing.
function resize() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  const most = parseFloat(getComputedStyle(field).lineHeight) * MAX_LINES;
  field.style.height = `${Math.min(field.scrollHeight, most)}px`;
}

function keepDraft() {
  const draft = edit ? edit.draft : field.value;
  if (draft) localStorage.setItem(draftKey, draft);
  else localStorage.removeItem(draftKey);
}

function setValue(text) {
  field.value = text;
  keepDraft();
  resize();
}

export function showError(text) {
  if (!error) return;
  error.textContent = text;
  error.hidden = !text;
}

// showNotice shows the result of a command above the field, until it is closed or another text is sent.
export function showNotice(text) {
  if (!notice) return;
  notice.querySelector(".notice-text").textContent = text;
  notice.hidden = !text;
}

// replyTo makes the next message a reply to the given message. With null it cancels the edit, or the reply if nothing is edited.
export function replyTo(message) {
  if (edit) {
    endEdit();
    if (!message) return;
  }
  answered = message?.dataset.id ? Number(message.dataset.id) : 0;
  replying.hidden = !answered;
  if (!answered) return;
  const text = message.querySelector(".text").textContent.trim();
  replying.querySelector("span").textContent = t("composer.replying", { name: isolate(message.dataset.display), text });
  field.focus();
}

// beginEdit puts the text of an edited message into the field, until endEdit brings the draft back and calls onEnd(). Until then, submitting
// calls onSubmit(text).
export function beginEdit(text, { onSubmit, onEnd }) {
  endEdit();
  edit = { draft: field.value, onSubmit, onEnd };
  replying.hidden = true;
  setValue(text);
  showError("");
  field.focus();
  field.setSelectionRange(text.length, text.length);
}

// endEdit ends an edit.
export function endEdit() {
  if (!edit) return;
  const { draft, onEnd } = edit;
  edit = null;
  setValue(draft);
  replying.hidden = !answered;
  showError("");
  onEnd();
}

// restoreText puts the text of a refused message back into the field, before the text that was typed since then.
export function restoreText(text, reason) {
  const join = (typed) => (typed ? `${text}\n${typed}` : text);
  if (edit) edit.draft = join(edit.draft);
  setValue(edit ? field.value : join(field.value));
  showError(reason);
  field.focus();
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

// takeFocus gives the composer the focus on a desktop, unless the address names a message. Later, letters and digits that are typed while
// nothing or the log has the focus go to the composer.
function takeFocus(signal) {
  if (!enterSends()) return;
  if (!location.hash) field.focus({ preventScroll: true });
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const idle = !at || at === document.body || at.id === "scroller" || at.closest("#log");
    const typed = [...event.key].length === 1 && /[\p{L}\p{N}]/u.test(event.key);
    if (idle && typed && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]")) field.focus();
  }, { signal });
}

// On some phones the on-screen keyboard covers the page instead of shortening it. --height is the part that remains visible (css/app.css).
function followKeyboard(signal) {
  const seen = window.visualViewport;
  seen?.addEventListener("resize", () => {
    document.documentElement.style.setProperty("--height", `${seen.height}px`);
  }, { signal });
}

// leaveComposer keeps to which message the next one replies.
export function leaveComposer() {
  if (replying) replying.dataset.of = answered;
}

// startComposer sets up the composer of a room, until signal is aborted. It calls onSend(text, answered) for each message, where answered is
// the id of the message to which it replies, or 0. While the person types, it calls onTyping() at most every TYPING_EVERY.
export function startComposer({ onSend, onTyping }, signal) {
  const { me = "", room } = document.getElementById("main").dataset;
  form = document.getElementById("composer");
  field = form?.elements.message;
  error = document.getElementById("composer-error");
  notice = document.getElementById("composer-notice");
  replying = document.getElementById("replying");
  draftKey = `hearth.draft.${me}.${room}`;
  edit = null;
  answered = Number(replying?.dataset.of ?? 0);
  followKeyboard(signal);
  if (!form) return;
  let typedAt = 0;
  field.enterKeyHint = enterSends() ? "send" : "enter";
  takeFocus(signal);
  field.value ||= localStorage.getItem(draftKey) ?? "";
  resize();
  startCompletion(form, signal);
  field.addEventListener("keydown", onKey, { signal });
  field.addEventListener("input", () => {
    keepDraft();
    resize();
    showError("");
    if (edit || !field.value || field.value.startsWith("/") || Date.now() - typedAt < TYPING_EVERY) return;
    typedAt = Date.now();
    onTyping();
  }, { signal });
  notice.querySelector("button").addEventListener("click", () => showNotice(""), { signal });
  replying.querySelector("button").addEventListener("click", () => replyTo(null), { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    if (edit) return edit.onSubmit(field.value);
    showNotice("");
    onSend(field.value, answered);
    replyTo(null);
    setValue("");
    showError("");
    field.focus();
  }, { signal });
}
