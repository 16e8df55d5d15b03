// Messages on their way. Each is kept on this computer until the server's receipt, and is sent again with
// the same nonce after a lost line, a reload or a crash: the server stores a nonce once.
//
// One message is under way at a time. That keeps the order even when the server asks to wait
// (rate_limited), and a receipt takes a few milliseconds.
//
// A message that the server refuses stays, with the reason, until it is sent again, edited or discarded.

import { announce, onAnnounced, openStore } from "./outbox-store.js";

const DEFAULT_WAIT = 2; // s, when the server asks to wait and doesn't say how long

// The codes of errors that say nothing against the message: it is sent again later.
const PASSING = new Set(["rate_limited", "storage", "internal", "stopping"]);
const KEEPING = 2000; // ms that a message waits to be kept before it is sent all the same

// 128 random bits; crypto.randomUUID is missing on plain http.
export function newNonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// passes tells whether an error is one that passes by itself.
export function passes({ code }) {
  return PASSING.has(code);
}

// Outbox calls send(item) → whether it is on its way, and tells onChange(items) what the server does not have yet.
// An item that was refused has the reason in failed.
export class Outbox {
  constructor({ owner, room, send, onChange }) {
    Object.assign(this, { owner, room, send, onChange });
    this.items = [];
    this.keeping = new Set(); // nonces
    this.current = null; // the nonce under way
    this.paused = 0;
    this.trouble = ""; // why the server stores nothing just now
    this.ready = openStore().then(async (store) => {
      this.store = store;
      await this.restore();
    });
    onAnnounced((sent) => sent && this.forget(sent));
  }

  // restore takes up what an earlier page of the same person in the same room left behind, or another
  // tab that is closed. If that one is still at it, both send it, and the server stores it once.
  async restore() {
    const mine = (item) => item.owner === this.owner && item.room === this.room;
    const all = await this.store.all().catch(() => []);
    const left = all.filter((item) => mine(item) && !this.items.some((other) => other.nonce === item.nonce));
    this.items = [...left, ...this.items].sort((a, b) => a.at - b.at);
    this.onChange(this.items);
    this.pump();
  }

  async add(text, extra = {}) {
    const last = this.items.at(-1)?.at ?? 0; // the clock may stand still or be set back
    const at = Math.max(Date.now(), last + 1);
    const item = { nonce: newNonce(), owner: this.owner, room: this.room, text, at, ...extra };
    this.items.push(item);
    this.keeping.add(item.nonce);
    this.onChange(this.items);
    // Kept first, sent then. A full disk here is no reason not to send, nor is a busy one to wait for long.
    await Promise.race([this.keep(item), new Promise((resolve) => setTimeout(resolve, KEEPING))]);
    this.keeping.delete(item.nonce);
    this.pump();
  }

  async keep(item) {
    await this.ready.then(() => this.store.put(item)).catch(() => {});
    announce();
  }

  // pump sends the first that waits, unless one is under way already.
  pump() {
    if (this.current || this.paused) return;
    const item = this.items.find(({ failed }) => !failed);
    if (!item || this.keeping.has(item.nonce)) return;
    this.current = item.nonce; // before it is sent: the answer may be there at once
    if (!this.send(item)) this.current = null;
  }

  // again is called when the connection is back: what was under way may be lost.
  async again() {
    this.current = null;
    await this.restore();
  }

  has(nonce) {
    return this.items.some((item) => item.nonce === nonce);
  }

  // receipt takes a message off the list: it is on the server's disk.
  receipt(nonce) {
    return this.drop(nonce) !== undefined;
  }

  // refused handles an error frame; true when it was about one of ours.
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

  // settle says why the server won't have a message; "" has it sent again.
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

  // drop takes a message off the list for good, and returns it.
  drop(nonce) {
    const item = this.forget(nonce);
    if (!item) return undefined;
    this.ready.then(() => this.store.remove(nonce)).catch(() => {}).then(() => announce(nonce));
    return item;
  }

  // forget takes a message off this page's list.
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
