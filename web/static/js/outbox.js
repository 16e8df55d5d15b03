// The outbox of a room. It keeps each message in this browser until the server's receipt arrives. After a lost connection, a reload or a
// crash it sends the message again with the same nonce, so that the server stores it once.
//
// It sends the next message only after the receipt of the one before, which takes a few milliseconds. That keeps the order, even when the
// server limits the rate (rate_limited).
//
// A refused message stays, with the reason, until the person sends it again, edits it or discards it.

import { announce, onAnnounced, openStore } from "./outbox-store.js";

const DEFAULT_WAIT = 2; // s, after a temporary error without retry_after

// The codes of temporary errors: the message is sent again.
const TEMPORARY = new Set(["rate_limited", "storage", "internal", "stopping"]);
const SAVE_WITHIN = 2000; // ms after which a message is sent even if this browser has not stored it

// newNonce returns 128 random bits in hexadecimal. crypto.randomUUID exists only on HTTPS and localhost.
export function newNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// isTemporary reports whether an error is temporary.
export function isTemporary({ code }) {
  return TEMPORARY.has(code);
}

// Outbox calls send(item), which returns whether it was sent, and onChange(items) with the messages that have no receipt yet. The field
// failed of a refused item is the server's reason.
export class Outbox {
  constructor({ owner, room, send, onChange }) {
    Object.assign(this, { owner, room, send, onChange });
    this.items = [];
    this.saving = new Set(); // nonces of messages that this browser is storing
    this.current = null; // the nonce of the message that waits for its receipt
    this.paused = 0; // the timer at whose end sending continues; 0: not paused
    this.serverError = ""; // the server's text if it cannot store messages now
    this.ready = openStore().then(async (store) => {
      this.store = store;
      await this.restore();
    });
    onAnnounced((sent) => sent && this.forget(sent));
  }

  // restore loads the messages that other pages of the same person in the same room have stored. If such a page is still open, both send
  // them, and the server stores each once.
  async restore() {
    const isMine = (item) => item.owner === this.owner && item.room === this.room;
    const all = await this.store.all().catch(() => []);
    const left = all.filter((item) => isMine(item) && !this.items.some((other) => other.nonce === item.nonce));
    this.items = [...left, ...this.items].sort((a, b) => a.at - b.at);
    this.onChange(this.items);
    this.sendNext();
  }

  async add(text, extra = {}) {
    const last = this.items.at(-1)?.at ?? 0; // keeps the order if the clock is set back
    const at = Math.max(Date.now(), last + 1);
    const item = { nonce: newNonce(), owner: this.owner, room: this.room, text, at, ...extra };
    this.items.push(item);
    this.saving.add(item.nonce);
    this.onChange(this.items);
    // Store the message before sending it. If this computer's disk is full or busy, send it anyway.
    await Promise.race([this.save(item), new Promise((resolve) => setTimeout(resolve, SAVE_WITHIN))]);
    this.saving.delete(item.nonce);
    this.sendNext();
  }

  async save(item) {
    await this.ready.then(() => this.store.put(item)).catch(() => {});
    announce();
  }

  // sendNext sends the first message, unless one waits for its receipt already.
  sendNext() {
    if (this.current || this.paused) return;
    const item = this.items.find(({ failed }) => !failed);
    if (!item || this.saving.has(item.nonce)) return;
    this.current = item.nonce; // set before sending, because the receipt may come at once
    if (!this.send(item)) this.current = null;
  }

  // reconnected is called for each new connection. The message that waits for its receipt may be lost, so it is sent again.
  async reconnected() {
    this.current = null;
    await this.restore();
  }

  has(nonce) {
    return this.items.some((item) => item.nonce === nonce);
  }

  // sends reports whether a message is sent from here, now or later.
  sends(nonce) {
    return this.items.some((item) => item.nonce === nonce && !item.failed);
  }

  // receipt removes a message that the server has stored. It reports whether the message was in the outbox.
  receipt(nonce) {
    return this.drop(nonce) !== undefined;
  }

  // refused handles an error frame. It reports whether the error belongs to a message of the outbox.
  refused(frame) {
    const item = this.items.find((other) => other.nonce === frame.nonce);
    if (!item) return false;
    if (isTemporary(frame)) {
      this.serverError = frame.code === "rate_limited" ? "" : frame.message;
      this.onChange(this.items);
      this.pause(frame.retry_after ?? DEFAULT_WAIT);
      return true;
    }
    this.setFailed(item, frame.message);
    return true;
  }

  // setFailed sets the reason for which the server refused a message. With an empty reason, the message is sent again.
  setFailed(item, failed) {
    item.failed = failed;
    if (this.current === item.nonce) this.current = null;
    this.save(item);
    this.onChange(this.items);
    this.sendNext();
  }

  retry(nonce) {
    const item = this.items.find((other) => other.nonce === nonce);
    if (item) this.setFailed(item, "");
  }

  pause(seconds) {
    this.current = null;
    clearTimeout(this.paused);
    this.paused = setTimeout(() => {
      this.paused = 0;
      this.sendNext();
    }, seconds * 1000);
  }

  // drop removes a message from the outbox and from the store, and returns it.
  drop(nonce) {
    const item = this.forget(nonce);
    if (!item) return undefined;
    this.ready.then(() => this.store.remove(nonce)).catch(() => {}).then(() => announce(nonce));
    return item;
  }

  // forget removes a message from this page's outbox, and returns it.
  forget(nonce) {
    const item = this.items.find((other) => other.nonce === nonce);
    if (!item) return undefined;
    this.items = this.items.filter((other) => other !== item);
    if (this.current === nonce) this.current = null;
    this.serverError = "";
    this.onChange(this.items);
    this.sendNext();
    return item;
  }
}
