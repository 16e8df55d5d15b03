// Pages without a sidebar, such as those that say what went wrong: what has not been sent yet goes out from here too.

import { self } from "./person.js";
import { Unsent } from "./unsent.js";

const { me, guest } = document.body.dataset;

if (self) new Unsent({ owner: me ?? guest }).setReachable(true); // the page itself has just come
