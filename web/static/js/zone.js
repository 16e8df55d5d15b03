// Tells the server the browser's time zone, in which others see the person's local time, unless the person has chosen one in the profile.

const { zone, browserZone } = document.documentElement.dataset;
let told = false;

// tellZone sends the time zone with send(frame), once for each page, if the server does not know it.
export function tellZone(send) {
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (told || zone || !mine || mine === browserZone || !document.body.dataset.me) return;
  told = send({ type: "zone", zone: mine });
}
