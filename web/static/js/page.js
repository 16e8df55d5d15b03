// The script of pages with a sidebar that show nothing else live. It counts the person as online, and keeps the sidebar up to date.

import "./copy.js";
import { listen } from "./inbox.js";

listen();
