// For pages without a sidebar, such as error pages: they send unsent messages too.

import { self } from "./person.js";
import { Unsent } from "./unsent.js";

const { me, guest } = document.body.dataset;

if (self) new Unsent({ owner: me ?? guest }).setReachable(true); // the page itself has just been loaded
