// What is new, in the title of the document, the icon of the tab, and the badge of an installed app.

export const MAX_BADGE = 99; // a higher number is shown as "99+"

export let title = document.title; // without the number
const icon = document.querySelector('link[rel="icon"]');

// showBadges shows the sum of the badges in the sidebar. News that is not meant for the reader only adds a dot to the icon.
export function showBadges() {
  const badges = document.querySelectorAll(".sidebar .badge:not([hidden])");
  const sum = Array.from(badges).reduce((all, badge) => all + Number(badge.dataset.count), 0);
  const news = document.querySelector('.sidebar .side-link.unread:not([data-level="nothing"])');
  document.title = sum ? `(${sum > MAX_BADGE ? `${MAX_BADGE}+` : sum}) ${title}` : title;
  const href = sum || news ? icon.dataset.news : icon.dataset.quiet;
  if (icon.getAttribute("href") !== href) icon.href = href;
  if (!navigator.setAppBadge) return;
  const shown = sum ? navigator.setAppBadge(sum) : navigator.clearAppBadge();
  shown.catch(() => {}); // the app is not installed, or the browser does not allow it
}

// setTitle sets the title of the document, to which the number is added.
export function setTitle(text) {
  title = text;
  showBadges();
}

showBadges();
