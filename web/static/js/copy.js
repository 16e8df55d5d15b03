// The buttons that copy the text of a field. navigator.clipboard exists only on HTTPS and localhost; elsewhere execCommand copies.
import { t } from "./i18n.js";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
    else document.execCommand("copy");
    button.textContent = t("page.copied");
  });
}
