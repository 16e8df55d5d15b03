// The script of a room's page. It passes frames to the modules that show them, and typed messages to the outbox.

import { t } from "./i18n.js";
import { Watching } from "./watching.js";
import { Connection, reaches } from "./connection.js";
import { Outbox, newNonce } from "./outbox.js";
import { PendingChanges } from "./pending-changes.js";
import { Unsent, post } from "./unsent.js";
import { showState } from "./bars.js";
import { appendLine, edges, keepPlace, leaveLog, showPending, startLog } from "./log.js";
import { buildMessage, markDeleted, markEdited, updateQuotes } from "./message.js";
import { startHistory } from "./history.js";
import * as unread from "./unread.js";
import { leaveComposer, replyTo, restoreText, showError, showNotice, startComposer } from "./composer.js";
import { leaveEditing, saved, startEdit, startEditing } from "./edit.js";
import { openPicker, reacted, startReactions } from "./reaction.js";
import { displayOf, me, self } from "./person.js";
import { namesOnPage, namesWatched, peopleChanged, refreshNames } from "./renamed.js";
import { Idle } from "./idle.js";
import { tellZone } from "./zone.js";
import { startTools } from "./message-tools.js";
import { isGroup } from "./group.js";
import { copyLink, startPermalinks } from "./permalink.js";
import { startJumpDate } from "./jump-date.js";
import { privateMessage } from "./private-message.js";
import { showTypingUser, startTyping, stopTyping } from "./typing.js";
import { forgetRoom, forgetRooms, keptRoom, startChanging } from "./open-room.js";
import { notice, userDeleted } from "./former.js";
import { ended, guestsMay } from "./guest.js";
import * as people from "./people.js";
import * as sidebar from "./sidebar.js";

const { meDisplay, guest = "" } = document.getElementById("main").dataset;
const author = { user: me ?? guest, display: meDisplay ?? guest };

const ENTER_WITHIN = 10_000; // ms

// The types of frames whose seq is a position in the room's sequence.
const CHANGES = new Set(["chat_message", "message_edited", "message_deleted", "reaction"]);

// The types of frames about the room of the socket. The frames with other types are about the person, the place, or a room that they name.
const OF_ROOM = new Set([...CHANGES, "user_list", "user_join", "user_leave", "users_joined", "users_left", "typing", "reset"]);

// The room that is open.
let room = "";
let seq = 0;
let outbox = null;
let changes = null;
let listening = null; // the AbortController of its listeners

let connections = 0;
let state = "reconnecting";
let leftRoom = ""; // the room that the reader has left, in this window or another one
let entering = ""; // the nonce of an enter frame that is not answered yet: the frames about a room are about the one before
let enterTimer = 0;
let resumeTo = 0; // the seq up to which the messages are sent that the page has missed
const outboxes = new Map(); // by room: those of rooms that were open before can still have messages

const connection = new Connection({ path: socketPath, onFrame, onState, busy: () => Boolean(entering || outbox.current) || changes.waiting });
const watching = new Watching({
  names: () => [...sidebar.directNames(), ...people.shown(), ...namesOnPage()],
  send: (frame) => connection.send(frame),
  onWatch(users) {
    people.watched(users);
    namesWatched(users);
  },
});
const idle = me ? new Idle((frame) => connection.send(frame)) : null;
const unsent = self ? new Unsent({ owner: author.user, has: inOutbox }) : null;

// inOutbox reports whether an outbox sends a message, or shows why it was refused.
function inOutbox(nonce) {
  return outbox.has(nonce) || Array.from(outboxes.values()).some((each) => each.sends(nonce));
}

// sendHere sends a frame through the socket if it is in the room that is open, and reports whether it did.
function sendHere(frame) {
  return !entering && connection.send(frame);
}

