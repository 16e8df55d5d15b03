// Edits, deletions and reactions that were sent and have not come back as an event yet. If the connection breaks, they may be lost, so
// they are sent again on the next connection. A repeated command changes nothing.

import { newNonce, passes } from "./outbox.js";
import { self } from "./person.js";

const RETRY_AFTER = 2; // s, after a temporary error without retry_after
const ANSWERED_WITHIN = 30_000; // ms after which no event is expected: a command that changes nothing gets none

const EVENTS = { edit: "message_edited", delete: "message_deleted", react: "reaction" };

function meets({ type, id, message, emoji, on }, event) {
  if (event.type !== EVENTS[type] || event.id !== id) return false;
  if (type === "edit") return event.message === message;
  return type === "delete" || (event.user === self && event.emoji === emoji && event.on === on);
}

// PendingChanges calls send(frame), which returns whether it was sent.
export class PendingChanges {
  constructor(send) {
    this.send = send;
    this.open = [];
    this.askedAt = 0;
    this.delayed = new Set(); // nonces of commands that were refused with a temporary error
  }

  // ask sends a command and reports whether it was sent. A command that was not sent is not kept.
  ask(frame) {
    const asked = { ...frame, nonce: newNonce() };
    if (!this.send(asked)) return false;
    this.askedAt = Date.now();
    const same = (other) => other.type === asked.type && other.id === asked.id && other.emoji === asked.emoji;
    this.open = [...this.open.filter((other) => !same(other)), asked]; // a later command replaces an earlier one of the same kind
    return true;
  }

  // again is called for each new connection.
  again() {
    this.open.forEach(this.send);
  }

  // told handles an event of the room, which may show that commands were carried out. It reports whether one of them had been refused with a
  // temporary error before.
  told(event) {
    const done = this.open.filter((asked) => meets(asked, event));
    this.open = this.open.filter((asked) => !done.includes(asked));
    return done.some(({ nonce }) => this.delayed.delete(nonce));
  }

  // waiting reports whether a recent command has not been carried out yet.
  get waiting() {
    return this.open.length > 0 && Date.now() - this.askedAt < ANSWERED_WITHIN;
  }

  // refused handles an error frame. After a temporary error, the command is sent again.
  refused(error) {
    const asked = this.open.find(({ nonce }) => nonce === error.nonce);
    if (!asked) return;
    if (!passes(error)) {
      this.open = this.open.filter((other) => other !== asked);
      return;
    }
    this.delayed.add(asked.nonce);
    const wait = (error.retry_after ?? RETRY_AFTER) * 1000;
    setTimeout(() => this.open.includes(asked) && this.send(asked), wait);
  }

  // forget is called when the page has loaded the messages again: the events before that will not come.
  forget() {
    this.open = [];
  }
}
