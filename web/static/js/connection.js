// The connection to the server: one WebSocket with the subprotocol hearth.1, which is replaced by a new one when it breaks.

const FIRST_WAIT = 500; // ms at most before the first attempt to reconnect; doubled with each failure
const LONGEST_WAIT_HIDDEN = 20_000; // ms between two attempts, at most, while the page is hidden
const LONGEST_WAIT_VISIBLE = 4000; // ms between two attempts, at most, while the page is visible
const STABLE_AFTER = 10_000; // ms after which a connection counts as stable: the next failure counts as the first one

const ANSWER_WITHIN = 5000; // ms for the answer to a ping
const FIRST_FRAME_WITHIN = 10_000; // ms from the handshake to the first frame
const RECEIPT_WITHIN = 10_000; // ms without a receipt, after which a ping checks the connection
const TICK = 2000; // ms between two looks at the clock
const SLEPT_AFTER = 10_000; // ms between two ticks, from which it follows that the computer has slept

const SIGNED_OUT = 1008; // close code: signed out, or no longer allowed in this room
const CHECK_ACCESS_AFTER = 2; // failures in a row, after which a request checks whether the person may still see the page
const PROBE_AFTER = 3; // failures in a row, after which each attempt begins with a request
const BLOCKED_AFTER = 3; // sockets in a row that failed although the request before them reached the server

// reaches reports whether HTTP requests reach the server while the connection is in this state.
export function reaches(state) {
  return state === "open" || state === "blocked" || state === "refused";
}

// takeEarly returns the socket that the page has opened before its scripts were loaded (js/early-socket.js), once, or null.
function takeEarly(path) {
  const early = window.earlySocket;
  delete window.earlySocket;
  if (early && decodeURIComponent(early.path) === decodeURIComponent(path)) {
    early.taken = true;
    return early;
  }
  early?.socket.close();
  return null;
}

// Connection calls onFrame(frame) for each frame in order, and onState(state) when the state changes:
//   "open"          frames arrive
//   "reconnecting"  the connection is broken, and another attempt follows
//   "offline"       the browser has no network
//   "blocked"       requests reach the server, but WebSockets do not
//   "refused"       the server refuses sockets; the second argument of onState is its text
//   "signed-out"    the session has ended
//   "shut-out"      the person may no longer see this page
// path() returns the address of the socket. It is called for each attempt, because ?after= changes. busy() reports whether a receipt is
// missing.
export class Connection {
  constructor({ path, onFrame, onState, busy = () => false }) {
    Object.assign(this, { path, onFrame, onState, busy });
    this.failures = 0;
    this.serverDelay = 0; // ms that the server wants this client to wait before it reconnects
    this.socket = null;
    this.startedAt = 0; // when the socket was created
    this.firstFrameAt = 0; // when the first frame of the socket came; 0: not yet
    this.timer = 0; // the timer of the next attempt, or the deadline of this one
    this.pongTimer = 0; // the deadline of a ping; 0: no ping waits for its answer
    this.receiptTimer = 0; // the timer that checks for missing receipts
    this.stopped = false;
    this.reached = false; // whether the request before this socket reached the server
    this.blockedSockets = 0; // how many such sockets have failed in a row
    this.refusal = ""; // the server's text if it refuses sockets
    this.watch();
  }

  // watch checks the connection after every event that can break it without a close frame.
  watch() {
    addEventListener("online", () => this.recover());
    addEventListener("offline", () => this.report());
    addEventListener("pageshow", (event) => event.persisted && this.recover());
    document.addEventListener("resume", () => this.recover());
    document.addEventListener("visibilitychange", () => document.hidden || this.recover());
    let last = Date.now();
    setInterval(() => {
      const slept = Date.now() - last > SLEPT_AFTER;
      last = Date.now();
      if (slept && !document.hidden) this.recover(); // browsers delay the timers of hidden pages
    }, TICK);
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // live reports whether frames have arrived on the socket.
  get live() {
    return this.open && this.firstFrameAt > 0;
  }

  get longestWait() {
    return document.hidden ? LONGEST_WAIT_HIDDEN : LONGEST_WAIT_VISIBLE;
  }

  connect() {
    clearTimeout(this.timer);
    if (this.stopped || this.socket) return;
    const path = this.path();
    const early = takeEarly(path);
    const socket = early?.socket ?? new WebSocket(location.origin.replace("http", "ws") + path, "hearth.1");
    this.socket = socket;
    this.startedAt = early?.startedAt ?? Date.now();
    this.firstFrameAt = 0;
    this.timer = setTimeout(() => this.fail(socket), this.longestWait);
    socket.addEventListener("open", () => socket === this.socket && this.onOpen(socket));
    socket.addEventListener("message", (event) => socket === this.socket && this.read(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.onClose(event.code));
    if (!early) return;
    if (this.open) this.onOpen(socket);
    for (const data of early.frames) this.read(data);
    if (early.closed) this.onClose(early.closed);
  }

  onOpen(socket) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(socket), FIRST_FRAME_WITHIN);
  }

  // read decodes the data of a WebSocket frame: one JSON object on each line. It skips invalid lines.
  read(data) {
    if (!this.firstFrameAt) this.onFirstFrame();
    for (const line of data.split("\n")) {
      if (!line) continue;
      let frame;
      try {
        frame = JSON.parse(line);
      } catch {
        continue;
      }
      if (frame.retry !== undefined) this.serverDelay = frame.retry;
      if (frame.type === "pong") this.clearPing();
      else this.onFrame(frame);
    }
  }

