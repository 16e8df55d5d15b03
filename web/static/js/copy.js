// Buttons that copy the text of a field. On plain HTTP there is no navigator.clipboard.
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
