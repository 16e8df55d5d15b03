// The store of unsent messages, which remains when the page is closed. It is IndexedDB, or localStorage where IndexedDB is not available
// (private windows). All pages of a browser share the store, and announce their changes to each other.

const NAME = "hearth";
const TABLE = "outbox";

const ANSWER_WITHIN = 10_000; // ms for an answer: it takes about 10 ms, with a busy disk seconds, and with a broken profile it never comes

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    setTimeout(reject, ANSWER_WITHIN, new Error("the database does not answer"));
  });
}

async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "nonce" });
  return promised(request);
}

// DatabaseStore stores messages in IndexedDB. The methods reject if the browser closes the database, which it may do at any time.
class DatabaseStore {
  constructor(database) {
    this.database = database;
  }

  table(mode) {
    return this.database.transaction(TABLE, mode, { durability: "strict" }).objectStore(TABLE);
  }

  async all() {
    return promised(this.table("readonly").getAll());
  }

  async put(item) {
    return promised(this.table("readwrite").put(item));
  }

  async remove(nonce) {
    return promised(this.table("readwrite").delete(nonce));
  }
}

// LocalStore stores messages in localStorage, with the same methods.
class LocalStore {
  async all() {
    return JSON.parse(localStorage.getItem(`${NAME}.${TABLE}`) || "[]");
  }

  async save(items) {
    localStorage.setItem(`${NAME}.${TABLE}`, JSON.stringify(items));
  }

  async put(item) {
    const others = (await this.all()).filter((other) => other.nonce !== item.nonce);
    return this.save([...others, item]);
  }

  async remove(nonce) {
    return this.save((await this.all()).filter((item) => item.nonce !== nonce));
  }
}

let opened = null;

export function openStore() {
  opened ??= openDatabase().then((database) => new DatabaseStore(database), () => new LocalStore());
  return opened;
}

const listeners = [];
const channel = "BroadcastChannel" in self ? new BroadcastChannel(`${NAME}.${TABLE}`) : null;
channel?.addEventListener("message", (event) => notify(event.data.sent));

function notify(sent) {
  for (const listener of listeners) listener(sent);
}

// announce tells all pages, including this one, that the store has changed. sent is the nonce of a message that must be removed from their
// lists, because the server has stored it or the person has discarded it; undefined for other changes.
export function announce(sent) {
  notify(sent);
  channel?.postMessage({ sent });
}

// onAnnounced calls listener(sent) for each announcement.
export function onAnnounced(listener) {
  listeners.push(listener);
}
