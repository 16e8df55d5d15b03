// Tells the server which people the page shows. The server sends changes only of these.

const MAX_PEOPLE = 200; // people; the server refuses more
const SEND_EVERY = 1000; // ms at least between two lists

// Watching sends the usernames that names() returns, whenever they change. send(frame) returns whether the frame was sent. lists are the
// elements that contain people: a change in one of them may change the usernames.
export class Watching {
  constructor({ names, send, lists = [] }) {
    Object.assign(this, { names, send });
    this.sent = null; // the last list that was sent on this connection
    this.timer = 0;
    this.observer = new MutationObserver(() => this.changed());
    this.observe(lists);
  }

  // observe replaces the elements that contain people.
  observe(lists) {
    this.observer.disconnect();
    for (const list of lists) if (list) this.observer.observe(list, { childList: true, subtree: true });
  }

  // opened is called for each new connection, for which the server has no list yet.
  opened() {
    this.sent = null;
    this.update();
  }

  changed() {
    this.timer ||= setTimeout(() => this.update(), SEND_EVERY);
  }

  update() {
    clearTimeout(this.timer);
    this.timer = 0;
    const users = [...new Set(this.names())].slice(0, MAX_PEOPLE);
    const list = users.join(" "); // no username has a space
    if (list === (this.sent ?? "")) return;
    if (this.send({ type: "watch", users })) this.sent = list;
  }
}
