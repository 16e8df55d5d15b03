// Changes of a room that somebody makes while its page is open: the name, the topic, the access, and whether it is archived.

import { setTitle, title } from "./badge.js";
import { t } from "./i18n.js";

export function roomURL(room) {
  return `/chat/${encodeURIComponent(room)}/`;
}

// showAccess gives an element with the name of a room the icon of its access.
export function showAccess(element, access) {
  const icon = element.querySelector(".icon");
  const use = icon.querySelector("use");
  const open = access === "open";
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, open ? "#hash" : "#lock"));
  const words = element.querySelector(".restricted");
  if (open) words?.remove();
  else if (!words) icon.after(restricted());
}

function restricted() {
  const words = document.createElement("span");
  words.className = "sr restricted";
  words.textContent = t("room.restricted");
  return words;
}

// showRoomChange handles a room frame on the page of that room.
export function showRoomChange(frame) {
  const main = document.querySelector("main[data-room]");
  if (!main) return;
  if (frame.was && frame.was === main.dataset.room) rename(main, frame.was, frame.room);
  if (frame.room !== main.dataset.room) return;
  if (frame.deleted) location.replace("/?done=room_deleted");
  else if (frame.archived) archive(main);
  else if (!frame.gone) {
    restore(main);
    main.querySelector(".topic").textContent = frame.topic ?? "";
    main.dataset.access = frame.access;
    showAccess(main.querySelector(".pane-head h1"), frame.access);
  }
}

// rename shows the new name. The old one still leads to the room.
function rename(main, was, room) {
  main.dataset.room = room;
  main.querySelector(".pane-head h1 bdi").textContent = room;
  setTitle(title.replace(`#${was}`, `#${room}`));
  const old = encodeURIComponent(was);
  for (const link of main.querySelectorAll(`[href^="/chat/${old}/"], [action^="/chat/${old}/"]`)) {
    const attribute = link.hasAttribute("href") ? "href" : "action";
    link.setAttribute(attribute, link.getAttribute(attribute).replace(`/chat/${old}/`, roomURL(room)));
  }
  const text = main.querySelector(".composer-text");
  if (text) {
    text.placeholder = t("composer.label", { room });
    text.setAttribute("aria-label", text.placeholder);
  }
  history.replaceState(history.state, "", roomURL(room) + location.search + location.hash);
  document.dispatchEvent(new CustomEvent("room-renamed", { detail: { was, room } }));
}

function archive(main) {
  const form = main.querySelector(".composer");
  if (!form || form.hidden) return;
  form.hidden = true;
  const note = document.createElement("p");
  note.className = "composer-closed archived-note";
  note.setAttribute("role", "status");
  note.textContent = t("error.archived");
  form.after(note);
}

function restore(main) {
  if ("archived" in main.dataset) return location.reload(); // the page came without a composer
  const note = main.querySelector(".archived-note");
  if (!note) return;
  note.remove();
  main.querySelector(".composer").hidden = false;
}
