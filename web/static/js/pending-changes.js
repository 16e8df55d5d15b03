// Edits, deletions and reactions that were sent and have not come back as an event yet. If the connection breaks, they may be lost, so
// they are sent again on the next connection. A repeated command changes nothing.

import { isTemporary, newNonce } from "./outbox.js";
import { self } from "./person.js";

const RETRY_AFTER = 2; // s, after a temporary error without retry_after
const ANSWERED_WITHIN = 30_000; // ms after which no event is expected: a command that changes nothing gets none

const EVENTS = { edit: "message_edited", delete: "message_deleted", react: "reaction" };

function matches({ type, id, message, emoji, on }, event) {
  if (event.type !== EVENTS[type] || event.id !== id) return false;
  if (type === "edit") return event.message === message;
  return type === "delete" || (event.user === self && event.emoji === emoji && event.on === on);
}

// PendingChanges calls send(frame), which returns whether it was sent.
export class PendingChanges {
  constructor(send) {
    this.send = send;
    this.commands = [];
    this.requestedAt = 0;
    this.delayed = new Set(); // nonces of commands that were refused with a temporary error
  }

  // request sends a command and reports whether it was sent. With opening, it is sent as soon as the first connection is open. Otherwise a
  // command that was not sent is not kept.
  request(frame, opening = false) {
    const command = { ...frame, nonce: newNonce() };
    if (!this.send(command) && !opening) return false;
    this.requestedAt = Date.now();
    const same = (other) => other.type === command.type && other.id === command.id && other.emoji === command.emoji;
    this.commands = [...this.commands.filter((other) => !same(other)), command]; // a later command replaces an earlier one of the same kind
    return true;
  }

  // reconnected is called for each new connection.
  reconnected() {
    this.commands.forEach(this.send);
  }

  // handleEvent handles an event of the room, which may show that commands were carried out. It reports whether one of them had been
  // refused with a temporary error before.
  handleEvent(event) {
    const done = this.commands.filter((command) => matches(command, event));
    this.commands = this.commands.filter((command) => !done.includes(command));
    return done.some(({ nonce }) => this.delayed.delete(nonce));
  }

  // waiting reports whether a recent command has not been carried out yet.
  get waiting() {
    return this.commands.length > 0 && Date.now() - this.requestedAt < ANSWERED_WITHIN;
  }

  // refused handles an error frame. After a temporary error, the command is sent again.
  refused(error) {
    const command = this.commands.find(({ nonce }) => nonce === error.nonce);
    if (!command) return;
    if (!isTemporary(error)) {
      this.commands = this.commands.filter((other) => other !== command);
      return;
    }
    this.delayed.add(command.nonce);
    const wait = (error.retry_after ?? RETRY_AFTER) * 1000;
    setTimeout(() => this.commands.includes(command) && this.send(command), wait);
  }

  // forget is called when the page has loaded the messages again: the events before that will not come.
  forget() {
    this.commands = [];
  }
}
