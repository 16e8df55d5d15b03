// The card of a person, which opens beside a name or an avatar. On a phone it is a sheet at the bottom. Without JavaScript, a name is a link
// to a page with the same card.

import { mentioned } from "./renamed.js";
import { hourFormat } from "./time.js";

const GAP = 12; // px between the name and the card, and between the card and the edges of the window
const NARROW = "(max-width: 700px)"; // css/card.css has the same condition
const MINUTE = 60_000;

let card = null; // the popover; it is made when the first card opens
let opener = null; // the link whose card is open
let shown = ""; // the username of the card that is open
let request = 0; // counts requests, so that a late answer is ignored
let timer = 0;

// linkOf returns the link to a person to which an element belongs: a name, a mention, or an avatar beside a name. In the sidebar, the
// names of conversations lead to these.
function linkOf(target) {
  const link = target.closest("a.who, a.mention");
  if (link) return link;
  return target.closest(".avatar")?.closest("[data-user]")?.querySelector("a.who") ?? null;
}

function userOf(link) {
  return mentioned(link);
}

function addressOf(user) {
  const room = document.getElementById("main")?.dataset.room;
  return `/people/${encodeURIComponent(user)}/card/${room ? `?room=${encodeURIComponent(room)}` : ""}`;
}

function build() {
  card = document.createElement("div");
  card.id = "user-card";
  card.className = "user-card";
  card.popover = "auto";
  card.setAttribute("role", "dialog");
  card.setAttribute("aria-labelledby", "card-title");
  card.addEventListener("beforetoggle", onToggle);
  card.addEventListener("click", onCardClick);
}

// load puts the card of a person into the popover. It returns false if the person has no card, or if another one was opened meanwhile.
async function load(user) {
  const id = ++request;
  const answer = await fetch(addressOf(user)).catch(() => null);
  const html = answer?.ok ? await answer.text() : "";
  if (id !== request) return false;
  if (!html) return null;
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".card");
  card.replaceChildren(document.adoptNode(fresh));
  const mention = card.querySelector("[data-mention]");
  if (mention) mention.hidden = !composer();
  showTime();
  return true;
}

// composer returns the field into which a mention can be written: not that of a private conversation.
function composer() {
  const room = document.getElementById("main")?.dataset.room;
  return room && !room.startsWith("@") ? document.querySelector(".composer-text") : null;
}

async function open(link) {
  const user = userOf(link);
  if (!card) build();
  const found = await load(user);
  if (found === null) location.assign(link.href); // the page says why
  if (!found || !link.isConnected) return;
  if (card.matches(":popover-open")) card.hidePopover();
  opener = link;
  shown = user;
  (link.closest("dialog[open]") ?? document.body).append(card); // what is outside a modal dialog is inert
  card.showPopover();
  place(link);
  (card.querySelector("[autofocus]") ?? card).focus();
}

// place moves the card beside its link: after it, or before it if there is not enough room.
function place(link) {
  if (matchMedia(NARROW).matches) {
    card.style.left = card.style.top = "";
    return;
  }
  const anchor = (link.matches(".side-link, .me") ? link : link.querySelector("bdi") ?? link).getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const right = anchor.right + GAP;
  const left = right + width + GAP <= innerWidth ? right : anchor.left - GAP - width;
  card.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  card.style.top = `${Math.max(GAP, Math.min(anchor.top - GAP, innerHeight - height - GAP))}px`;
}

// onToggle is called before the card opens or closes. Where the focus is lost with the card, it returns to the name.
function onToggle({ newState }) {
  if (newState === "open") {
    timer = setInterval(showTime, MINUTE);
    return;
  }
  clearInterval(timer);
  request++;
  const from = opener;
  shown = "";
  opener = null;
  setTimeout(() => {
    const lost = document.activeElement === document.body || card.contains(document.activeElement);
    if (lost && from?.isConnected && !card.matches(":popover-open")) from.focus({ preventScroll: true });
  });
}

// showTime shows the local time of the person.
function showTime() {
  const time = card.querySelector(".card-time");
  if (!time) return;
  try {
    time.textContent = hourFormat(time.dataset.in).format(new Date());
  } catch {
    // The browser does not know the time zone: the server's text stays.
  }
}

function onCardClick(event) {
  if (event.target.closest("[data-mention]")) {
    const field = composer();
    const name = shown;
    opener = null; // the focus goes to the composer
    card.hidePopover();
    field.focus();
    const before = field.value.slice(0, field.selectionStart);
    const text = `${before && !/\s$/.test(before) ? " " : ""}@${name} `;
    if (!document.execCommand("insertText", false, text)) field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  } else if (event.target.closest("a[href]")) {
    opener = null;
    if (!event.ctrlKey && !event.metaKey) card.hidePopover();
  }
}

function onClick(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? linkOf(event.target) : null;
  if (!link || !userOf(link) || card?.contains(link)) return;
  event.preventDefault();
  open(link);
}

// onKey closes the card before anything else that the key would close or cancel.
function onKey(event) {
  if (event.key !== "Escape" || !card?.matches(":popover-open")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  card.hidePopover();
}

// onPeople loads the open card again if its person has changed.
async function onPeople({ detail: users }) {
  if (!shown || !users.includes(shown)) return;
  const focused = card.contains(document.activeElement);
  if ((await load(shown)) && focused) (card.querySelector("[autofocus]") ?? card).focus();
}

export function startCards() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("people", onPeople);
  addEventListener("resize", () => opener?.isConnected && card.matches(":popover-open") && place(opener));
}
