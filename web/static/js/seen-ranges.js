// Which messages of a room were seen. Ids grow with every message, so a part of the room without gaps is a range of ids.

// SeenRanges has a read position, up to which everything was seen, and the ranges that were seen after it.
export class SeenRanges {
  constructor(position) {
    this.position = position;
    this.ranges = []; // {after, to, count}: the ids above after, up to to, of which count are counted as unread
  }

  has(id) {
    return this.ranges.some(({ after, to }) => after < id && id <= to);
  }

  // add adds the message id. after is the id of the message before it, or id - 1 if that is not known yet. count is 1 if the message is
  // counted as unread, otherwise 0.
  add(after, id, count) {
    if (id <= this.position) return;
    const known = this.ranges.find((range) => range.after < id && id <= range.to);
    if (known) known.after = Math.min(known.after, after);
    else this.ranges.push({ after, to: id, count });
    this.join();
  }

  // join joins ranges that touch each other.
  join() {
    const joined = [];
    for (const range of this.ranges.sort((a, b) => a.to - b.to)) {
      while (joined.length && joined.at(-1).to > range.after) {
        const last = joined.pop();
        range.after = Math.min(range.after, last.after);
        range.count += last.count;
      }
      const last = joined.at(-1);
      if (last?.to === range.after) {
        last.to = range.to;
        last.count += range.count;
      } else {
        joined.push(range);
      }
    }
    this.ranges = joined;
  }

  // advance moves the position to the end of the range that touches it. It returns how many unread messages it has passed.
  advance() {
    const [first] = this.ranges;
    if (!first || first.after > this.position) return 0;
    this.ranges.shift();
    this.position = Math.max(this.position, first.to);
    return first.count + this.advance();
  }

  // move sets the position, backwards too. What was seen after it is forgotten.
  move(position) {
    this.position = position;
    this.ranges = [];
  }
}
