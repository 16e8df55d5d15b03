// The messages of all rooms that the server has not stored yet. If no open page of a message's room sends it, any other page of the same
// person sends it over HTTP. Each page shows how many messages wait, and in which rooms.

import { showUnsent } from "./bars.js";
import { isTemporary } from "./outbox.js";
import { self } from "./person.js";
import { announce, onAnnounced, openStore } from "./outbox-store.js";

const MIN_AGE = 3000; // ms; the page of its room is probably sending a younger message
const CHECK_EVERY = 3000; // ms between two looks at the store while messages wait
const ANSWER_WITHIN = 15_000; // ms
const DEFAULT_WAIT = 5; // s, after a temporary failure

// post sends a message over HTTP. It returns {frame} if the server has stored it, {refused: error} if the server refuses it, and otherwise
// {wait}, the seconds after which to try again.
export async function post({ room, text, nonce, reply_to }) {
  const answer = await fetch(`/api/rooms/${encodeURIComponent(room)}/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message: text, nonce, reply_to, as: self }),
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  }).catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (answer?.ok && body) return { frame: body };
  const error = body?.error;
  const temporary = !error || isTemporary(error) || error.code === "sign_in"; // which ends when the person signs in again
  return temporary ? { wait: Number(answer?.headers.get("Retry-After")) || DEFAULT_WAIT } : { refused: error };
}

// exclusively calls work, unless another page of this person is doing the same. On plain HTTP browsers have no locks, so all pages do it; the
// server still stores each nonce once.
function exclusively(owner, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`hearth.outbox.${owner}`, { ifAvailable: true }, (lock) => lock && work());
}

// Unsent handles the messages of owner, except those in the page's own outbox: for them, has(nonce) returns true.
export class Unsent {
  constructor({ owner, has = () => false }) {
    Object.assign(this, { owner, has });
    this.reachable = false;
    this.working = false;
    this.timer = 0;
    this.waitUntil = 0;
    this.store = openStore();
    onAnnounced(() => this.checkLater());
    this.check();
  }

  // setReachable sets whether requests reach the server.
  setReachable(reachable) {
    this.reachable = reachable;
    if (reachable) this.check();
  }

  checkLater() {
    this.timer ||= setTimeout(() => this.check(), CHECK_EVERY);
  }

  async list() {
    const all = await (await this.store).all().catch(() => []);
    return all.filter(({ owner }) => owner === this.owner).sort((a, b) => a.at - b.at);
  }

  // check sends the messages that no other page sends, and shows those that remain.
  async check() {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.working) return this.checkLater();
    this.working = true;
    try {
      let items = await this.list();
      const due = items.some((item) => this.mayBeSent(item));
      if (due && this.reachable && Date.now() >= this.waitUntil) {
        await exclusively(this.owner, () => this.send());
        items = await this.list();
      }
      this.show(items);
      if (items.length) this.checkLater();
    } finally {
      this.working = false;
    }
  }

  isOldEnough({ at }) {
    return Math.abs(Date.now() - at) >= MIN_AGE;
  }

  mayBeSent(item) {
    return !this.has(item.nonce) && !item.failed && this.isOldEnough(item);
  }

  // send sends the messages in order. It stops when one has to be tried again later.
  async send() {
    for (const item of await this.list()) {
      if (!this.reachable) return;
      if (!this.mayBeSent(item)) continue;
      const { frame, refused, wait } = await post(item);
      if (wait) {
        this.waitUntil = Date.now() + wait * 1000;
        return;
      }
      const store = await this.store;
      if (frame) await store.remove(item.nonce).catch(() => {});
      else await store.put({ ...item, failed: refused.message }).catch(() => {});
      announce(frame && item.nonce);
    }
  }

  show(items) {
    const counts = new Map();
    for (const item of items.filter((each) => each.failed || this.isOldEnough(each))) {
      counts.set(item.room, (counts.get(item.room) ?? 0) + 1);
    }
    const failed = items.filter((item) => item.failed && !this.has(item.nonce));
    showUnsent(counts, failed, (choice, item) => this.onChoice(choice, item));
  }

  // onChoice does what the person has chosen for a refused message.
  async onChoice(choice, item) {
    const store = await this.store;
    if (choice === "retry") await store.put({ ...item, failed: "" }).catch(() => {});
    else await store.remove(item.nonce).catch(() => {});
    announce(choice === "discard" ? item.nonce : undefined);
    this.check();
  }
}
