// Filters a long list of people while the person types. Without JavaScript the field is hidden, and the list is complete.

import { fold } from "./fold.js";

export function startFilters(root = document) {
  for (const box of root.querySelectorAll("[data-filter]")) {
    const list = document.getElementById(box.dataset.filter);
    const field = box.querySelector("input");
    box.hidden = false;
    field.addEventListener("input", () => {
      const wanted = fold(field.value.trim());
      for (const item of list.children) item.hidden = !fold(item.textContent).includes(wanted);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // Enter would submit the form, and so close the room
    });
  }
}