  // onFirstFrame reports the connection as open. Some proxies accept a socket but never deliver anything, so an open socket is not enough.
  onFirstFrame() {
    clearTimeout(this.timer);
    this.firstFrameAt = Date.now();
    this.reached = false;
    this.blockedSockets = 0;
    this.refusal = "";
    this.onState("open");
  }

  send(frame) {
    if (!this.open) return false;
    this.socket.send(JSON.stringify(frame));
    this.expectReceipt();
    return true;
  }

  // expectReceipt checks the connection after RECEIPT_WITHIN if a receipt is still missing then.
  expectReceipt() {
    this.receiptTimer ||= setTimeout(() => {
      this.receiptTimer = 0;
      if (!this.busy()) return;
      this.check();
      this.expectReceipt();
    }, RECEIPT_WITHIN);
  }

  // check sends a ping, and reconnects if there is no pong in time.
  check() {
    if (!this.open || this.pongTimer) return;
    this.socket.send(JSON.stringify({ type: "ping" }));
    this.pongTimer = setTimeout(() => {
      this.restart();
      this.report();
    }, ANSWER_WITHIN);
  }

  clearPing() {
    clearTimeout(this.pongTimer);
    this.pongTimer = 0;
  }

  // fail ends an attempt that has missed its deadline.
  fail(socket) {
    if (socket !== this.socket) return;
    this.onClose(0);
    socket.close();
  }

  onClose(code) {
    this.clearPing();
    clearTimeout(this.timer);
    this.socket = null;
    if (code === SIGNED_OUT) {
      this.stopped = true;
      this.checkAccess();
      return;
    }
    const silent = !this.firstFrameAt;
    if (silent && this.failures === CHECK_ACCESS_AFTER) this.checkAccess();
    if (silent && this.reached) this.blockedSockets++;
    this.reached = false;
    if (!silent && Date.now() - this.firstFrameAt > STABLE_AFTER) this.failures = 0;
    this.report();
    this.schedule(silent ? Date.now() - this.startedAt : 0);
  }

  // schedule sets the timer of the next attempt. spent is the part of the wait that has already passed, in ms.
  schedule(spent) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.attempt(), Math.max(0, this.nextWait() - spent));
    this.failures++;
  }

  // attempt connects. After some failures it first waits until an HTTP request reaches the server: browsers delay new sockets by up to
  // 5 s after several failures (Chromium's websocket_throttler.cc), but they do not delay requests.
  async attempt() {
    if (this.failures < PROBE_AFTER) return this.connect();
    const begun = Date.now();
    const reached = await this.probe();
    if (this.socket || this.stopped) return undefined; // another attempt was faster
    this.reached = reached;
    if (reached) return this.connect();
    this.blockedSockets = 0;
    this.report();
    return this.schedule(Date.now() - begun);
  }

  // checkAccess requests the page to find out whether the person is signed out or has lost access. It is also called after failed attempts,
  // because a page cannot tell a refused handshake from a broken connection.
  async checkAccess() {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" }).catch(() => null);
    const shutOut = answer?.status === 403;
    if (!this.stopped && !shutOut && answer?.type !== "opaqueredirect") return;
    clearTimeout(this.timer);
    this.stopped = true;
    this.onState(shutOut ? "shut-out" : "signed-out");
  }

  // probe reports whether a request reaches the server and the server accepts sockets. A request for the socket's address without an
  // upgrade gets an error, whose code is "rate_limited" if the server refuses sockets.
  async probe() {
    const answer = await fetch(this.path(), { cache: "no-store", signal: AbortSignal.timeout(LONGEST_WAIT_VISIBLE) }).catch(() => null);
    const { error } = (await answer?.json().catch(() => null)) ?? {};
    this.refusal = error?.code === "rate_limited" ? error.message : "";
    return Boolean(answer) && answer.status < 500 && !this.refusal;
  }

  // nextWait returns the ms to the next attempt: exponential backoff with full jitter, so that a thousand pages do not reconnect at once. The
  // first attempt also waits as long as the server demanded.
  nextWait() {
    const most = Math.min(this.longestWait, FIRST_WAIT * 2 ** this.failures);
    return Math.random() * most + (this.failures ? 0 : this.serverDelay);
  }

  // restart replaces the socket by a new one, for example because ?after= has changed.
  restart() {
    const old = this.socket;
    this.clearPing();
    this.socket = null;
    this.connect();
    old?.close();
  }

  report() {
    if (this.stopped || (this.open && this.firstFrameAt)) return;
    if (!navigator.onLine) this.onState("offline");
    else if (this.refusal) this.onState("refused", this.refusal);
    else this.onState(this.blockedSockets >= BLOCKED_AFTER ? "blocked" : "reconnecting");
  }

  // recover checks the connection, or reconnects at once if there is none.
  recover() {
    if (this.open) this.check();
    else this.reconnectNow();
  }

  // reconnectNow reconnects without waiting any longer: the network may be back, or the person is waiting.
  reconnectNow() {
    if (this.socket && Date.now() - this.startedAt < LONGEST_WAIT_VISIBLE) return;
    if (this.open) return;
    this.failures = 0;
    this.restart();
  }
}
