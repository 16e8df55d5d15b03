// The bar above the log that says how many messages are unread, and the button at the end of the log (the pill).

import { t } from "./i18n.js";
import { atEnd } from "./log.js";
import { timeText } from "./time.js";

export const MOST = 10_000; // the highest count that the server knows; MaxUnreadHere in web/chat/read.go is the same number

export const bar = document.getElementById("unread-bar"); // null for visitors, who have no read position
export const pill = document.getElementById("pill");
const pillText = document.getElementById("pill-text");
const count = document.getElementById("unread-count");
const since = document.getElementById("unread-since");
const jumpFirst = document.getElementById("jump-first");
const jumpNewest = document.getElementById("jump-newest");

// drawBar shows the bar, or hides it. first is the first unread message on the page, if there is one; above says that the first unread
// message of the room is above the view. Only one of the two shows a count and a way to the end.
export function drawBar({ shown, unread, first, above }) {
  pillText.textContent = unread && !shown ? t("room.new_messages", { count: unread }) : t("room.to_bottom");
  pill.hidden = atEnd() || (shown && !above);
  if (!bar) return;
  bar.hidden = !shown;
  if (!shown) return;
  count.textContent = unread < MOST ? t("room.new_messages", { count: unread }) : t("unread.many", { count: MOST });
  if (first) since.textContent = t("unread.since", { time: timeText(new Date(first.querySelector("time").dateTime)) });
  jumpFirst.hidden = !above;
  jumpNewest.hidden = above || atEnd();
}
