// Pages with nothing live of their own: one is here all the same, and the sidebar keeps up.

import "./copy.js";
import { listen } from "./inbox.js";

listen();
