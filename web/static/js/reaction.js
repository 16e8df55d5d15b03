// Reactions: the buttons with an emoji and a count below a message (chips), and the emoji picker.

import { isolate, language, number, t } from "./i18n.js";
import { displayOf, self, withHandle } from "./person.js";

const EMOJI = ["👍", "❤️", "😂", "🎉", "👏", "🙏", "👀", "✅", "🔥", "🤔", "😮", "😢"];
const COLUMNS = 6; // in the picker; css/reaction.css has the same number
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
const GAP = 6; // px between the picker and its message

const list = new Intl.ListFormat(language, { type: "conjunction" });

let picker = null; // in the room that is open; null for readers who may not write there
let current = null; // the message that the picker is for
let opener = null; // the button that opened the picker

function isMine(chip) {
  return chip?.getAttribute("aria-pressed") === "true";
}

function usersOf(chip) {
  return JSON.parse(chip.dataset.users);
}

function chipOf(message, emoji) {
  return message.querySelector(`.reaction[data-emoji="${CSS.escape(emoji)}"]`);
}

// label sets the tooltip and the label of a chip: the names of those who reacted.
function label(chip) {
  const count = Number(chip.dataset.count);
  const names = usersOf(chip).map((user) => isolate(withHandle(user, displayOf(user))));
  if (count > names.length) names.push(t("reaction.more", { count: count - names.length }));
  const words = t("reaction.by", { emoji: chip.dataset.emoji, count, names: list.format(names) });
  chip.title = words;
  chip.setAttribute("aria-label", words);
  chip.disabled = !picker;
}

// relabelReactions updates the names in the tooltips of reactions of a user, who has a new display name.
export function relabelReactions(user) {
  for (const chip of document.querySelectorAll("#log .reaction")) {
    if (usersOf(chip).includes(user)) label(chip);
  }
}

function update(chip, { count, users, mine }) {
  chip.dataset.count = count;
  chip.dataset.users = JSON.stringify(users);
  chip.setAttribute("aria-pressed", mine);
  chip.querySelector(".number").textContent = number(count);
  label(chip);
}

function build(emoji) {
  const chip = document.getElementById("reaction-template").content.firstElementChild.cloneNode(true);
  chip.dataset.emoji = emoji;
  chip.querySelector(".emoji").textContent = emoji;
  return chip;
}

// renameReactor replaces a name among those who reacted.
export function renameReactor(chip, user, name) {
  const users = usersOf(chip);
  if (!users.includes(user)) return;
  chip.dataset.users = JSON.stringify(users.map((other) => (other === user ? name : other)));
  label(chip);
}

// fillReactions shows all reactions to a message.
export function fillReactions(message, reactions = []) {
  const chips = reactions.map(({ emoji, count, users, mine }) => {
    const chip = build(emoji);
    update(chip, { count, users, mine: mine ?? users.includes(self) });
    return chip;
  });
  const box = message.querySelector(".reactions");
  box.replaceChildren(...chips);
  box.hidden = !chips.length;
}

// reacted handles a reaction frame: a reaction was added or removed.
export function reacted(message, { emoji, user, on, count }) {
  const box = message.querySelector(".reactions");
  const known = chipOf(message, emoji);
  if (!count) {
    if (known === document.activeElement) message.focus();
    known?.remove();
    box.hidden = !box.childElementCount;
    return;
  }
  const users = known ? usersOf(known).filter((other) => other !== user) : [];
  if (on) users.push(user);
  const chip = known ?? box.appendChild(build(emoji));
  update(chip, { count, users, mine: user === self ? on : isMine(known) });
  box.hidden = false;
}

export function isPicking() {
  return Boolean(current);
}

// openPicker shows the picker for a message, below the button that was pressed, or above it if there is not enough room.
export function openPicker(message, button) {
  current = message;
  opener = button;
  for (const choice of picker.children) choice.setAttribute("aria-pressed", isMine(chipOf(message, choice.textContent)));
  picker.showPopover();
  const from = button.getBoundingClientRect();
  const { width, height } = picker.getBoundingClientRect();
  const below = from.bottom + GAP + height < innerHeight;
  picker.style.top = `${below ? from.bottom + GAP : from.top - GAP - height}px`;
  picker.style.left = `${Math.max(GAP, Math.min(from.right - width, innerWidth - width - GAP))}px`;
  picker.firstElementChild.focus();
}

function onKey(event) {
  const choices = Array.from(picker.children);
  const turned = getComputedStyle(picker).direction === "rtl" && event.key.match(/Left|Right/) ? -1 : 1;
  const next = choices[choices.indexOf(document.activeElement) + (STEPS[event.key] ?? NaN) * turned];
  if (!next) return;
  next.focus();
  event.preventDefault();
}

function onToggle({ newState }) {
  opener?.setAttribute("aria-expanded", newState === "open");
  if (newState === "closed") current = opener = null;
}

// startPicker sets up the picker. It calls onChoose(element of the message, emoji, on); on is false if the reaction is to be removed.
function startPicker(onChoose, signal) {
  picker.replaceChildren(...EMOJI.map((emoji) => {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.className = "emoji";
    choice.textContent = emoji;
    return choice;
  }));
  picker.addEventListener("keydown", onKey, { signal });
  picker.addEventListener("toggle", onToggle, { signal });
  picker.addEventListener("click", ({ target }) => {
    if (target === picker) return;
    const message = current;
    picker.hidePopover();
    message.focus({ preventScroll: true });
    onChoose(message, target.textContent, !isMine(target));
  }, { signal });
  document.getElementById("scroller").addEventListener("scroll", () => picker.hidePopover(), { signal });
}

// startReactions sets up the chips and the picker of a room, until signal is aborted. They call onReact(id of the message, emoji, on).
export function startReactions(onReact, signal) {
  picker = document.getElementById("reaction-picker");
  current = opener = null;
  const choose = (message, emoji, on) => onReact(Number(message.dataset.id), emoji, on);
  const log = document.getElementById("log");
  for (const chip of log.querySelectorAll(".reaction")) label(chip);
  if (!picker) return;
  startPicker(choose, signal);
  log.addEventListener("click", (event) => {
    const chip = event.target.closest(".reaction");
    if (chip) choose(chip.closest(".message"), chip.dataset.emoji, !isMine(chip));
  }, { signal });
}
