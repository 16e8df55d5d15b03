// What a page does when the account of a person is deleted: whatever it shows of the person is shown as that of a former member.

import { flash } from "./flash.js";
import { directURL, displayOf, fillHandle, paintAvatar } from "./person.js";
import { renameReactor } from "./reaction.js";

// userDeleted handles a user_deleted frame. The messages of user are those of former now, who is called display.
export function userDeleted({ user, former, display }) {
  if (location.pathname === directURL(user)) location.replace(directURL(former)); // the page of the conversation says that it has ended
  const before = displayOf(user);
  for (const message of document.querySelectorAll(`.message[data-user="${CSS.escape(user)}"]`)) rename(message, former, display);
  for (const name of document.querySelectorAll(".reply-name")) {
    if (name.textContent === before) name.textContent = display;
  }
  for (const link of document.querySelectorAll("a.mention")) {
    if (link.pathname === directURL(user)) link.replaceWith(`@${user}`);
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
  link.querySelector(".dot").classList.remove("online");
  fillHandle(link, "", display);
}

// notice handles a notice frame: something that admins should know.
export function notice({ message }) {
  flash(message);
}
