// The command palette: Ctrl-K or Cmd-K from anywhere, arrows to choose, Enter to go, Escape to leave.
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ArrowRight, Box, CornerDownLeft, FileText, GitBranch, Layers, Package, Search, User } from "lucide-react";
import { said } from "$/public/portal/kit.jsx";
import { useLanguage } from "$/public/portal/words.js";

const ICONS = { page: ArrowRight, service: Box, environment: Layers, release: Package, rollout: GitBranch, person: User, document: FileText };
const ICON = { size: 16, strokeWidth: 1.5, "aria-hidden": true, className: "icon" };

export function Palette({ id, label, closeLabel, placeholder, nothing, kinds, rows = [], asked = "", onSearch }) {
  const language = useLanguage();
  const navigate = useNavigate();
  const [box, input, timer] = [useRef(null), useRef(null), useRef(0)];
  const [text, setText] = useState("");
  const [here, setHere] = useState(0);
  const isCurrent = asked === text.trim();
  const ask = (wanted, wait) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(wanted.trim()), wait);
  };
  useEffect(() => {
    const press = (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      if (box.current.open) box.current.close();
      else if (!document.querySelector("dialog[open]")) box.current.showModal();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    const watch = new MutationObserver(() => {
      if (!box.current.open) return;
      input.current.select();
      ask(input.current.value, 0);
    });
    watch.observe(box.current, { attributes: true, attributeFilter: ["open"] });
    return () => watch.disconnect();
  }, [onSearch]);
  useEffect(() => setHere(0), [rows]);
  useEffect(() => {
    document.getElementById(`${id}-${here}`)?.scrollIntoView({ block: "nearest" });
  }, [id, here]);
  const go = (row) => {
    if (!row) return;
    box.current.close();
    if (row.path.startsWith("/docs/")) location.assign(row.path); // not a page of this application
    else navigate(row.path);
  };
  const press = (event) => {
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + 8, PageUp: here - 8 }[event.key];
    if (event.key === "Enter" && !event.nativeEvent.isComposing) go(rows[here]);
    else if (to !== undefined && rows.length) setHere(Math.abs(to - here) > 1 ? Math.max(0, Math.min(to, rows.length - 1)) : (to + rows.length) % rows.length);
    else return;
    event.preventDefault();
  };
  const type = (event) => {
    setText(event.target.value);
    ask(event.target.value, 120);
  };
  return (
    <dialog ref={box} id={id} className="dialog palette" aria-label={label} onMouseDown={(event) => event.target === box.current && box.current.close()}>
      <div className="palette-field">
        <Search {...ICON} />
        <input ref={input} value={text} onChange={type} onKeyDown={press} placeholder={placeholder} maxLength={100} autoFocus
          role="combobox" aria-expanded={rows.length > 0} aria-controls={`${id}-rows`} aria-autocomplete="list" aria-label={label}
          aria-activedescendant={rows.length ? `${id}-${here}` : undefined} autoComplete="off" spellCheck={false} />
        <button type="button" tabIndex={-1} onClick={() => box.current.close()} aria-label={closeLabel}><kbd>Esc</kbd></button>
      </div>
      <ul id={`${id}-rows`} className={`palette-rows ${isCurrent ? "" : "waiting-for"}`} role="listbox" aria-label={label}>
        {rows.map((row, index) => {
          const Icon = ICONS[row.kind] ?? ArrowRight;
          const isFirst = row.kind !== rows[index - 1]?.kind;
          return (
            <li key={`${row.kind}${row.path}${index}`} role="presentation">
              {isFirst && <h2 aria-hidden="true">{kinds[row.kind] ?? row.kind}</h2>}
              <div id={`${id}-${index}`} role="option" aria-selected={index === here} className="palette-row"
                onMouseMove={() => setHere(index)} onClick={() => go(row)}>
                <Icon {...ICON} />
                <span className="palette-title">{said(row.title, language)}</span>
                <span className="small">{said(row.detail, language)}</span>
                {index === here && <CornerDownLeft {...ICON} />}
              </div>
            </li>
          );
        })}
      </ul>
      {isCurrent && rows.length === 0 && text.trim() && <p className="palette-nothing">{nothing}</p>}
    </dialog>
  );
}
