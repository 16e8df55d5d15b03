// The Escape key where nothing is open that it closes.

// What the key closes or cancels first: menus, dialogs, the toolbar of a message, an edit or a reply.
const OPEN = "dialog[open], :popover-open, details.menu[open], .drawer.open, .message.with-tools:is(:focus, :focus-within), " +
  ".message-tools:focus-within, #editing:not([hidden]), #replying:not([hidden])";

// onEscape calls act when the key is pressed and nothing was open before, until signal is aborted.
export function onEscape(act, signal) {
  let busy = false;
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") busy = event.isComposing || Boolean(document.querySelector(OPEN));
  }, { capture: true, signal }); // before the handlers that close something
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !busy && !event.defaultPrevented) act();
  }, { signal });
}
