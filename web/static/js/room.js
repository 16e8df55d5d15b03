// The script of a room's page. It passes frames to the modules that show them, and typed messages to the outbox.

import { t } from "./i18n.js";
import { Watching } from "./watching.js";
import { Connection, reaches } from "./connection.js";
import { Outbox } from "./outbox.js";
import { PendingChanges } from "./pending-changes.js";
import { Unsent, post } from "./unsent.js";
import { showState } from "./bars.js";
import { appendLine, edges, keepPlace, showPending } from "./log.js";
import { buildMessage, markDeleted, markEdited, updateQuotes } from "./message.js";
import { startHistory } from "./history.js";
import * as unread from "./unread.js";
import { replyTo, restoreText, showError, showNotice, startComposer } from "./composer.js";
import { saved, startEdit, startEditing } from "./edit.js";
import { openPicker, reacted, startReactions } from "./reaction.js";
import { displayOf, self } from "./person.js";
import { startTools } from "./message-tools.js";
import { isGroup } from "./group.js";
import { copyLink, startPermalinks } from "./permalink.js";
import { startJumpDate } from "./jump-date.js";
import { privateMessage } from "./private-message.js";
import { showTypingUser, stopTyping } from "./typing.js";
import * as people from "./people.js";
import * as sidebar from "./sidebar.js";

const page = document.getElementById("main").dataset;
const room = page.room;
const me = page.me ?? null;
const author = { user: me ?? page.guest ?? "", display: page.meDisplay ?? page.guest ?? "" };

// The types of frames whose seq is a position in the room's sequence.
const CHANGES = new Set(["chat_message", "message_edited", "message_deleted", "reaction"]);

let seq = Number(page.seq);
let connections = 0;
let state = "reconnecting";
let left = false; // the reader has left the room, in this window or another one

const connection = new Connection({ path: socketPath, onFrame, onState, busy: () => Boolean(outbox.current) || changes.waiting });
const outbox = new Outbox({ owner: author.user, room, send, onChange: drawPending });
const changes = new PendingChanges((frame) => connection.send(frame));
const watching = new Watching({
  names: () => [...people.shown(), ...sidebar.directNames()],
  send: (frame) => connection.send(frame),
  lists: [people.here, people.elsewhere, people.offline, sidebar.directs],
});
const unsent = self ? new Unsent({ owner: author.user, has: (nonce) => outbox.has(nonce) }) : null;

// send sends a message through the socket, or through an HTTP request if WebSockets are blocked. It reports whether it was sent.
function send(item) {
  if (connection.send({ message: item.text, nonce: item.nonce, reply_to: item.reply_to })) return true;
  if (state === "open" || !reaches(state)) return false;
  post(item).then(({ frame, refused, wait }) => {
    if (wait) return outbox.pause(wait);
    if (refused) return outbox.refused({ ...refused, nonce: item.nonce });
    outbox.receipt(item.nonce);
    if (frame.room === room) showMessage(frame);
  });
  return true;
}

function socketPath() {
  return `/ws/chat/${encodeURIComponent(room)}/?after=${seq}`;
}

function drawPending(items = outbox.items) {
  const note = state === "open" ? outbox.serverError || t("message.sending") : t("message.waiting");
  showPending(items, author, note, onFailedChoice);
}

// onFailedChoice does what the person has chosen for a refused message: retry, edit or discard.
function onFailedChoice(choice, { nonce }) {
  if (choice === "retry") {
    outbox.retry(nonce);
    connection.recover();
    return;
  }
  const item = outbox.drop(nonce);
  if (choice === "edit") restoreText(item.text, "");
}

function onState(now, words) {
  state = now;
  if (now === "shut-out") return left ? location.assign("/") : location.reload(); // the server answers with a page that says why
  showState(now, words);
  unsent?.setReachable(reaches(now));
  if (now !== "open") outbox.sendNext();
  if (now === "open") {
    connections++;
    watching.opened();
    outbox.ready.then(() => outbox.reconnected());
    changes.reconnected();
    unread.reconnected(connections > 1);
  }
  drawPending();
}

