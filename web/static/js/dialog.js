// Dialogs, drawers and menus. Without JavaScript they are links to a #target, or <details>. This module moves the focus, and closes them on
// Escape and on a click outside.

function openDialog(link) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog?.showModal) return false;
  link.closest("details")?.removeAttribute("open");
  dialog.showModal();
  return true;
}

let opener = null; // the link that opened the drawer; it gets the focus back when the drawer closes

function openDrawer(link) {
  const drawer = document.getElementById(link.dataset.drawer);
  if (!drawer) return false;
  opener = link;
  drawer.classList.add("open");
  document.getElementById("main").inert = !document.getElementById("main").contains(drawer);
  drawer.querySelector("[data-drawer-close]")?.focus();
  history.pushState({ drawer: drawer.id }, "");
  return true;
}

// closeDrawers closes what openDrawer has opened. An open drawer has an entry in the browser's history, so that Back closes it; with keep,
// the entry stays.
export function closeDrawers({ keep = false } = {}) {
  const open = document.querySelectorAll(".drawer.open");
  for (const drawer of open) drawer.classList.remove("open");
  document.getElementById("main").inert = false;
  if (!open.length) return;
  opener?.focus();
  if (!keep && history.state?.drawer) history.back();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.removeAttribute("open");
  }
}

function onClick(event) {
  const target = event.target;
  if (target instanceof HTMLDialogElement) target.close(); // the target of a click on the backdrop is the dialog itself
  closeMenus(target.closest?.("details.menu"));
  const link = target.closest?.("[data-dialog], [data-drawer], [data-drawer-close], [data-close]");
  if (!link || event.ctrlKey || event.metaKey) return;
  if (link.dataset.dialog !== undefined && !openDialog(link)) return;
  if (link.dataset.drawer !== undefined && !openDrawer(link)) return;
  if (link.dataset.drawerClose !== undefined) closeDrawers();
  if (link.dataset.close !== undefined) link.closest("dialog").close();
  event.preventDefault();
}

function onKey(event) {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  closeMenus();
  menu?.querySelector("summary").focus();
  closeDrawers();
}

// reopen makes a dialog modal that the server has rendered open because it contains a form with errors.
function reopen() {
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.close();
    dialog.showModal();
  }
}

export function startDialogs() {
  reopen();
  if (history.state?.drawer) history.replaceState(null, ""); // the page was loaded again
  addEventListener("popstate", () => closeDrawers({ keep: true }));
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
}
