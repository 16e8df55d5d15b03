// The line to the server: one WebSocket of the dialect hearth.1 that comes back by itself.

const FIRST_WAIT = 500; // ms, doubled at each failure
const LONGEST_WAIT = 20_000; // ms
const STEADY = 10_000; // ms a line must have held before the waits start small again

const SIGNED_OUT = 1008;
const ASK_AFTER = 2; // failures in a row

// Wire calls onFrame(frame) for each event in order and onState(state) with "open", "reconnecting",
// "offline", "signed-out" or "shut-out" (of this page). path() is asked at each connecting, so that it can carry ?after=.
export class Wire {
  constructor({ path, onFrame, onState }) {
    this.path = path;
    this.onFrame = onFrame;
    this.onState = onState;
    this.failures = 0;
    this.turn = 0; // ms to wait before coming back, as the server has asked
    this.socket = null;
    this.timer = 0;
    this.stopped = false;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.report());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.timer);
    if (this.stopped || this.socket) return;
    const address = new URL(this.path(), location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, "hearth.1");
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.openedAt = Date.now();
      this.onState("open");
    });
    socket.addEventListener("message", (event) => socket === this.socket && this.read(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event));
  }

  // read takes a frame apart: one JSON object a line. One that can't be read spoils no other.
  read(data) {
    for (const line of data.split("\n")) {
      if (!line) continue;
      let frame;
      try {
        frame = JSON.parse(line);
      } catch {
        continue;
      }
      if (frame.retry !== undefined) this.turn = frame.retry;
      this.onFrame(frame);
    }
  }

  send(frame) {
    if (!this.open) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  closed(event) {
    this.socket = null;
    if (event.code === SIGNED_OUT) {
      this.stopped = true;
      this.askPage();
      return;
    }
    if (!this.openedAt && this.failures === ASK_AFTER) this.askPage();
    if (this.openedAt && Date.now() - this.openedAt > STEADY) this.failures = 0;
    this.openedAt = 0;
    this.report();
    this.timer = setTimeout(() => this.connect(), this.wait());
    this.failures++;
  }

  // Whether one is signed out or just not let in any more, the page itself tells. A refused upgrade
  // looks like a dead line, so the page is asked about that too.
  async askPage() {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    const shutOut = answer?.status === 403;
    if (!this.stopped && !shutOut && answer?.type !== "opaqueredirect") return;
    clearTimeout(this.timer);
    this.stopped = true;
    this.onState(shutOut ? "shut-out" : "signed-out");
  }

  // wait is one's turn at first, and then exponential backoff with full jitter: a thousand pages
  // don't come back in one moment.
  wait() {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures);
    return Math.random() * longest + (this.failures ? 0 : this.turn);
  }

  // restart takes a new socket, whose path() may ask for another place in the stream.
  restart() {
    const old = this.socket;
    this.socket = null;
    old?.close();
    this.connect();
  }

  report() {
    if (!this.stopped && !this.open) this.onState(navigator.onLine ? "reconnecting" : "offline");
  }

  // hurry cuts a wait short when there is a reason to think that the line is back.
  hurry() {
    if (this.socket) return;
    this.failures = 0;
    this.connect();
  }
}
