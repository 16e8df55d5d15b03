// Edits, deletions and reactions on their way. What has not come back as an event when the line breaks may
// be lost, and is asked for again on the next one: the second time changes nothing.

import { newNonce, passes } from "./outbox.js";
import { self } from "./person.js";

const RETRY_AFTER = 2; // s, after an error that passes and doesn't say when
const ANSWERED_WITHIN = 30_000; // ms; what changes nothing is never answered

const EVENTS = { edit: "message_edited", delete: "message_deleted", react: "reaction" };

function meets({ type, id, message, emoji, on }, event) {
  if (event.type !== EVENTS[type] || event.id !== id) return false;
  if (type === "edit") return event.message === message;
  return type === "delete" || (event.user === self && event.emoji === emoji && event.on === on);
}

// PendingChanges calls send(frame) → whether the line took it.
export class PendingChanges {
  constructor(send) {
    this.send = send;
    this.open = [];
    this.askedAt = 0;
    this.delayed = new Set(); // nonces of what was refused for now
  }

  // ask answers whether the line took it. If it didn't, it is not asked for again.
  ask(frame) {
    const asked = { ...frame, nonce: newNonce() };
    if (!this.send(asked)) return false;
    this.askedAt = Date.now();
    const same = (other) => other.type === asked.type && other.id === asked.id && other.emoji === asked.emoji;
    this.open = [...this.open.filter((other) => !same(other)), asked]; // the last word counts
    return true;
  }

  // again is called when the line is back.
  again() {
    this.open.forEach(this.send);
  }

  // told takes an event of the room: what was asked for has happened. It tells whether that was refused before.
  told(event) {
    const done = this.open.filter((asked) => meets(asked, event));
    this.open = this.open.filter((asked) => !done.includes(asked));
    return done.some(({ nonce }) => this.delayed.delete(nonce));
  }

  // waiting tells whether something was asked for lately that has not happened yet.
  get waiting() {
    return this.open.length > 0 && Date.now() - this.askedAt < ANSWERED_WITHIN;
  }

  // refused takes an error frame. After an error that passes, the same is asked for again.
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

  // forget is for when the page has all of the room anew, and events that it missed don't come.
  forget() {
    this.open = [];
  }
}
