// A date and a time of day by the clock of the reader's zone; kept and sent with the zone taken out (UTC).
import { useZone } from "$/public/portal/words.js";

const FIELDS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

// What the clock of the zone shows then, as "2026-11-24T16:30"; a zone that this browser does not know is as good as none.
function shown(at, timeZone) {
  let format;
  try {
    format = new Intl.DateTimeFormat("en", { ...FIELDS, timeZone });
  } catch {
    format = new Intl.DateTimeFormat("en", FIELDS);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.year.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

// When the clock of the zone shows it: tried with the zone's distance from UTC, twice, for that may change between.
function meant(text, timeZone) {
  const wanted = Date.parse(`${text}Z`);
  let at = wanted;
  for (let tries = 0; tries < 2; tries += 1) at += wanted - Date.parse(`${shown(at, timeZone)}Z`);
  return new Date(at);
}

function local(text, timeZone) {
  const at = new Date(text);
  return !text || Number.isNaN(at.getTime()) ? "" : shown(at, timeZone);
}

export function Moment({ id, value = "", onPick }) {
  const zone = useZone();
  const pick = (event) => {
    const text = event.target.value.slice(0, 16);
    onPick(text && !Number.isNaN(Date.parse(`${text}Z`)) ? meant(text, zone).toISOString().replace(".000", "") : "");
  };
  const initial = local(value, zone);
  return <input type="datetime-local" id={id} key={initial} defaultValue={initial} onChange={pick} max="9999-12-31T23:59" />;
}