// send sends a message of an outbox through the socket, or through an HTTP request if WebSockets are blocked, or if another room is open. It
// reports whether it was sent.
function send(item, from) {
  const here = item.room === room;
  if (here && sendHere({ message: item.text, nonce: item.nonce, reply_to: item.reply_to })) return true;
  if ((here && state === "open") || !reaches(state)) return false;
  post(item).then(({ frame, refused, wait }) => {
    if (wait) return from.pause(wait);
    if (refused) return from.refused({ ...refused, nonce: item.nonce });
    from.receipt(item.nonce);
    if (frame.room === room && state !== "open") showMessage(frame); // otherwise the socket brings it, after earlier ones
  });
  return true;
}

function socketPath() {
  return `/ws/chat/${encodeURIComponent(room)}/?after=${seq}`;
}

function drawPending() {
  const note = state === "open" ? outbox.serverError || t("message.sending") : t("message.waiting");
  showPending(outbox.items, author, note, onFailedChoice);
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
  if (now === "shut-out") return leftRoom === room ? location.assign("/") : location.reload(); // the server answers with a page that says why
  if (now === "signed-out" && ended()) return;
  showState(now, words);
  unsent?.setReachable(reaches(now));
  for (const each of outboxes.values()) if (each !== outbox || now !== "open") each.sendNext();
  if (now === "open") {
    connections++;
    idle?.opened();
    tellZone((frame) => connection.send(frame));
    entered(connections > 1);
  }
  drawPending();
}

// entered is called when the socket is in the room that is open. again says that it may not have been there without interruption.
function entered(again) {
  entering = "";
  clearTimeout(enterTimer);
  watching.opened();
  const { ready } = outbox;
  const here = outbox;
  ready.then(() => here === outbox && outbox.reconnected());
  changes.reconnected();
  unread.reconnected(again);
}

// enter moves the socket to the room that is open, after its last event that the page shows.
function enter() {
  clearTimeout(enterTimer);
  if (!connection.live) return connection.socket ? connection.restart() : connection.reconnectNow();
  entering = newNonce();
  connection.send({ type: "enter", room, after: seq, nonce: entering });
  enterTimer = setTimeout(() => connection.restart(), ENTER_WITHIN);
}

const frames = {
  user_list(frame) {
    if (entering) entered(true);
    resumeTo = frame.seq;
    if (seq >= resumeTo) unread.resumed();
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
      if (element) markEdited(element, frame);
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
    peopleChanged(frame);
  },
  user_deleted(frame) {
    people.deleted(frame.user);
    userDeleted(frame);
    forgetRooms();
  },
  notice,
  guests: guestsMay,
  room(frame) {
    sidebar.sidebarRoom(frame);
    if (frame.room !== room) forgetRoom(frame);
  },
  membership(frame) {
    sidebar.sidebarMembership(frame);
    if (frame.left) leftRoom = frame.room;
    else if (leftRoom === frame.room) leftRoom = "";
    if (leftRoom === room && isGroup(room)) location.assign("/");
  },
  unread: (frame) => sidebar.setUnread(frame.room, frame.unread, frame.badge, frame.title),
  read(frame) {
    if (frame.room === room) return unread.movedElsewhere(frame);
    const left = keptRoom(frame.room);
    if (left) Object.assign(left.dataset, { read: frame.id, unread: frame.unread ?? 0 });
    return sidebar.setUnread(frame.room, frame.unread ?? 0);
  },
  command(frame) {
    outbox.receipt(frame.nonce);
    if (frame.command === "leave") location.href = "/";
    else showNotice(frame.message);
  },
  error(frame) {
    if (entering && frame.nonce === entering) return connection.restart(); // the handshake is refused too, and then the page says why
    changes.refused(frame);
    if (!outbox.refused(frame)) showError(frame.message);
  },
  // The new connection repeats the events that came while the messages were loaded, so there is no gap. Their ids prevent duplicates.
  async reset() {
    const here = listening;
    try {
      const now = await unread.reload();
      if (here !== listening) return;
      seq = now;
      changes.forget();
      connection.restart();
    } catch {
      if (here === listening) location.reload();
    }
  },
};

