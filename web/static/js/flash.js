// Short messages about what the reader has just done, at the bottom of the page.

const SHOWN_FOR = 6000; // ms

const box = document.createElement("p");
box.className = "flash";
box.setAttribute("role", "status");
box.hidden = true;
document.body.append(box);

let timer = 0;

export function flash(text) {
  clearTimeout(timer);
  box.hidden = false;
  box.textContent = text;
  timer = setTimeout(() => (box.hidden = true), SHOWN_FOR);
}
