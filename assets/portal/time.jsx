// Times as people read them: relative or as a clock, with the exact time and zone on hover. They move on by themselves.
import { useEffect, useState } from "react";
import { locale, useLanguage, useZone } from "$/public/portal/words.js";

function useNow(everySeconds) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}

// A zone that this browser does not know is as good as none.
export function formatted(at, language, options, timeZone) {
  try {
    return new Intl.DateTimeFormat(locale(language), { ...options, timeZone }).format(at * 1000);
  } catch {
    return new Intl.DateTimeFormat(locale(language), options).format(at * 1000);
  }
}

const exact = (at, language, timeZone) => formatted(at, language, { dateStyle: "medium", timeStyle: "long" }, timeZone);

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function relative(seconds, language) {
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS[3];
  const format = new Intl.RelativeTimeFormat(locale(language), { numeric: "auto" });
  return spaced(format.format(Math.trunc(seconds / length), unit), language);
}

// Chinese has a space between a number and the word after it.
const spaced = (text, language) => (language === "zh" ? text.replace(/(\d)(?=[\u4e00-\u9fff])/g, "$1 ") : text);

function span(seconds, language) {
  const whole = Math.max(0, Math.floor(seconds));
  const [large, small] = whole < 60 ? [0, 0] : whole < 3600 ? [60, 1] : whole < 86400 ? [3600, 60] : [86400, 3600];
  const name = (size, value) => {
    const unit = UNITS.find(([, length]) => length === size)[0];
    const style = { style: "unit", unit, unitDisplay: language === "zh" ? "long" : "narrow" };
    return spaced(new Intl.NumberFormat(locale(language), style).format(value), language);
  };
  if (!large) return name(1, whole);
  const rest = Math.floor((whole % large) / small);
  return rest ? `${name(large, Math.floor(whole / large))} ${name(small, rest)}` : name(large, Math.floor(whole / large));
}

const stamp = (at) => new Date(at * 1000).toISOString();

export function Ago({ at }) {
  const language = useLanguage();
  const zone = useZone();
  const now = useNow(Date.now() / 1000 - at < 120 ? 1 : 20);
  if (!at) return null;
  return (
    <time dateTime={stamp(at)} title={exact(at, language, zone)} suppressHydrationWarning>
      {relative(Math.min(0, at - now / 1000), language)}
    </time>
  );
}

export function Exact({ at }) {
  const language = useLanguage();
  const zone = useZone();
  if (!at) return null;
  return <time dateTime={stamp(at)} suppressHydrationWarning>{exact(at, language, zone)}</time>;
}

export function Clock({ at, hasSeconds = true }) {
  const language = useLanguage();
  const zone = useZone();
  if (!at) return null;
  const day = { year: "numeric", month: "numeric", day: "numeric" };
  const isToday = formatted(at, language, day, zone) === formatted(Date.now() / 1000, language, day, zone);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(hasSeconds && { second: "2-digit" }) };
  const format = isToday ? time : { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return (
    <time dateTime={stamp(at)} title={exact(at, language, zone)} suppressHydrationWarning>
      {formatted(at, language, format, zone)}
    </time>
  );
}

export function Elapsed({ since, until = 0 }) {
  const language = useLanguage();
  const zone = useZone();
  const now = useNow(1);
  if (!since) return null;
  return (
    <time dateTime={stamp(since)} title={exact(since, language, zone)} suppressHydrationWarning>
      {span((until || now / 1000) - since, language)}
    </time>
  );
}

export function Left({ until, label }) {
  const language = useLanguage();
  const zone = useZone();
  const now = useNow(1);
  if (!until || until * 1000 < now) return null;
  return (
    <span className="meta">
      {label}{" "}
      <time dateTime={stamp(until)} title={exact(until, language, zone)} suppressHydrationWarning>
        {span(until - now / 1000, language)}
      </time>
    </span>
  );
}
