// The people whom the page shows: the server tells how they are, and names nobody else.

const MOST = 200; // people; the server refuses more
const EVERY = 1000; // ms from one list to the next, at least

// Watching sends the list whenever it changes. names() are the people by username, send(frame) reports whether it
// could send, and lists are the elements in which people come and go.
export class Watching {
  constructor({ names, send, lists }) {
    Object.assign(this, { names, send });
    this.sent = null; // the last list that this connection was sent
    this.timer = 0;
    const observer = new MutationObserver(() => this.changed());
    for (const list of lists) if (list) observer.observe(list, { childList: true, subtree: true });
  }

  // opened is called at each connecting: a new connection knows of nobody.
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
