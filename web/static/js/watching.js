// The people whom the page shows. The server sends changes of these people only.

const MOST = 200; // people; the server refuses more
const EVERY = 1000; // ms from one list to the next, at least

// Watching sends the list whenever it changes. names() returns the usernames, send(frame) returns whether it was sent, and lists are the
// elements that contain people.
export class Watching {
  constructor({ names, send, lists }) {
    Object.assign(this, { names, send });
    this.sent = null; // the last list that was sent on this connection
    this.timer = 0;
    const observer = new MutationObserver(() => this.changed());
    for (const list of lists) if (list) observer.observe(list, { childList: true, subtree: true });
  }

  // opened is called for each new connection, which watches nobody.
  opened() {
    this.sent = null;
    this.update();
  }

  changed() {
    this.timer ||= setTimeout(() => this.update(), EVERY);
  }

  update() {
    clearTimeout(this.timer);
    this.timer = 0;
    const users = [...new Set(this.names())].slice(0, MOST);
    const list = users.join(" "); // no username has a space
    if (list === (this.sent ?? "")) return;
    if (this.send({ type: "watch", users })) this.sent = list;
  }
}