const frames = {
  user_list(frame) {
    people.replaceHere(frame.users);
    if (frame.people_online !== undefined) sidebar.setOnlineCount(frame.people_online);
  },
  user_join: people.joined,
  user_leave: people.left,
  users_joined: people.manyJoined,
  users_left: people.manyLeft,
  typing: showTypingUser,
  chat_message: showMessage,
  message_edited(frame) {
    const element = document.getElementById(`m${frame.id}`);
    keepPlace(() => {
      if (element) markEdited(element, frame, me);
      updateQuotes(frame.id, frame.message);
    });
    saved(frame);
  },
  message_deleted(frame) {
    const element = document.getElementById(`m${frame.id}`);
    unread.deleted(frame.id, element);
    keepPlace(() => {
      if (element) markDeleted(element);
      updateQuotes(frame.id, "");
    });
  },
  reaction(frame) {
    const element = document.getElementById(`m${frame.id}`);
    if (element) keepPlace(() => reacted(element, frame));
  },
  private_message(frame) {
    if (room === `@${frame.user}`) return; // the log of this page shows it
    if (frame.user === me) return; // of a message to oneself, the page shows the receipt
    sidebar.privateMessage(frame, connections === 1);
    if (!frame.history && !edges.newer) appendLine(privateMessage(frame.user, frame));
  },
  private_message_delivered(frame) {
    outbox.receipt(frame.nonce);
    sidebar.directOf(frame.target, frame.display ?? displayOf(frame.target));
    if (room === `@${frame.target}`) return;
    unread.toNewest().catch(() => {}).then(() => {
      const shown = document.getElementById(`w${frame.id}`); // a receipt can be repeated
      if (!shown) appendLine(privateMessage(frame.target, frame, true));
    });
  },
  people(frame) {
    people.changed(frame);
    sidebar.sidebarPeople(frame);
  },
  room: sidebar.sidebarRoom,
  membership(frame) {
    sidebar.sidebarMembership(frame);
    if (frame.room !== room) return;
    left = Boolean(frame.left);
    if (left && isGroup(room)) location.assign("/");
  },
  unread: (frame) => sidebar.setUnread(frame.room, frame.unread, frame.badge, frame.title),
  read(frame) {
    if (frame.room === room) unread.movedElsewhere(frame);
    else sidebar.setUnread(frame.room, frame.unread ?? 0);
  },
  command(frame) {
    outbox.receipt(frame.nonce);
    if (frame.command === "leave") location.href = "/";
    else showNotice(frame.message);
  },
  error(frame) {
    changes.refused(frame);
    if (!outbox.refused(frame)) showError(frame.message);
  },
  // The new connection repeats the events that came while the messages were loaded, so there is no gap. Their ids prevent duplicates.
  async reset() {
    try {
      seq = await unread.reload();
      changes.forget();
      connection.restart();
    } catch {
      location.reload();
    }
  },
};

// onFrame ignores unknown types of frames. It sets seq only after an event was shown, so that a lost connection resumes before an event that
// was not.
function onFrame(frame) {
  if (Object.hasOwn(frames, frame.type)) frames[frame.type](frame);
  if (!CHANGES.has(frame.type)) return;
  if (changes.handleEvent(frame)) showError("");
  if (frame.seq > seq) seq = frame.seq;
}

function showMessage(frame) {
  const own = Boolean(frame.nonce) && outbox.receipt(frame.nonce);
  stopTyping(frame.user);
  if (frame.notice) {
    people.noticed(frame);
    watching.changed();
  } else people.wrote(frame.user);
  if (document.getElementById(`m${frame.id}`)) return;
  frame.display ??= displayOf(frame.user);
  unread.arrived(buildMessage(frame, me), own);
}

// request sends a deletion or a reaction. After the connection was lost, it shows an error instead of keeping the command for later.
function request(frame) {
  const opening = connections === 0 && state === "reconnecting";
  const sent = changes.request(frame, opening);
  showError(sent ? "" : t("connection.needed"));
  if (!sent) connection.reconnectNow();
}

// sendMark sends a read frame through the socket, or through an HTTP request if WebSockets are blocked, or if the page is left before its
// socket is open. It reports whether it was sent.
function sendMark({ id, back }, leaving = false) {
  if (connection.send({ type: "read", id, back })) return true;
  if (!leaving && !reaches(state)) return false;
  fetch(`/api/rooms/${encodeURIComponent(room)}/read`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id, back }),
    keepalive: true,
  }).catch(() => {});
  return true;
}

unread.startUnread(sendMark);
startHistory();
startComposer({
  onSend(text, answered) {
    outbox.add(text, answered ? { reply_to: answered } : {});
    if (!connection.open) connection.reconnectNow();
    unread.markAll();
    unread.toNewest().catch(() => {});
  },
  onTyping: () => connection.send({ type: "typing" }),
});
startEditing((id, message) => changes.request({ type: "edit", id, message }));
startReactions((id, emoji, on) => request({ type: "react", id, emoji, on }));
startTools({
  onReact: openPicker,
  onReply: replyTo,
  onEdit: startEdit,
  onDelete: (id) => request({ type: "delete", id }),
  onLink: copyLink,
  onUnread: unread.markUnread,
});
startPermalinks();
startJumpDate();
connection.connect();
