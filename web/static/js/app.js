// Loaded by every page with a sidebar. lobby.js and room.js are loaded in addition.

import { openings } from "./dialog.js";
import { keepTimesFresh } from "./time.js";
import { startFilters } from "./who-stays.js";

openings();
keepTimesFresh();
startFilters();

// The message of success disappears after a while.
const FLASH = 6000; // ms
setTimeout(() => document.querySelector(".flash")?.remove(), FLASH);
