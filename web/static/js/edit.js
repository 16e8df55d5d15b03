// Editing a message in the composer. Its text stays there until the server has stored the new text.

import { t } from "./i18n.js";
import { beginEdit, endEdit, showError } from "./composer.js";
import { edges } from "./log.js";
import { toNewest } from "./unread.js";

let form = null; // the composer of the room that is open; null if the reader may not write there
let save = null; // save(id, text) reports whether the edit was sent
let edited = null; // the element of the message that is being edited
let sent = ""; // the last text that was sent to the server

// showEditing labels the composer for an edit, or for a new message.
function showEditing(on) {
  document.getElementById("editing").hidden = !on;
  edited?.classList.toggle("edited-now", on);
  form.querySelector(".composer-hint").textContent = on ? t("composer.edit_hint") : t("composer.hint");
  form.querySelector(".composer-tools .button span").textContent = on ? t("form.save") : t("composer.send");
}

function onEnd() {
  showEditing(false);
  edited = null;
}

function onSubmit(text) {
  if (text === edited.dataset.text) return endEdit();
  sent = text;
  showError(save(Number(edited.dataset.id), text) ? "" : t("connection.needed"));
}

// startEdit puts the text of a message into the composer, or the text of an edit that is continued.
export function startEdit(message, text = message.dataset.text) {
  beginEdit(text, { onSubmit, onEnd });
  edited = message;
  sent = "";
  showEditing(true);
  message.scrollIntoView({ block: "nearest" });
}

// saved handles a message_edited frame. It ends the edit if the frame contains the text that was sent. A refused text stays in the
// composer.
export function saved(frame) {
  const typed = form?.elements.message.value;
  if (edited?.dataset.id === String(frame.id) && frame.message === sent && typed === sent) endEdit();
}

function onKey(event) {
  const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
  if (event.key !== "ArrowUp" || !plain || edited || event.target.value) return;
  event.preventDefault();
  editLast();
}

// editLast edits the reader's last message, if it is at the end of the room.
async function editLast() {
  if (edges.newer) await toNewest().catch(() => {});
  const last = Array.from(document.querySelectorAll("#log .message[data-text]")).at(-1);
  if (last && !edges.newer) startEdit(last);
}

// leaveEditing keeps an edit that has not ended, until the room is open again. The draft is back in the composer meanwhile.
export function leaveEditing() {
  if (!edited) return;
  form.dataset.edits = edited.dataset.id;
  form.dataset.edit = form.elements.message.value;
  endEdit();
}

// startEditing sets up the composer of a room, until signal is aborted. onSave(id, text) is called for each edit, and returns whether it
// was sent.
export function startEditing(onSave, signal) {
  form = document.getElementById("composer");
  edited = null;
  if (!form) return;
  save = onSave;
  form.elements.message.addEventListener("keydown", onKey, { signal });
  document.querySelector("#editing button").addEventListener("click", () => endEdit(), { signal });
  const message = document.getElementById(`m${form.dataset.edits}`);
  if (message?.dataset.text !== undefined) startEdit(message, form.dataset.edit);
  delete form.dataset.edits;
}
