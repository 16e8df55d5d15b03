// The bar above the log that says how many messages are unread, and the button at the end of the log (the pill).

import { t } from "./i18n.js";
import { atEnd } from "./log.js";
import { timeText } from "./time.js";

export const MOST = 10_000; // the highest count that the server knows; MaxUnreadHere in web/chat/read.go is the same number

// Elements of the room that is open, since startBar.
export let bar = null; // null for visitors, who have no read position
export let pill = null;
const element = (id) => document.getElementById(id);

export function startBar() {
  bar = element("unread-bar");
  pill = element("pill");
}

// drawBar shows the bar, or hides it. first is the first unread message on the page, if there is one; above says that the first unread
// message of the room is above the view. Only one of the two shows a count and a way to the end.
export function drawBar({ shown, unread, first, above }) {
  element("pill-text").textContent = unread && !shown ? t("room.new_messages", { count: unread }) : t("room.to_bottom");
  pill.hidden = atEnd() || (shown && !above);
  if (!bar) return;
  bar.hidden = !shown;
  if (!shown) return;
  element("unread-count").textContent = unread < MOST ? t("room.new_messages", { count: unread }) : t("unread.many", { count: MOST });
  if (first) element("unread-since").textContent = t("unread.since", { time: timeText(new Date(first.querySelector("time").dateTime)) });
  element("jump-first").hidden = !above;
  element("jump-newest").hidden = above || atEnd();
}
