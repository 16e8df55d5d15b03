// The connection to the server: one WebSocket of the dialect hearth.1 that reconnects by itself.

const FIRST_WAIT = 500; // ms, doubled at each failure
const LONGEST_WAIT = 20_000; // ms between two attempts in a hidden page
const LONGEST_SEEN = 4000; // ms between two attempts in a visible page
const STEADY = 10_000; // ms after which a connection counts as stable: the waits start small again

const ANSWER_WITHIN = 5000; // ms for the answer to a ping
const GREETING_WITHIN = 10_000; // ms for the first frame of a new connection
const RECEIPT_WITHIN = 10_000; // ms for a receipt, before a ping asks whether anything arrives
const TICK = 2000; // ms
const ASLEEP = 10_000; // ms without a tick after which the computer must have slept

const SIGNED_OUT = 1008;
const ASK_AFTER = 2; // failures in a row
const PROBE_AFTER = 3; // failures in a row after which a request precedes each socket
const BLOCKED_AFTER = 3; // sockets in a row that failed although the request before reached the server

// reaches reports whether requests reach the server in a state of the connection.
export function reaches(state) {
  return state === "open" || state === "blocked" || state === "refused";
}

// Connection calls onFrame(frame) for each event in order, and onState(state) with "open", "reconnecting", "offline", "blocked"
// (requests reach the server, WebSockets don't), "refused" (with the server's text as second argument), "signed-out" or "shut-out"
// (the person may not see this page any more). path() is called for each attempt, so that it can contain ?after=. busy() reports
// whether a receipt is missing.
export class Connection {
  constructor({ path, onFrame, onState, busy = () => false }) {
    Object.assign(this, { path, onFrame, onState, busy });
    this.failures = 0;
    this.turn = 0; // ms to wait before the next attempt, as the server demands
    this.socket = null;
    this.startedAt = 0; // when the socket was created
    this.greetedAt = 0; // when its first frame came; 0: none yet
    this.timer = 0; // the timer of the next attempt, or of the deadline of this one
    this.pinged = 0; // the timer of a ping that has no answer yet
    this.overdue = 0; // the timer of a receipt
    this.stopped = false;
    this.reached = false; // the request before this socket reached the server
    this.blocks = 0; // such sockets in a row that failed
    this.refusal = ""; // why the server refuses sockets
    this.watch();
  }

