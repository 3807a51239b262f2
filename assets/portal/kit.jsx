// Parts of the design system that need the browser: copying, typing to confirm, menus, an editor, the notice of a lost connection.
import { useEffect, useId, useRef, useState } from "react";
import { Check, CircleAlert, Copy as CopyIcon, Ellipsis, ChevronDown, SlidersHorizontal, Wifi, WifiOff } from "lucide-react";
import { useLanguage } from "$/public/portal/words.js";

const ICON = { size: 16, strokeWidth: 1.5, "aria-hidden": true };
export const said = (text, language) => (typeof text === "object" && text ? text[language] : text);

export function Copy({ text, label, done }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return undefined;
    const timer = setTimeout(() => setDone(false), 1600);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = async () => {
    if (navigator.clipboard) await navigator.clipboard.writeText(text).catch(() => undefined);
    else copyOld(text);
    setDone(true);
  };
  return (
    <button type="button" className="tool copy" aria-label={label} title={label} onClick={copy}>
      {isDone ? <Check {...ICON} className="icon ok" /> : <CopyIcon {...ICON} className="icon" />}
      <span className="copied" role="status">{isDone ? done : ""}</span>
    </button>
  );
}

// A portal on plain http has no clipboard of its own.
function copyOld(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function Typed({ expected, name = "typed", id, hint }) {
  const box = useRef(null);
  const check = () => box.current?.setCustomValidity(box.current.value.trim() === expected ? "" : hint);
  useEffect(check);
  return (
    <input ref={box} id={id} name={name} className="typed" autoComplete="off" spellCheck={false} required
      maxLength={200} placeholder={expected} onChange={check} />
  );
}

export function Menu({ label, text = "", children }) {
  const [card, button, id] = [useRef(null), useRef(null), useId()];
  const entries = () => [...card.current.querySelectorAll("a, button:not(:disabled)")];
  const show = (event) => {
    const isOpen = event.newState === "open";
    button.current.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    const { bottom, left, right, top } = button.current.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card.current;
    const isBelow = bottom + height + 8 < innerHeight || top < height;
    card.current.style.top = `${isBelow ? bottom + 4 : top - height - 4}px`;
    card.current.style.left = `${Math.max(8, Math.min(left + width > innerWidth - 8 ? right - width : left, innerWidth - width - 8))}px`;
    entries()[0]?.focus();
  };
  useEffect(() => {
    const element = card.current;
    element.addEventListener("toggle", show);
    return () => element.removeEventListener("toggle", show);
  }, []);
  const move = (event) => {
    const all = entries();
    const here = all.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  };
  const choose = (event) => event.target.closest("a, button") && card.current.hidePopover();
  return (
    <>
      <button ref={button} type="button" className={text ? "button quiet" : "tool"} aria-haspopup="menu"
        aria-expanded="false" aria-label={text ? undefined : label} title={text ? undefined : label}
        popoverTarget={id}>
        {text ? <span>{text}</span> : <Ellipsis {...ICON} />}
        {text ? <ChevronDown {...ICON} /> : null}
      </button>
      <div ref={card} id={id} popover="auto" role="menu" aria-label={label} className="menu-list" onKeyDown={move}
        onClick={choose}>
        {children}
      </div>
    </>
  );
}

export function More({ label, isSet = false, children }) {
  const [isOpen, setOpen] = useState(false);
  const isShown = isOpen || isSet;
  return (
    <>
      <button type="button" className="button quiet more" aria-expanded={isShown} onClick={() => setOpen(!isOpen)}>
        <SlidersHorizontal {...ICON} />
        <span className="hidden">{label}</span>
      </button>
      <div className={isShown ? "more-filters shown" : "more-filters"}>{children}</div>
    </>
  );
}

export function Editor({ name, id, value = "", flaws = [], label, rows = 14, isReadOnly = false, onEdit }) {
  const language = useLanguage();
  const [area, gutter] = [useRef(null), useRef(null)];
  const [count, setCount] = useState(value.split("\n").length);
  useEffect(() => setCount(value.split("\n").length), [value]);
  const edit = (event) => {
    setCount(event.target.value.split("\n").length);
    onEdit?.(event.target.value);
  };
  const scroll = (event) => {
    gutter.current.scrollTop = event.target.scrollTop;
  };
  const go = (line) => {
    const lines = area.current.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    area.current.focus();
    area.current.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  };
  const bad = new Set(flaws.map((flaw) => flaw.line));
  return (
    <div className={`editor ${flaws.length ? "flawed" : ""}`}>
      <div className="editor-frame">
        <div ref={gutter} className="gutter" aria-hidden="true">
          {Array.from({ length: count }, (_, index) => (
            <span key={index} className={bad.has(index + 1) ? "bad" : undefined}>{index + 1}</span>
          ))}
        </div>
        <textarea ref={area} key={value} id={id} name={name} className="code" defaultValue={value} rows={rows} wrap="off"
          spellCheck={false} autoCapitalize="off" autoComplete="off" aria-label={label} readOnly={isReadOnly}
          aria-invalid={flaws.length > 0} aria-describedby={flaws.length ? `${id}-flaws` : undefined}
          onChange={edit} onScroll={scroll} />
      </div>
      {flaws.length > 0 && (
        <ul id={`${id}-flaws`} className="flaws" role="alert">
          {flaws.map((flaw, index) => (
            <li key={index}>
              <CircleAlert {...ICON} className="icon" />
              {flaw.line > 0 && <button type="button" onClick={() => go(flaw.line)}>{flaw.line}</button>}
              <span>{said(flaw.text, language)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

// Says that the connection is lost once it is for more than a moment, and that it is back.
export function Connection({ isLost, lost, lostMore, regained }) {
  const [shown, setShown] = useState("");
  useEffect(() => {
    if (isLost) {
      const timer = setTimeout(() => setShown("lost"), 1500);
      return () => clearTimeout(timer);
    }
    setShown((old) => (old === "lost" ? "regained" : old));
    return undefined;
  }, [isLost]);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-lost", shown === "lost");
    if (shown !== "regained") return undefined;
    const timer = setTimeout(() => setShown(""), 4000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div role={shown === "lost" ? "alert" : "status"}>
      {shown === "lost" && (
        <div className="lost"><WifiOff {...ICON} className="icon" /><div><strong>{lost}</strong><span>{lostMore}</span></div></div>
      )}
      {shown === "regained" && (
        <div className="lost regained"><Wifi {...ICON} className="icon" /><div><strong>{regained}</strong></div></div>
      )}
    </div>
  );
}
