// Creates the element of a message: a clone of the page's <template>, which the server renders with the same partial as its own messages
// (templates/partials/message.html).

import { t } from "./i18n.js";
import { isFormer, me, paintAvatar, personURL, self, fillHandle } from "./person.js";
import { fillReactions } from "./reaction.js";
import { mentioned } from "./renamed.js";
import { setTime } from "./time.js";

const EXCERPT = 120; // characters of a quote; maxExcerpt in web/chat/history.go is the same number

// setText is the only function that inserts HTML. It inserts only the `html` of a message, which the server has made with web/markup and
// which contains no markup of the sender. A message without `html` is shown as it was typed.
function setText(element, { html, message }) {
  const text = element.querySelector(".text");
  if (html) text.innerHTML = html;
  else text.textContent = message;
}

function mentions(element) {
  return Array.from(element.querySelectorAll(".text a.mention")).some((link) => mentioned(link).toLowerCase() === me.toLowerCase());
}

function markMention(element, everybody) {
  const mentioned = Boolean(me) && (everybody || mentions(element));
  element.classList.toggle("mentioned", mentioned);
  element.querySelector(".mention-word").hidden = !mentioned;
}

function inPage(id) {
  return document.getElementById(`m${id}`);
}

// quote shows the beginning of the message to which one replies, or that it was deleted.
function quote(element, frame, find) {
  const original = find(frame.reply_to);
  const deleted = original?.classList.contains("deleted");
  const display = frame.reply?.display ?? original?.dataset.display ?? "";
  const excerpt = frame.reply?.excerpt ?? original?.querySelector(".text").textContent ?? "";
  const reply = element.querySelector(".reply");
  reply.hidden = false;
  reply.dataset.of = frame.reply_to;
  reply.dataset.user = frame.reply?.user ?? original?.dataset.user ?? "";
  reply.dataset.display = display;
  if (reply.dataset.user && !isFormer(reply.dataset.user)) reply.querySelector(".who").href = personURL(reply.dataset.user);
  reply.querySelector(".reply-link").href = `?around=${frame.reply_to}#m${frame.reply_to}`;
  reply.querySelector(".reply-name").textContent = display;
  setExcerpt(reply, deleted || !display ? "" : excerpt);
}

// setExcerpt sets the text of a quote. It is empty if the original was deleted.
function setExcerpt(reply, text) {
  reply.querySelector(".reply-quote").hidden = !text;
  reply.querySelector(".reply-gone").hidden = Boolean(text);
  reply.querySelector(".reply-text").textContent = text;
}

// excerptOf returns the beginning of a text in one line, as the server cuts it (web/chat/history.go).
function excerptOf(text) {
  const letters = Array.from(text.replace(/\s+/g, " ").trim());
  return letters.length > EXCERPT ? `${letters.slice(0, EXCERPT - 1).join("")}…` : letters.join("");
}

// updateQuotes changes all quotes of a message that was edited, or deleted if text is empty.
export function updateQuotes(id, text) {
  for (const reply of document.querySelectorAll(`.reply[data-of="${id}"]`)) setExcerpt(reply, excerptOf(text));
}

// markMine marks a message of the reader. data-text is the text as it was typed, for editing.
function markMine(element, { message, action }) {
  element.dataset.mine = "";
  if (!element.classList.contains("log-line")) element.dataset.text = action ? `/me ${message}` : message;
}

// setAction shows a message as something that its sender does: "Ada waves".
function setAction(element, action) {
  element.classList.toggle("action", Boolean(action));
  element.querySelector(".action-name").textContent = action ? element.dataset.display : "";
}

// displayOf returns the name as others see it. For a guest it leaves out "(guest)", because the page shows that word in the reader's
// language.
function displayOf({ user, display, guest }) {
  return guest ? user.replace(/ \(guest\)$/, "") : display || user;
}

// buildMessage creates the element of a chat_message. find(id) returns the element of an earlier message, for the quotation above a reply.
export function buildMessage(frame, find = inPage) {
  // importNode, because links in a clone that still belongs to the <template> do not resolve.
  const element = document.importNode(document.getElementById("message-template").content.firstElementChild, true);
  const display = displayOf(frame);
  if (frame.id) {
    element.id = `m${frame.id}`;
    element.dataset.id = frame.id;
  }
  element.dataset.user = frame.user;
  element.dataset.display = display;
  element.classList.toggle("log-line", Boolean(frame.notice));
  if (self && frame.user === self) markMine(element, frame);
  paintAvatar(element.querySelector(".avatar"), frame.user, display);
  element.querySelector(".name").textContent = display;
  if (frame.user && !isFormer(frame.user)) {
    for (const link of element.querySelectorAll(".byline .who, .action-who")) link.href = personURL(frame.user);
  }
  fillHandle(element, frame.guest ? "" : frame.user, display);
  element.querySelector(".guest").hidden = !frame.guest;
  setTime(element.querySelector("time"), new Date(frame.timestamp));
  setText(element, frame);
  setAction(element, frame.action);
  fillReactions(element, frame.reactions);
  if (frame.reply_to) quote(element, frame, find);
  markMention(element, frame.everybody);
  if (frame.edited_at) element.querySelector(".edited").hidden = false;
  if (frame.deleted) markDeleted(element);
  return element;
}

// buildPending creates the element of a message that has no receipt yet. It is dimmed, and says its state. A refused message shows the
// reason, and buttons that call onChoice("retry", "edit" or "discard", item).
export function buildPending(item, author, state, onChoice) {
  const element = buildMessage({ user: author.user, display: author.display, message: item.text, timestamp: item.at });
  element.classList.add("pending");
  element.dataset.nonce = item.nonce;
  const note = document.createElement("span");
  note.className = "state";
  note.textContent = item.failed ? t("message.not_sent", { reason: item.failed }) : state;
  element.querySelector(".message-body").append(note);
  if (item.failed) {
    note.setAttribute("role", "alert");
    element.classList.add("failed");
    note.after(choices(item, onChoice));
  }
  return element;
}

function choices(item, onChoice) {
  const buttons = document.createElement("p");
  buttons.className = "choices";
  const names = { retry: t("message.retry"), edit: t("message.edit"), discard: t("message.discard") };
  for (const [choice, name] of Object.entries(names)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.dataset.choice = choice;
    button.textContent = name;
    button.addEventListener("click", () => onChoice(choice, item));
    buttons.append(button);
  }
  return buttons;
}

export function markEdited(element, frame) {
  setText(element, frame);
  setAction(element, frame.action);
  if ("mine" in element.dataset) markMine(element, frame);
  markMention(element, frame.everybody);
  element.querySelector(".edited").hidden = false;
}

export function markDeleted(element) {
  element.classList.add("deleted");
  setAction(element, false);
  element.classList.remove("mentioned");
  delete element.dataset.text;
  fillReactions(element, []);
  element.querySelector(".text").textContent = t("message.deleted");
  element.querySelector(".edited").hidden = true;
  element.querySelector(".reply").hidden = true;
  element.querySelector(".mention-word").hidden = true;
}
