// The script of every page with a sidebar. Each page loads one more script: lobby.js, room.js or page.js.

import { startCards } from "./card.js";
import { startDialogs } from "./dialog.js";
import "./group.js";
import { keepTimesFresh } from "./time.js";
import { startFilters } from "./who-stays.js";

startCards();
startDialogs();
keepTimesFresh();
startFilters();

const FLASH_FOR = 6000; // ms for which the message about a successful action is shown
const flash = document.querySelector(".flash"); // from the server; js/flash.js has its own
setTimeout(() => flash?.remove(), FLASH_FOR);
