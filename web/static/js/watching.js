// Tells the server which people the page shows. The server sends changes only of these.

const MAX_PEOPLE = 200; // people; the server refuses more
const MAX_SIZE = 16_000; // characters of all usernames: a frame has at most 64 KiB
const SEND_EVERY = 1000; // ms at least between two lists

// Watching sends the usernames that names() returns, whenever they change. send(frame) returns whether the frame was sent. onWatch(users) is
// called before a Set of them is sent: the server says nothing more about others. lists are the elements that contain people: a change in one
// of them may change the usernames.
export class Watching {
  constructor({ names, send, onWatch = () => {}, lists = [] }) {
    Object.assign(this, { names, send, onWatch });
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
    let size = 0;
    const users = [...new Set(this.names())].slice(0, MAX_PEOPLE).filter((user) => (size += user.length) <= MAX_SIZE);
    const list = users.join(" "); // no username has a space
    if (list === (this.sent ?? "")) return;
    this.onWatch(new Set(users));
    if (this.send({ type: "watch", users })) this.sent = list;
  }
}
