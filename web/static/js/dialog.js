// Dialogs, drawers and menus. All are links or <details> that work without script too. The script adds focus, Escape, and closing
// by a click beside them.

function openDialog(link) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog?.showModal) return false;
  link.closest("details")?.removeAttribute("open");
  dialog.showModal();
  return true;
}

let opener = null; // gets the focus when a drawer closes

function openDrawer(link) {
  const drawer = document.getElementById(link.dataset.drawer);
  if (!drawer) return false;
  opener = link;
  drawer.classList.add("open");
  document.getElementById("main").inert = !document.getElementById("main").contains(drawer);
  drawer.querySelector("[data-drawer-close]")?.focus();
  return true;
}

export function closeDrawers() {
  const open = document.querySelectorAll(".drawer.open");
  for (const drawer of open) drawer.classList.remove("open");
  document.getElementById("main").inert = false;
  if (open.length) opener?.focus();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.removeAttribute("open");
  }
}

function onClick(event) {
  const target = event.target;
  if (target instanceof HTMLDialogElement) target.close(); // clicks on the backdrop have the dialog as target
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

// A dialog that the server rendered open, with a refused form, becomes modal as if a link had opened it.
function reopen() {
  for (const dialog of document.querySelectorAll("dialog[open]")) {
    dialog.close();
    dialog.showModal();
  }
}

export function openings() {
  reopen();
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
}
