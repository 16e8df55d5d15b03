// A private message as it is shown in a room's log: the sender or recipient, the text, and a link to the conversation.

import { isolate, t } from "./i18n.js";
import { directURL, displayOf } from "./person.js";

// privateMessage creates the element. other is the username of the other person; sent is true if the reader sent the message.
export function privateMessage(other, { id, message, display, action }, sent = false) {
  const name = isolate(display ?? displayOf(other));
  const line = document.createElement("div");
  line.className = "whisper";
  line.id = `w${id}`;
  const head = document.createElement("p");
  head.className = "hint";
  const link = document.createElement("a");
  link.href = directURL(other);
  link.textContent = t("message.open_direct");
  head.append(sent ? t("message.to", { name }) : t("message.from", { name }), " ", link);
  const text = document.createElement("p");
  text.className = "text";
  text.dir = "auto";
  text.textContent = message;
  line.classList.toggle("action", Boolean(action));
  line.append(head, text);
  return line;
}
