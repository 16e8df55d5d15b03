// The connection of every page with a sidebar that is not a room. It gets presence, private messages and unread counts.

import { notice, userDeleted } from "./former.js";
import { ended, guestsMay } from "./guest.js";
import { showState } from "./bars.js";
import { Idle } from "./idle.js";
import { self } from "./person.js";
import { namesOnPage, namesWatched, peopleChanged } from "./renamed.js";
import { Unsent } from "./unsent.js";
import { Watching } from "./watching.js";
import { Connection, reaches } from "./connection.js";
import { tellZone } from "./zone.js";
import * as sidebar from "./sidebar.js";

const LEAVES_WITHIN = 10_000; // ms in which another page comes, after a form was sent

let leaving = false; // a form was sent, such as the one that logs out or deletes the account: its answer is the next page
addEventListener("beforeunload", () => (leaving = true));

// listen connects. frames maps types of frames to the page's own handlers. names() returns the people whom the page shows outside the
// sidebar, in the element list. With lobby, the server also sends events about rooms in which nobody has written yet, and about new people.
export function listen(frames = {}, { lobby = false, names = () => [], list = null } = {}) {
  let connections = 0;
  const { me, guest } = document.body.dataset;
  const unsent = self ? new Unsent({ owner: me ?? guest }) : null;
  const all = {
    people(frame) {
      sidebar.sidebarPeople(frame);
      peopleChanged(frame);
    },
    room: sidebar.sidebarRoom,
    user_deleted: userDeleted,
    notice,
    guests: guestsMay,
    membership: sidebar.sidebarMembership,
    private_message: (frame) => frame.user === self || sidebar.privateMessage(frame, connections === 1),
    unread: (frame) => sidebar.setUnread(frame.room, frame.unread, frame.badge, frame.title),
    read: (frame) => sidebar.setUnread(frame.room, frame.unread ?? 0),
    ...frames,
  };
  const connection = new Connection({
    path: () => (lobby ? "/users/?rooms=all" : "/users/"),
    onFrame: (frame) => Object.hasOwn(all, frame.type) && all[frame.type](frame),
    onState(state, words) {
      if (state === "signed-out" && ended()) return;
      if (state === "signed-out" || state === "shut-out") setTimeout(() => location.reload(), leaving ? LEAVES_WITHIN : 0); // the server shows what the person may see now
      showState(state, words);
      unsent?.setReachable(reaches(state));
      if (state !== "open") return;
      connections++;
      watching.opened();
      idle?.opened();
      tellZone((frame) => connection.send(frame));
    },
  });
  const watching = new Watching({
    names: () => [...names(), ...sidebar.directNames(), ...namesOnPage()],
    send: (frame) => connection.send(frame),
    onWatch: namesWatched,
    lists: [list, sidebar.directs],
  });
  const idle = me ? new Idle((frame) => connection.send(frame)) : null;
  connection.connect();
}
