// The dialog that shows the messages of a day.

import { flash } from "./flash.js";
import { loadNear, showAround } from "./history.js";
import { t } from "./i18n.js";
import { messages, scrollTo } from "./log.js";
import { show } from "./unread.js";

function localDate(at) {
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

// showDay shows the first message that was written at a time or later, or the last one of the room.
async function showDay(start, signal) {
  try {
    if (!(await showAround(start))) return;
  } catch {
    if (!signal.aborted) flash(t("connection.needed"));
    return;
  }
  const all = messages();
  const first = all.find((message) => new Date(message.querySelector("time").dateTime) >= start) ?? all.at(-1);
  if (!first) return;
  const line = first.previousElementSibling;
  scrollTo(line?.matches(".line") ? line : first, 0);
  first.focus({ preventScroll: true });
  loadNear();
  show();
}

// startJumpDate sets up the dialog of a room, until signal is aborted.
export function startJumpDate(signal) {
  const dialog = document.getElementById("jump-date");
  const field = dialog.querySelector("input");
  field.max = localDate(new Date());
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [year, month, day] = field.value.split("-").map(Number);
    dialog.close();
    showDay(new Date(year, month - 1, day), signal);
  }, { signal });
}