  // watch checks the connection whenever it may have broken silently.
  watch() {
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.report());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
    document.addEventListener("resume", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    let last = Date.now();
    setInterval(() => {
      const slept = Date.now() - last > ASLEEP;
      last = Date.now();
      if (slept && !document.hidden) this.wake(); // timers of hidden pages are slow
    }, TICK);
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  get longest() {
    return document.hidden ? LONGEST_WAIT : LONGEST_SEEN;
  }

  connect() {
    clearTimeout(this.timer);
    if (this.stopped || this.socket) return;
    const address = new URL(this.path(), location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address, "hearth.1");
    this.socket = socket;
    this.startedAt = Date.now();
    this.greetedAt = 0;
    this.timer = setTimeout(() => this.fail(socket), this.longest);
    socket.addEventListener("open", () => socket === this.socket && this.opened(socket));
    socket.addEventListener("message", (event) => socket === this.socket && this.read(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code));
  }

  opened(socket) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(socket), GREETING_WITHIN);
  }

  // read decodes a frame: one JSON object a line. An invalid line is skipped.
  read(data) {
    if (!this.greetedAt) this.greeted();
    for (const line of data.split("\n")) {
      if (!line) continue;
      let frame;
      try {
        frame = JSON.parse(line);
      } catch {
        continue;
      }
      if (frame.retry !== undefined) this.turn = frame.retry;
      if (frame.type === "pong") this.answered();
      else this.onFrame(frame);
    }
  }

  // greeted handles the first frame. Some proxies open a socket that never delivers anything.
  greeted() {
    clearTimeout(this.timer);
    this.greetedAt = Date.now();
    this.reached = false;
    this.blocks = 0;
    this.refusal = "";
    this.onState("open");
  }

  send(frame) {
    if (!this.open) return false;
    this.socket.send(JSON.stringify(frame));
    this.expect();
    return true;
  }

  // expect schedules a check of the connection in case a receipt is still missing then.
  expect() {
    this.overdue ||= setTimeout(() => {
      this.overdue = 0;
      if (!this.busy()) return;
      this.check();
      this.expect();
    }, RECEIPT_WITHIN);
  }

  // check sends a ping, and reconnects if there is no pong in time.
  check() {
    if (!this.open || this.pinged) return;
    this.socket.send(JSON.stringify({ type: "ping" }));
    this.pinged = setTimeout(() => {
      this.restart();
      this.report();
    }, ANSWER_WITHIN);
  }

  answered() {
    clearTimeout(this.pinged);
    this.pinged = 0;
  }

  // fail ends an attempt that takes too long.
  fail(socket) {
    if (socket !== this.socket) return;
    this.closed(0);
    socket.close();
  }

  closed(code) {
    this.answered();
    clearTimeout(this.timer);
    this.socket = null;
    if (code === SIGNED_OUT) {
      this.stopped = true;
      this.askPage();
      return;
    }
    const never = !this.greetedAt;
    if (never && this.failures === ASK_AFTER) this.askPage();
    if (never && this.reached) this.blocks++;
    this.reached = false;
    if (!never && Date.now() - this.greetedAt > STEADY) this.failures = 0;
    this.report();
    this.later(never ? Date.now() - this.startedAt : 0);
  }

  // later schedules the next attempt. The given ms of the wait have passed already.
  later(spent) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.attempt(), Math.max(0, this.wait() - spent));
    this.failures++;
  }

  // attempt connects. After some failures it first waits until a request reaches the server: browsers delay new sockets for up to 5 s
  // after several failures (Chromium's websocket_throttler.cc), but not requests.
  async attempt() {
    if (this.failures < PROBE_AFTER) return this.connect();
    const begun = Date.now();
    const reached = await this.probe();
    if (this.socket || this.stopped) return undefined; // another attempt was faster
    this.reached = reached;
    if (reached) return this.connect();
    this.blocks = 0;
    this.report();
    return this.later(Date.now() - begun);
  }

  // A request for the page tells whether the person is signed out or has lost access. A refused upgrade looks like a broken
  // connection, so the page is requested then too.
  async askPage() {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    const shutOut = answer?.status === 403;
    if (!this.stopped && !shutOut && answer?.type !== "opaqueredirect") return;
    clearTimeout(this.timer);
    this.stopped = true;
    this.onState(shutOut ? "shut-out" : "signed-out");
  }

  // probe reports whether a request reaches the server. Without an upgrade, the URL of a socket returns an error, which is
  // "rate_limited" if sockets are refused.
  async probe() {
    const answer = await fetch(this.path(), { cache: "no-store", signal: AbortSignal.timeout(LONGEST_SEEN) }).catch(() => null);
    const { error } = (await answer?.json().catch(() => null)) ?? {};
    this.refusal = error?.code === "rate_limited" ? error.message : "";
    return Boolean(answer) && answer.status < 500 && !this.refusal;
  }

  // wait returns the time that the server demanded, and then exponential backoff with full jitter, so that a thousand pages do not
  // reconnect at once.
  wait() {
    const longest = Math.min(this.longest, FIRST_WAIT * 2 ** this.failures);
    return Math.random() * longest + (this.failures ? 0 : this.turn);
  }

  // restart opens a new socket. Its path() may have another ?after=.
  restart() {
    const old = this.socket;
    this.answered();
    this.socket = null;
    this.connect();
    old?.close();
  }

  report() {
    if (this.stopped || (this.open && this.greetedAt)) return;
    if (!navigator.onLine) this.onState("offline");
    else if (this.refusal) this.onState("refused", this.refusal);
    else this.onState(this.blocks >= BLOCKED_AFTER ? "blocked" : "reconnecting");
  }

  // wake is called when the connection may have broken.
  wake() {
    if (this.open) this.check();
    else this.hurry();
  }

  // hurry ends a wait early: the network may be back, or the person waits.
  hurry() {
    if (this.socket && Date.now() - this.startedAt < LONGEST_SEEN) return;
    if (this.open) return;
    this.failures = 0;
    this.restart();
  }
}
