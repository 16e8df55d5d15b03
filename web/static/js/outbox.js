// The outbox. Each message is stored on this computer until the server's receipt, and is sent again with the same nonce after a lost
// connection, a reload or a crash: the server stores a nonce once.
//
// One message is sent at a time. That keeps the order even when the server demands a wait (rate_limited), and a receipt takes only a
// few milliseconds.
//
// A refused message stays, with the reason, until it is sent again, edited or discarded.

import { announce, onAnnounced, openStore } from "./outbox-store.js";

const DEFAULT_WAIT = 2; // s, if the server demands a wait and does not say how long

// The codes of temporary errors, after which a message is sent again.
const PASSING = new Set(["rate_limited", "storage", "internal", "stopping"]);
const KEEPING = 2000; // ms for which a message waits to be stored before it is sent anyway

// 128 random bits; crypto.randomUUID is missing on plain http.
export function newNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// passes reports whether an error is temporary.
export function passes({ code }) {
  return PASSING.has(code);
}

// Outbox calls send(item) → whether it was sent, and onChange(items) with the messages that the server does not have yet. A refused
// item has the reason in failed.
export class Outbox {
  constructor({ owner, room, send, onChange }) {
    Object.assign(this, { owner, room, send, onChange });
    this.items = [];
    this.keeping = new Set(); // nonces
    this.current = null; // the nonce of the message that was sent
    this.paused = 0;
    this.trouble = ""; // why the server cannot store messages now
    this.ready = openStore().then(async (store) => {
      this.store = store;
      await this.restore();
    });
    onAnnounced((sent) => sent && this.forget(sent));
  }

  // restore loads the messages that an earlier page or another tab of the same person in the same room has left. If that tab is still
  // open, both send them, and the server stores each once.
  async restore() {
    const mine = (item) => item.owner === this.owner && item.room === this.room;
    const all = await this.store.all().catch(() => []);
    const left = all.filter((item) => mine(item) && !this.items.some((other) => other.nonce === item.nonce));
    this.items = [...left, ...this.items].sort((a, b) => a.at - b.at);
    this.onChange(this.items);
    this.pump();
  }

  async add(text, extra = {}) {
    const last = this.items.at(-1)?.at ?? 0; // the clock may stop or be set back
    const at = Math.max(Date.now(), last + 1);
    const item = { nonce: newNonce(), owner: this.owner, room: this.room, text, at, ...extra };
    this.items.push(item);
    this.keeping.add(item.nonce);
    this.onChange(this.items);
    // A message is stored before it is sent. If this computer's disk is full or busy, it is sent anyway.
    await Promise.race([this.keep(item), new Promise((resolve) => setTimeout(resolve, KEEPING))]);
    this.keeping.delete(item.nonce);
    this.pump();
  }

  async keep(item) {
    await this.ready.then(() => this.store.put(item)).catch(() => {});
    announce();
  }

  // pump sends the first waiting message, unless one waits for its receipt.
  pump() {
    if (this.current || this.paused) return;
    const item = this.items.find(({ failed }) => !failed);
    if (!item || this.keeping.has(item.nonce)) return;
    this.current = item.nonce; // before it is sent: the receipt may come at once
    if (!this.send(item)) this.current = null;
  }

  // again is called when the connection is back: the message that was sent may be lost.
  async again() {
    this.current = null;
    await this.restore();
  }

  has(nonce) {
    return this.items.some((item) => item.nonce === nonce);
  }

  // receipt removes a message: it is on the server's disk.
  receipt(nonce) {
    return this.drop(nonce) !== undefined;
  }

  // refused handles an error frame. It returns true if the error belongs to one of these messages.
  refused(frame) {
    const item = this.items.find((other) => other.nonce === frame.nonce);
    if (!item) return false;
    if (passes(frame)) {
      this.trouble = frame.code === "rate_limited" ? "" : frame.message;
      this.onChange(this.items);
      this.pause(frame.retry_after ?? DEFAULT_WAIT);
      return true;
    }
    this.settle(item, frame.message);
    return true;
  }

  // settle sets why the server refuses a message; with "" it is sent again.
  settle(item, failed) {
    item.failed = failed;
    if (this.current === item.nonce) this.current = null;
    this.keep(item);
    this.onChange(this.items);
    this.pump();
  }

  retry(nonce) {
    const item = this.items.find((other) => other.nonce === nonce);
    if (item) this.settle(item, "");
  }

  pause(seconds) {
    this.current = null;
    clearTimeout(this.paused);
    this.paused = setTimeout(() => {
      this.paused = 0;
      this.pump();
    }, seconds * 1000);
  }

  // drop removes a message for good and returns it.
  drop(nonce) {
    const item = this.forget(nonce);
    if (!item) return undefined;
    this.ready.then(() => this.store.remove(nonce)).catch(() => {}).then(() => announce(nonce));
    return item;
  }

  // forget removes a message from this page's list.
  forget(nonce) {
    const item = this.items.find((other) => other.nonce === nonce);
    if (!item) return undefined;
    this.items = this.items.filter((other) => other !== item);
    if (this.current === nonce) this.current = null;
    this.trouble = "";
    this.onChange(this.items);
    this.pump();
    return item;
  }
}
