// One value over the last minutes as a small line without axes; the figure stands beside it.
const [WIDTH, HEIGHT] = [240, 44];

export function Spark({ values, label, least = 1 }) {
  const top = Math.max(least, ...values) * 1.15;
  const step = WIDTH / Math.max(1, values.length - 1);
  const path = values.map((value, at) => `${at ? "L" : "M"}${(at * step).toFixed(1)} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`).join("");
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} vectorEffect="non-scaling-stroke" />
      {values.length > 1 ? <path d={path} vectorEffect="non-scaling-stroke" /> : null}
    </svg>
  );
}
