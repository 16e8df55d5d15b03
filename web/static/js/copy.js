// Copying text. navigator.clipboard exists only on HTTPS and localhost; elsewhere execCommand copies.
import { t } from "./i18n.js";

// copyField copies the text of a field, and leaves it selected.
async function copyField(field) {
  field.select();
  if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
  else document.execCommand("copy");
}

// copyText copies a text that is not on the page.
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  const focused = document.activeElement;
  field.className = "sr";
  field.value = text;
  document.body.append(field);
  await copyField(field);
  field.remove();
  focused?.focus({ preventScroll: true });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copyField(document.getElementById(button.dataset.copy));
    button.textContent = t("page.copied");
  });
}