// onFrame ignores unknown types of frames. It sets seq only after an event was shown, so that a lost connection resumes before an event that
// was not.
function onFrame(frame) {
  if (entering && OF_ROOM.has(frame.type) && !(frame.type === "user_list" && frame.room === room)) {
    if (frame.nonce) outboxes.forEach((each) => each.receipt(frame.nonce));
    return;
  }
  if (Object.hasOwn(frames, frame.type)) frames[frame.type](frame);
  if (!CHANGES.has(frame.type)) return;
  if (changes.handleEvent(frame)) showError("");
  if (frame.seq > seq) seq = frame.seq;
  if (seq >= resumeTo) unread.resumed();
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
  unread.arrived(buildMessage(frame), own);
}

// request sends a deletion or a reaction. After the connection was lost, it shows an error instead of keeping the command for later.
function request(frame) {
  const opening = Boolean(entering) || (connections === 0 && state === "reconnecting");
  const sent = changes.request(frame, opening);
  showError(sent ? "" : t("connection.needed"));
  if (!sent) connection.reconnectNow();
}

// sendMark sends a read frame through the socket, or through an HTTP request if WebSockets are blocked, or if the page is left before its
// socket is open. It reports whether it was sent.
function sendMark({ id, back }, leaving = false) {
  if (sendHere({ type: "read", id, back })) return true;
  if (!leaving && !reaches(state)) return false;
  fetch(`/api/rooms/${encodeURIComponent(room)}/read`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ id, back }),
    keepalive: true,
  }).catch(() => {});
  return true;
}

// leaveRoom keeps the state of the room that is open, and stops listening to its elements. It returns what openRoom needs to show it again.
function leaveRoom() {
  leaveEditing();
  leaveComposer();
  people.leavePeople();
  unread.leaveUnread();
  const main = document.getElementById("main");
  main.dataset.seq = seq;
  const left = { scrolled: leaveLog(), changes };
  listening.abort();
  room = ""; // what is not sent yet is sent over HTTP
  if (outbox.items.length) outbox.reconnected();
  return left;
}

// newOutbox creates the outbox of the room that is open.
function newOutbox() {
  const own = new Outbox({ owner: author.user, room, send: (item) => send(item, own), onChange: () => own === outbox && drawPending() });
  outboxes.set(room, own);
  return own;
}

// openRoom sets up the room that the page shows. left is what leaveRoom has returned when it was open before.
function openRoom(left) {
  const main = document.getElementById("main");
  listening = new AbortController();
  const { signal } = listening;
  room = main.dataset.room;
  seq = resumeTo = Number(main.dataset.seq);
  outbox = outboxes.get(room) ?? newOutbox();
  changes = left?.changes ?? new PendingChanges(sendHere);
  startLog(left?.scrolled);
  people.startPeople(signal);
  startTyping();
  unread.startUnread(sendMark, signal);
  startHistory(signal);
  startComposer({
    onSend(text, answered) {
      outbox.add(text, answered ? { reply_to: answered } : {});
      if (!connection.open) connection.reconnectNow();
      unread.markAll();
      unread.toNewest().catch(() => {});
    },
    onTyping: () => sendHere({ type: "typing" }),
  }, signal);
  startEditing((id, message) => changes.request({ type: "edit", id, message }, Boolean(entering)), signal);
  startReactions((id, emoji, on) => request({ type: "react", id, emoji, on }), signal);
  startTools({
    onReact: openPicker,
    onReply: replyTo,
    onEdit: startEdit,
    onDelete: (id) => request({ type: "delete", id }),
    onLink: copyLink,
    onUnread: unread.markUnread,
  }, signal);
  startPermalinks(signal);
  startJumpDate(signal);
  watching.observe([people.here, people.elsewhere, people.offline, sidebar.directs, document.getElementById("log")]);
  if (left) refreshNames();
}

openRoom();
startChanging({
  onLeave: leaveRoom,
  onOpen(left) {
    openRoom(left);
    sidebar.showOpen(room, document.querySelector("#main h1 bdi").textContent);
    enter();
  },
});
document.addEventListener("room-renamed", () => openRoom(leaveRoom()));
connection.connect();
