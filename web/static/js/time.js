// Shows times in the reader's time zone and on the reader's clock: those of the profile, or else those of the browser and the language. The
// server writes times in the zone of the profile, or else in UTC.

import { language, t } from "./i18n.js";

const { zone, clock: hours } = document.documentElement.dataset;

// inZone returns options of Intl.DateTimeFormat with a time zone, unless the browser does not know it.
function inZone(options, timeZone) {
  try {
    new Intl.DateTimeFormat(language, { timeZone });
    return { ...options, timeZone };
  } catch {
    return options;
  }
}

// As in web/locale, hours have two digits on a 24-hour clock.
const usual = new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12;
const twelve = hours ? hours === "12" : usual;
const time = { hour: twelve ? "numeric" : "2-digit", minute: "2-digit", hourCycle: twelve ? "h12" : "h23" };

// hourFormat returns the format of times in a time zone; undefined is the reader's.
export function hourFormat(timeZone = zone) {
  return new Intl.DateTimeFormat(language, inZone(time, timeZone));
}

const clock = hourFormat();
const date = new Intl.DateTimeFormat(language, inZone({ weekday: "long", day: "numeric", month: "long" }, zone));
const dateOfYear = new Intl.DateTimeFormat(language, inZone({ day: "numeric", month: "long", year: "numeric" }, zone));
const numbers = new Intl.DateTimeFormat("en-US", inZone({ day: "numeric", month: "numeric", year: "numeric" }, zone));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// fullText returns date and time. It joins them with the catalogue's text, as the server does, because Intl omits a word in Vietnamese.
function fullText(at) {
  return t("date.both", { date: dateOfYear.format(at), time: clock.format(at) });
}

// dayOf returns a number for the reader's day of a time, in ms since 1970: times of the same day have the same one, and those of two days in
// a row differ by DAY.
export function dayOf(at) {
  const { year, month, day } = Object.fromEntries(numbers.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day);
}

function yearOf(at) {
  return new Date(dayOf(at)).getUTCFullYear();
}

export function clockText(at) {
  return clock.format(at);
}

function dayText(at, now = new Date()) {
  const days = Math.round((dayOf(now) - dayOf(at)) / DAY);
  if (days === 0) return t("day.today");
  if (days === 1) return t("day.yesterday");
  return (yearOf(at) === yearOf(now) ? date : dateOfYear).format(at);
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

// timeText returns a time for the middle of a sentence: with the day, unless that is today.
export function timeText(at, now = new Date()) {
  const days = Math.round((dayOf(now) - dayOf(at)) / DAY);
  if (days === 0) return clock.format(at);
  return t("date.both", { date: days === 1 ? relative.format(-1, "day") : dayText(at, now), time: clock.format(at) });
}

export function agoText(at, now = new Date()) {
  const age = now - at;
  if (age < MINUTE) return t("ago.now");
  if (age < HOUR) return t("ago.minutes", { count: Math.floor(age / MINUTE) });
  if (age < DAY) return t("ago.hours", { count: Math.floor(age / HOUR) });
  return t("ago.days", { count: Math.floor(age / DAY) });
}

// setTime writes a time into a <time> element, in the format that its data attribute names: data-clock, data-day,
// data-ago, or date and time.
export function setTime(element, at) {
  element.dateTime = at.toISOString();
  element.title = fullText(at);
  if ("clock" in element.dataset) element.textContent = clock.format(at);
  else if ("day" in element.dataset) element.textContent = dayText(at);
  else if ("ago" in element.dataset) element.textContent = agoText(at);
  else element.textContent = fullText(at);
}

const ALL = "time[data-clock], time[data-day], time[data-ago], time[data-when]";

// localizeTimes converts every <time> below root.
export function localizeTimes(root = document) {
  for (const element of root.querySelectorAll(ALL)) {
    const at = new Date(element.dateTime);
    if (!Number.isNaN(at.getTime())) setTime(element, at);
  }
}

// keepTimesFresh updates all times once a minute, because "2 h ago" and "Today" change.
export function keepTimesFresh() {
  localizeTimes();
  setInterval(() => {
    if (!document.hidden) localizeTimes();
  }, MINUTE);
}
