// How numbers, times and elements are written. Text always enters the page as text, never as markup.

/** Make an element. `attributes` are set as attributes, functions as listeners; children are elements or text. */
export function element(tag, attributes = {}, ...children) {
  const made = tag.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** Three significant digits, without exponents for what people meet. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A number with its unit, short: shares and probabilities as per cent, ratios bare, "of 100" for marks. The catalogue has the unit in full. */
export function quantity(value, unit) {
  if (value === null || value === undefined) return "–";
  if (!unit || ["0 or 1", "score", "correlation"].includes(unit) || unit.startsWith("ratio")) return number(value);
  if (unit.includes("share") || unit === "probability") return `${number(100 * value)}\u202f%`;
  if (unit === "bit/s") return bitrate(value);
  const marks = /^\d+-(\d+),/.exec(unit);
  if (marks) return `${number(value)} of ${marks[1]}`;
  return `${number(value)}\u202f${unit.split(/[ ,](?=of |share )/)[0]}`;
}

export function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s}\u202fs`;
  if (s < 90 * 60) return `${Math.round(s / 60)}\u202fmin`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)}\u202fh`;
  return `${Math.round(s / 86400)}\u202fdays`;
}

/** A stretch of time with its two largest units: "2 h 10 min". */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s}\u202fs`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes}\u202fmin`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}\u202fh ${minutes % 60}\u202fmin` : `${hours}\u202fh`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days}\u202fdays ${hours % 24}\u202fh` : `${days}\u202fdays`;
}

export function bitrate(bps) {
  if (bps === null || bps === undefined) return "–";
  return bps >= 1e6 ? `${number(bps / 1e6)}\u202fMb/s` : `${number(bps / 1e3)}\u202fkb/s`;
}

/** "normal below 4", "normal 0.2 to 0.8", or "" where no range is known. */
export function normal(low, high, unit) {
  if (low !== null && high !== null) return `normal ${quantity(low, unit)} to ${quantity(high, unit)}`;
  if (high !== null) return `normal below ${quantity(high, unit)}`;
  if (low !== null) return `normal above ${quantity(low, unit)}`;
  return "";
}

export function clockTime(at) {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
}

/** A time with its date and time zone. */
export function fullTime(iso) {
  return new Date(iso).toLocaleString("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
}

/** A time with its day where it is not today's. */
export function moment(iso) {
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${time}`;
}

/** The reason without the number that the line below it shows: "edges are wide: width of edges 7 px, normal below 4 px". */
export function bareReason(reason, evidence) {
  const cut = evidence && evidence.metric ? reason.search(/: [^:]*, normal (?:above|below) /) : -1;
  if (cut <= 0) return reason;
  const bare = reason.slice(0, cut);
  return bare.includes("(") && !bare.includes(")") ? `${bare})` : bare;
}

const SHAPES = {
  fault: "M8 1.5h0l6.5 11.8a1 1 0 0 1-.9 1.5H2.4a1 1 0 0 1-.9-1.5z M8 6v4 M8 12.2v.1",
  unknown: "M5.8 6a2.3 2.3 0 1 1 3.3 2.1c-.7.4-1.1.8-1.1 1.7 M8 12.2v.1",
  suspected: "M8 3.5v6 M8 12.2v.1",
  not_assessable: "M4 8h8",
  ok: "M3.5 8.5l3 3 6-7",
  off: "M5.5 4v8 M10.5 4v8",
};

/** What a metric is called; one that the catalogue does not list (fps, structure_lost) by its key in words. */
export function metricName(metrics, key) {
  const found = metrics.get(key);
  return capitalised(found ? found.label : key.replaceAll("_", " "));
}

/** A small drawing of a state, beside its word: states are distinguished by shape as well as by colour. */
export function icon(state) {
  return element(
    "svg:svg",
    { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
    element("svg:path", { d: SHAPES[state] || SHAPES.unknown }),
  );
}
