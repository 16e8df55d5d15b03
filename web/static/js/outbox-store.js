// The store of unsent messages, which outlives the page: IndexedDB, or localStorage if that is not available (private windows). All
// pages of one browser share it and announce changes to each other.

const NAME = "hearth";
const TABLE = "outbox";

const PATIENCE = 10_000; // ms; a database answers within some ten, a busy disk within seconds, a broken profile never

function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    setTimeout(reject, PATIENCE, new Error("the database does not answer"));
  });
}

async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "nonce" });
  return promised(request);
}

// A browser may take a database away from a page that is open: then each of these is rejected.
class Database {
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

class Simple {
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
  opened ??= openDatabase().then((database) => new Database(database), () => new Simple());
  return opened;
}

const listeners = [];
const channel = "BroadcastChannel" in self ? new BroadcastChannel(`${NAME}.${TABLE}`) : null;
channel?.addEventListener("message", (event) => tell(event.data.sent));

function tell(sent) {
  for (const listener of listeners) listener(sent);
}

// announce tells all pages, this one too, that something has changed. sent is the nonce of a message that the server now has.
export function announce(sent) {
  tell(sent);
  channel?.postMessage({ sent });
}

// onAnnounced calls listener(nonce or undefined) for each change that is announced.
export function onAnnounced(listener) {
  listeners.push(listener);
}
