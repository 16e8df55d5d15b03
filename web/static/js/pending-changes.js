// Edits, deletions and reactions that were sent. Those that have not come back as an event when the connection breaks may be lost,
// and are sent again on the next one: a repetition changes nothing.

import { newNonce, passes } from "./outbox.js";
import { self } from "./person.js";

const RETRY_AFTER = 2; // s, after a temporary error without a time
const ANSWERED_WITHIN = 30_000; // ms; a command that changes nothing gets no event

const EVENTS = { edit: "message_edited", delete: "message_deleted", react: "reaction" };

function meets({ type, id, message, emoji, on }, event) {
  if (event.type !== EVENTS[type] || event.id !== id) return false;
  if (type === "edit") return event.message === message;
  return type === "delete" || (event.user === self && event.emoji === emoji && event.on === on);
}

// PendingChanges calls send(frame) → whether it was sent.
export class PendingChanges {
  constructor(send) {
    this.send = send;
    this.open = [];
    this.askedAt = 0;
    this.delayed = new Set(); // nonces of temporarily refused commands
  }

  // ask returns whether the command was sent. If not, it is not repeated.
  ask(frame) {
    const asked = { ...frame, nonce: newNonce() };
    if (!this.send(asked)) return false;
    this.askedAt = Date.now();
    const same = (other) => other.type === asked.type && other.id === asked.id && other.emoji === asked.emoji;
    this.open = [...this.open.filter((other) => !same(other)), asked]; // the last command counts
    return true;
  }

  // again is called when the connection is back.
  again() {
    this.open.forEach(this.send);
  }

  // told handles an event of the room: a command has been carried out. It returns whether it was refused before.
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

  // forget is called when the page has loaded the room again: missed events will not come.
  forget() {
    this.open = [];
  }
}
