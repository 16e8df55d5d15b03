// The connection to the server: one WebSocket with the subprotocol hearth.1, which is replaced by a new one when it breaks.

const FIRST_WAIT = 500; // ms at most before the first attempt to reconnect; doubled with each failure
const LONGEST_WAIT = 20_000; // ms between two attempts, at most, while the page is hidden
const LONGEST_SEEN = 4000; // ms between two attempts, at most, while the page is visible
const STEADY = 10_000; // ms after which a connection counts as stable: the next failure counts as the first one

const ANSWER_WITHIN = 5000; // ms for the answer to a ping
const GREETING_WITHIN = 10_000; // ms from the handshake to the first frame
const RECEIPT_WITHIN = 10_000; // ms without a receipt, after which a ping checks the connection
const TICK = 2000; // ms between two looks at the clock
const ASLEEP = 10_000; // ms between two ticks, from which it follows that the computer has slept

const SIGNED_OUT = 1008; // close code: signed out, or no longer allowed in this room
const ASK_AFTER = 2; // failures in a row, after which a request checks whether the person may still see the page
const PROBE_AFTER = 3; // failures in a row, after which each attempt begins with a request
const BLOCKED_AFTER = 3; // sockets in a row that failed although the request before them reached the server

// reaches reports whether HTTP requests reach the server while the connection is in this state.
export function reaches(state) {
  return state === "open" || state === "blocked" || state === "refused";
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
    this.turn = 0; // ms that the server wants this client to wait before it reconnects
    this.socket = null;
    this.startedAt = 0; // when the socket was created
    this.greetedAt = 0; // when the first frame of the socket came; 0: not yet
    this.timer = 0; // the timer of the next attempt, or the deadline of this one
    this.pinged = 0; // the deadline of a ping; 0: no ping waits for its answer
    this.overdue = 0; // the timer that checks for missing receipts
    this.stopped = false;
    this.reached = false; // whether the request before this socket reached the server
    this.blocks = 0; // how many such sockets have failed in a row
    this.refusal = ""; // the server's text if it refuses sockets
    this.watch();
  }

  // watch checks the connection after every event that can break it without a close frame.
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
      if (slept && !document.hidden) this.wake(); // browsers delay the timers of hidden pages
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

  // read decodes the data of a WebSocket frame: one JSON object on each line. It skips invalid lines.
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

  // greeted is called for the first frame. Only now the connection counts as open: some proxies accept a socket but never deliver anything.
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

  // expect checks the connection after RECEIPT_WITHIN if a receipt is still missing then.
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

  // fail ends an attempt that has missed its deadline.
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

  // later schedules the next attempt. spent is the part of the wait that has already passed, in ms.
  later(spent) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.attempt(), Math.max(0, this.wait() - spent));
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
    this.blocks = 0;
    this.report();
    return this.later(Date.now() - begun);
  }

  // askPage requests the page to find out whether the person is signed out or has lost access. It is also called after failed attempts,
  // because a page cannot tell a refused handshake from a broken connection.
  async askPage() {
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
    const answer = await fetch(this.path(), { cache: "no-store", signal: AbortSignal.timeout(LONGEST_SEEN) }).catch(() => null);
    const { error } = (await answer?.json().catch(() => null)) ?? {};
    this.refusal = error?.code === "rate_limited" ? error.message : "";
    return Boolean(answer) && answer.status < 500 && !this.refusal;
  }

  // wait returns the ms to the next attempt: exponential backoff with full jitter, so that a thousand pages do not reconnect at once. The
  // first attempt also waits as long as the server demanded.
  wait() {
    const longest = Math.min(this.longest, FIRST_WAIT * 2 ** this.failures);
    return Math.random() * longest + (this.failures ? 0 : this.turn);
  }

  // restart replaces the socket by a new one, for example because ?after= has changed.
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

  // wake checks the connection, or reconnects at once if there is none.
  wake() {
    if (this.open) this.check();
    else this.hurry();
  }

  // hurry reconnects without waiting any longer: the network may be back, or the person is waiting.
  hurry() {
    if (this.socket && Date.now() - this.startedAt < LONGEST_SEEN) return;
    if (this.open) return;
    this.failures = 0;
    this.restart();
  }
}
