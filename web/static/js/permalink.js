// Links to messages: /chat/ROOM/#mID, and the quotes above replies. They show the message with its surroundings, loaded or not.

import { copyText } from "./copy.js";
import { flash } from "./flash.js";
import { loadNear, showAround } from "./history.js";
import { t } from "./i18n.js";
import { idOf, keepPlace, messages, scrollTo } from "./log.js";
import { show } from "./unread.js";

const AT = 0.35; // of the height of the view: where the message is shown

// highlight marks an element and scrolls to it. It gets the focus, so that screen readers read it.
function highlight(element) {
  document.querySelector(".found")?.classList.remove("found");
  element.classList.add("found");
  scrollTo(element, AT);
  element.focus({ preventScroll: true });
  loadNear();
  show();
}

// goneLine adds a line where a deleted message was.
function goneLine(id) {
  document.querySelector(".line.gone")?.remove();
  const line = document.createElement("div");
  line.className = "line gone";
  line.tabIndex = -1;
  line.textContent = t("message.deleted");
  const next = messages().find((message) => idOf(message) > id);
  keepPlace(() => (next ? next.before(line) : messages().at(-1)?.after(line)));
  return line;
}

async function openMessage(id, signal) {
  const loaded = document.getElementById(`m${id}`);
  if (loaded) return highlight(loaded);
  try {
    if (!(await showAround(id))) return undefined;
  } catch {
    return signal.aborted ? undefined : flash(t("message.not_found"));
  }
  return highlight(document.getElementById(`m${id}`) ?? goneLine(id));
}

function openHash(signal) {
  const [, id] = location.hash.match(/^#m(\d+)$/) ?? [];
  if (id) openMessage(Number(id), signal);
}

export async function copyLink(message) {
  await copyText(`${location.origin}${location.pathname}#${message.id}`);
  flash(t("message.link_copied"));
}

// startPermalinks opens the message that the address names, and the originals of quotes, until signal is aborted.
export function startPermalinks(signal) {
  const open = () => openHash(signal);
  document.getElementById("log").addEventListener("click", (event) => {
    const link = event.target.closest(".reply-link");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (location.hash === link.hash) open();
    else location.hash = link.hash;
  }, { signal });
  addEventListener("hashchange", open, { signal });
  open();
}
