// For pages without live parts of their own: the person is online, and the sidebar is live.

import "./copy.js";
import { listen } from "./inbox.js";

listen();
