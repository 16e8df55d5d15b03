// Every page for those inside loads this; lobby.js and room.js come on top.

import { openings } from "./dialog.js";
import { keepTimesFresh } from "./time.js";
import { startFilters } from "./who-stays.js";

openings();
keepTimesFresh();
startFilters();

// The word of success has been read after a while.
const FLASH = 6000; // ms
setTimeout(() => document.querySelector(".flash")?.remove(), FLASH);
