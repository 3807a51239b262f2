// A date and a time of day as the reader's clock shows them; kept and sent with the zone taken out (UTC).
const two = (number) => String(number).padStart(2, "0");

function local(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime())) return "";
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function Moment({ id, value = "", onPick }) {
  const pick = (event) => {
    const at = new Date(event.target.value);
    onPick(event.target.value && !Number.isNaN(at.getTime()) ? at.toISOString().replace(".000", "") : "");
  };
  return <input type="datetime-local" id={id} key={value} defaultValue={local(value)} onChange={pick} max="9999-12-31T23:59" />;
}
