// What a page of a visitor does when its rights change.

const RELOAD_WITHIN = 1000; // ms, so that the pages of all visitors do not load at once

const isGuest = !document.body.dataset.me;

// guestsMay handles a guests frame: visitors may read only, or write too, from now on. The page that the server sends says so. What was
// typed is kept as a draft.
export function guestsMay() {
  setTimeout(() => location.reload(), Math.random() * RELOAD_WITHIN);
}

// ended shows a visitor whose visit has ended the page that says so. It returns false for a person with an account.
export function ended() {
  if (isGuest) location.replace(`/guest/ended/?next=${encodeURIComponent(location.pathname)}`);
  return isGuest;
}
