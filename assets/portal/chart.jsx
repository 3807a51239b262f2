// Two lines over time, stable and canary, with markers where the traffic shifted and a dashed line for the tolerance.
import { useEffect, useRef, useState } from "react";
import { formatted } from "$/public/portal/time.jsx";
import { useLanguage, useZone } from "$/public/portal/words.js";

const HEIGHT = 176;
const LEFT = 52;
const RIGHT = 12;
const TOP = 20;
const BOTTOM = 24;
const FAR = 2.5; // how many times its lower bound a rate may be drawn

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

function useWidth() {
  const box = useRef(null);
  const [width, setWidth] = useState(720);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, entry.contentRect.width)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

function ceiling(values, least) {
  const top = Math.max(least, ...values.filter((value) => value !== null)) * 1.1;
  const power = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= top);
}

const pathOf = (values, x, y) => {
  let path = "";
  let isPen = false;
  values.forEach((value, index) => {
    if (value !== null) path += `${isPen ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isPen = value !== null;
  });
  return path;
};

// The area between two lines, one piece for each stretch without a gap.
const bandsOf = (low, high, x, y) => {
  const pieces = [];
  let piece = [];
  for (let index = 0; index <= low.length; index += 1) {
    if (index < low.length && low[index] !== null) piece.push(index);
    else {
      if (piece.length > 1) pieces.push(piece);
      piece = [];
    }
  }
  const point = (index, value) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`;
  return pieces.map((found) =>
    [...found.map((i) => point(i, high[i])), ...found.reverse().map((i) => point(i, low[i]))].join(" "),
  );
};

const lone = (values, index) =>
  values[index] !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;

const shown = (value, unit) => {
  if (value === null || value === undefined) return "–";
  if (value === 0) return unit === "percent" ? "0 %" : "0 ms";
  if (unit === "percent") return `${(value * 100).toFixed(value && value < 0.001 ? 2 : 1)} %`;
  return `${value >= 100 ? Math.round(value) : value.toFixed(value < 10 ? 1 : 0)} ms`;
};

export function Chart({ chart, label, stableName, canaryName, emptyText }) {
  const language = useLanguage();
  const [box, width] = useWidth();
  const [spot, setSpot] = useState(null);
  const { at = [], stable = [], canary = [], low = [], high = [], marks = [], tolerance = null, unit, least } = chart ?? {};
  const zone = useZone();
  const clock = (second) => formatted(second, language, CLOCK, zone);
  const isBlank = ![...stable, ...canary].some((value) => value !== null);
  if (at.length < 2 || isBlank) return <div ref={box} className="chart-empty">{emptyText}</div>;

  const first = at[0];
  const last = at[at.length - 1];
  const inner = width - LEFT - RIGHT;
  const atX = (second) => LEFT + (inner * (second - first)) / Math.max(1, last - first);
  const x = (index) => atX(at[index]);
  // A rate of very few requests may be anything: the axis follows it only as far as it is certain, and to where it is now.
  const certain = canary.map((value, i) => ((low[i] ?? null) === null ? value : Math.min(value, FAR * low[i])));
  const wanted = ceiling([...stable, ...certain, canary.at(-1) ?? null, tolerance], least);
  const top = unit === "percent" ? Math.min(1, wanted) : wanted;
  const y = (value) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.min(1.04, value / top);
  const point = (event) => {
    const seen = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let best = 0;
    at.forEach((_, index) => {
      if (Math.abs(x(index) - seen) < Math.abs(x(best) - seen)) best = index;
    });
    setSpot(best);
  };
  const step = (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    setSpot((old) => Math.max(0, Math.min(at.length - 1, (old ?? at.length) + move)));
  };
  const now = spot === null ? null : Math.min(spot, at.length - 1);

  return (
    <div className="chart" ref={box}>
      <svg width={width} height={HEIGHT} role="img" aria-label={label} tabIndex={0} onPointerMove={point}
        onPointerDown={point} onPointerLeave={() => setSpot(null)} onKeyDown={step} onBlur={() => setSpot(null)}>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line className="grid-line" x1={LEFT} x2={width - RIGHT} y1={y(top * part)} y2={y(top * part)} />
            <text x={LEFT - 8} y={y(top * part) + 4} textAnchor="end">{shown(top * part, unit)}</text>
          </g>
        ))}
        {marks.filter((mark) => mark.at >= first && mark.at <= last).map((mark) => (
          <g key={`${mark.at}${mark.label}`}>
            <line className="mark" x1={atX(mark.at)} x2={atX(mark.at)} y1={TOP - 6} y2={HEIGHT - BOTTOM} />
            <text x={Math.min(atX(mark.at) + 4, width - RIGHT - 34)} y={TOP - 8}>{mark.label}</text>
          </g>
        ))}
        {tolerance !== null && (
          <line className="tolerance" x1={LEFT} x2={width - RIGHT} y1={y(tolerance)} y2={y(tolerance)} />
        )}
        {bandsOf(low, high, x, (value) => y(Math.min(value, top))).map((points) => (
          <polygon key={points} className="band" points={points} />
        ))}
        <path className="stable" d={pathOf(stable, x, y)} />
        <path className="canary" d={pathOf(canary, x, y)} />
        {at.map((_, index) => lone(canary, index) && (
          <circle key={index} className="canary-dot" cx={x(index)} cy={y(canary[index])} r="2.5" />
        ))}
        <text x={LEFT} y={HEIGHT - 6}>{clock(first)}</text>
        <text x={width - RIGHT} y={HEIGHT - 6} textAnchor="end">{clock(last)}</text>
        {now !== null && (
          <g className="spot">
            <line x1={x(now)} x2={x(now)} y1={TOP} y2={HEIGHT - BOTTOM} />
            {stable[now] !== null && <circle className="stable-dot" cx={x(now)} cy={y(stable[now])} r="3.5" />}
            {canary[now] !== null && <circle className="canary-dot" cx={x(now)} cy={y(canary[now])} r="3.5" />}
          </g>
        )}
      </svg>
      {now !== null && (
        <div className={`readout ${x(now) > width / 2 ? "left" : "right"}`} aria-live="polite">
          <b>{clock(at[now])}</b>
          <span><i className="key stable" />{stableName} {shown(stable[now], unit)}</span>
          <span><i className="key canary" />{canaryName} {shown(canary[now], unit)}</span>
        </div>
      )}
    </div>
  );
}
