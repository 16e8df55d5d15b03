// Tells the server when nobody touches the page for a while, so that others see the person as away.

const IDLE_AFTER = 10 * 60_000; // ms without input
const ONCE_IN = 1000; // ms: input is not noted more often
const INPUT = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "focus"];

// Idle calls send(frame), which returns whether the frame was sent, whenever the page becomes idle or is touched again.
export class Idle {
  constructor(send) {
    this.send = send;
    this.idle = false;
    this.noted = 0;
    this.timer = setTimeout(() => this.set(true), IDLE_AFTER);
    for (const type of INPUT) addEventListener(type, () => this.touched(), { capture: true, passive: true });
  }

  // opened is called for each new connection. The server takes it for one that is not idle.
  opened() {
    if (this.idle) this.tell();
  }

  touched() {
    const now = performance.now();
    if (!this.idle && now - this.noted < ONCE_IN) return;
    this.noted = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.set(true), IDLE_AFTER);
    if (this.idle) this.set(false);
  }

  set(idle) {
    this.idle = idle;
    this.tell();
  }

  tell() {
    this.send({ type: "idle", on: this.idle });
  }
}
