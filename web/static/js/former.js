// What a page does when the account of a person is deleted: whatever it shows of the person is shown as that of a former member.

import { flash } from "./flash.js";
import { directURL, displayOf, fillHandle, paintAvatar } from "./person.js";
import { renameReactor } from "./reaction.js";
import { mentioned } from "./renamed.js";

// userDeleted handles a user_deleted frame. The messages of user are those of former now, who is called display.
export function userDeleted({ user, former, display }) {
  const before = displayOf(user);
  if (location.pathname === directURL(user)) location.replace(directURL(former)); // the page of the conversation says that it has ended
  for (const message of document.querySelectorAll(`.message[data-user="${CSS.escape(user)}"]`)) rename(message, former, display);
  for (const quote of document.querySelectorAll(`.reply[data-user="${CSS.escape(user)}"]`)) {
    quote.dataset.user = former;
    quote.dataset.display = display;
    quote.querySelector(".reply-name").textContent = display;
    quote.querySelector(".who").removeAttribute("href");
  }
  for (const name of document.querySelectorAll(".last-by")) {
    if (name.textContent === before) name.textContent = display;
  }
  for (const link of document.querySelectorAll("a.mention")) {
    if (mentioned(link) === user) link.replaceWith(`@${user}`);
  }
  for (const chip of document.querySelectorAll(".reaction")) renameReactor(chip, user, former);
  for (const row of document.querySelectorAll(`.person[data-user="${CSS.escape(user)}"], #people-rows tr[data-user="${CSS.escape(user)}"]`)) row.remove();
  for (const link of document.querySelectorAll("a")) {
    if (link.pathname === directURL(user)) follow(link, former, display);
  }
}

function rename(message, former, display) {
  const avatar = message.querySelector(".avatar");
  avatar.className = "avatar";
  paintAvatar(avatar, former, display);
  message.dataset.user = former;
  message.dataset.display = display;
  message.querySelector(".name").textContent = display;
  for (const link of message.querySelectorAll(".byline .who, .action-who")) link.removeAttribute("href");
  fillHandle(message, "", display);
  const action = message.querySelector(".action-name");
  if (action?.textContent) action.textContent = display;
}

// follow makes a link to the conversation with a deleted person lead to that with the former member.
function follow(link, former, display) {
  link.href = directURL(former);
  if (!link.dataset.user) return;
  link.dataset.user = former;
  link.dataset.room = `@${former}`;
  link.querySelector(".side-name").textContent = display;
  link.querySelector(".dot").className = "dot offline";
  fillHandle(link, "", display);
}

// notice handles a notice frame: something that admins should know.
export function notice({ message }) {
  flash(message);
}
