// The log of a container as it comes: a stream of the server into a small list of which only what is seen is drawn.
import { useEffect, useMemo, useRef, useState } from "react";
import { ArrowDownToLine, Download, Pause, Play, Search } from "lucide-react";
import { locale, useLanguage } from "$/public/portal/words.js";

const ROW = 20;
const KEPT = 5000;
const AROUND = 12;
const ICON = { size: 16, strokeWidth: 1.5, "aria-hidden": true, className: "icon" };

function useLines(href, isPaused) {
  const [lines, setLines] = useState([]);
  const [status, setStatus] = useState("connecting");
  const held = useRef([]);
  const paused = useRef(isPaused);
  paused.current = isPaused;
  const show = () => setLines((before) => [...before, ...held.current.splice(0)].slice(-KEPT));
  useEffect(() => {
    if (!isPaused && held.current.length) show();
  }, [isPaused]);
  useEffect(() => {
    let number = 0;
    const source = new EventSource(href);
    const keep = (more) => {
      held.current.push(...more.map(([at, stream, text]) => ({ number: ++number, at, stream, text })));
      held.current.splice(0, Math.max(0, held.current.length - KEPT));
      if (!paused.current) show();
    };
    source.onopen = () => setStatus("live");
    source.onerror = () => setStatus(source.readyState === EventSource.CLOSED ? "failed" : "connecting");
    source.addEventListener("lines", (event) => keep(JSON.parse(event.data)));
    source.addEventListener("gap", (event) => keep([[0, "gap", event.data]]));
    for (const end of ["end", "denied"]) {
      source.addEventListener(end, () => {
        source.close();
        setStatus(end);
      });
    }
    return () => source.close();
  }, [href]);
  return [lines, status, isPaused ? held.current.length : 0];
}

function timeOf(at, language) {
  if (!at) return "";
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false };
  return new Date(at * 1000).toLocaleTimeString(locale(language), options);
}

function marked(text, wanted) {
  if (!wanted) return text;
  const at = text.toLowerCase().indexOf(wanted);
  if (at < 0) return text;
  return [text.slice(0, at), <mark key="m">{text.slice(at, at + wanted.length)}</mark>, text.slice(at + wanted.length)];
}

export function LogView({ href, download, labels }) {
  const language = useLanguage();
  const box = useRef(null);
  const [isPaused, setPaused] = useState(false);
  const [isFollowing, setFollowing] = useState(true);
  const [wanted, setWanted] = useState("");
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [lines, status, waiting] = useLines(href, isPaused);
  const sought = wanted.trim().toLowerCase();
  const found = useMemo(
    () => (sought ? lines.filter(({ text }) => text.toLowerCase().includes(sought)) : lines),
    [lines, sought],
  );
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(entry.contentRect.height));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (isFollowing) box.current.scrollTop = box.current.scrollHeight;
  }, [found, isFollowing, height]);
  const scrolled = ({ currentTarget: view }) => {
    setTop(view.scrollTop);
    setFollowing(view.scrollHeight - view.scrollTop - view.clientHeight < ROW);
  };
  const first = Math.max(0, Math.floor(top / ROW) - AROUND);
  const shown = found.slice(first, first + Math.ceil(height / ROW) + 2 * AROUND);
  const count = sought ? labels.found.replace("{n}", found.length).replace("{total}", lines.length) : labels.lines.replace("{n}", lines.length);
  return (
    <div className="log">
      <div className="log-tools">
        <div className="search">
          <Search {...ICON} />
          <input type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} placeholder={labels.search}
            aria-label={labels.search} maxLength={200} data-search="" />
          <kbd aria-hidden="true">/</kbd>
        </div>
        <span className={`live ${status}`} role="status">
          {status === "live" && !isPaused ? <i className="pulse" /> : null}
          {isPaused ? labels.paused.replace("{n}", waiting) : labels[status]}
        </span>
        <span className="small log-count">{count}</span>
        <div className="actions">
          <button type="button" className="button quiet compact" onClick={() => setPaused(!isPaused)} aria-pressed={isPaused}>
            {isPaused ? <Play {...ICON} /> : <Pause {...ICON} />}
            <span>{isPaused ? labels.resume : labels.pause}</span>
          </button>
          <button type="button" className="button quiet compact" onClick={() => setFollowing(true)} disabled={isFollowing}>
            <ArrowDownToLine {...ICON} />
            <span>{labels.follow}</span>
          </button>
          <a className="button quiet compact" href={download} download>
            <Download {...ICON} />
            <span>{labels.download}</span>
          </a>
        </div>
      </div>
      <div className="log-lines" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-live="off" aria-label={labels.title}>
        {found.length === 0 ? <p className="log-nothing">{sought ? labels.nothing_found : labels.nothing}</p> : null}
        <div style={{ height: found.length * ROW }}>
          <div style={{ transform: `translateY(${first * ROW}px)` }}>
            {shown.map((line) => (
              <div key={line.number} className={`log-line ${line.stream}`}>
                <time>{timeOf(line.at, language)}</time>
                <span>{line.stream === "gap" ? labels.gap.replace("{n}", line.text) : marked(line.text, sought)}</span>
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}
