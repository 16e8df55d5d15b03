// Pages with nothing live of their own: one is here all the same, and the sidebar keeps up.

import { listen } from "./inbox.js";
import * as sidebar from "./sidebar.js";

const online = new Set();

listen({
  presence({ username, is_logged_in }) {
    if (is_logged_in) online.add(username);
    else online.delete(username);
    sidebar.sidebarPresence({ user: username, online: is_logged_in });
    sidebar.setOnlineCount(online.size);
  },
}, () => online.clear());
