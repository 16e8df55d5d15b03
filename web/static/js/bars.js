// What every page says of the connection, and of messages that the server does not have yet: quiet lines below
// its head.

import { isolate, t } from "./i18n.js";

const bars = document.createElement("div");

function addBar(id) {
  const bar = document.createElement("p");
  bar.id = id;
  bar.className = "line-state";
  bar.setAttribute("role", "status");
  bar.hidden = true;
  bars.append(bar);
  return bar;
}

const state = addBar("line-state");
const unsent = addBar("unsent");

bars.className = "bars";
document.querySelector("#main > .pane-head").after(bars);

function logInLink() {
  const link = document.createElement("a");
  link.href = `/login/?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = t("line.log_in");
  return link;
}

// showState says what is wrong with the connection, in a state of wire.js.
export function showState(now) {
  state.hidden = now === "open";
  state.textContent = "";
  if (now === "reconnecting") state.textContent = t("line.reconnecting");
  if (now === "offline") state.textContent = t("line.offline");
  if (now === "blocked") state.textContent = t("line.blocked");
  if (now === "signed-out") state.append(t("line.signed_out"), " ", logInLink());
}

let shown = "";

// showUnsent says how many messages wait in which rooms; counts is a Map of both.
export function showUnsent(counts) {
  const now = JSON.stringify([...counts]);
  if (now === shown) return; // nobody is told twice
  shown = now;
  const links = Array.from(counts, ([room, count]) => {
    const link = document.createElement("a");
    link.href = `/chat/${encodeURIComponent(room)}/`;
    link.textContent = t("unsent.room", { room: isolate(room.startsWith("@") ? room : `#${room}`), count });
    return link;
  });
  const total = Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
  unsent.hidden = !total;
  unsent.replaceChildren(t("unsent.count", { count: total }), ...links.flatMap((link) => [" ", link]));
}
