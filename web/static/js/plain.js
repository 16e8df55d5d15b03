// The script of pages without a sidebar, such as error pages. They send waiting messages too.

import { self } from "./person.js";
import { Unsent } from "./unsent.js";

const { me, guest } = document.body.dataset;

if (self) new Unsent({ owner: me ?? guest }).setReachable(true); // the server has just answered with this page
