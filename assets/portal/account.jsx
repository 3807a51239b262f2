// What the pages of accounts need from the browser: copying a secret, reading one from the address, zones, preferences.
import { useEffect, useRef, useState } from "react";
import { Check, Copy } from "lucide-react";
import { setLanguage, setTheme, setZone } from "$/public/portal/words.js";

const ICON = { size: 16, strokeWidth: 1.5, "aria-hidden": true };

export function Secret({ value, label, done, isPath = false }) {
  const [isDone, setDone] = useState(false);
  const box = useRef(null);
  const shown = isPath ? `${location.origin}${value}` : value;
  useEffect(() => setDone(false), [value]);
  const copy = async () => {
    box.current.select();
    if (navigator.clipboard) await navigator.clipboard.writeText(shown).catch(() => document.execCommand("copy"));
    else document.execCommand("copy");
    setDone(true);
  };
  return (
    <div className="secret">
      <input ref={box} readOnly value={shown} aria-label={label} className="code" onFocus={(event) => event.target.select()} />
      <button type="button" className="button quiet" onClick={copy}>
        {isDone ? <Check {...ICON} /> : <Copy {...ICON} />}
        <span role="status">{isDone ? done : label}</span>
      </button>
    </div>
  );
}

// A failed attempt comes back without the fragment: it is kept for this tab until it has led in.
export function FromFragment({ name }) {
  const [value, setValue] = useState("");
  useEffect(() => {
    const given = location.hash.slice(1);
    if (given) sessionStorage.setItem(name, given);
    setValue(given || sessionStorage.getItem(name) || "");
  }, [name]);
  return <input type="hidden" name={name} value={value} readOnly />;
}

export function Zones({ id }) {
  const [names, setNames] = useState([]);
  useEffect(() => setNames(Intl.supportedValuesOf?.("timeZone") ?? []), []);
  return (
    <datalist id={id}>
      {names.map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}

export function Applied({ number, language, theme, zone }) {
  const last = useRef(number);
  useEffect(() => {
    if (number === last.current) return;
    last.current = number;
    if (language) setLanguage(language);
    if (theme) setTheme(theme);
    setZone(zone);
  }, [number, language, theme, zone]);
  return null;
}

// To an address that is no page of this application: the whole browser goes there.
export function Away({ href, className = "", children }) {
  const go = (event) => {
    event.preventDefault();
    location.assign(href);
  };
  return (
    <a href={href} className={className} onClick={go} rel="external">
      {children}
    </a>
  );
}
