// Small charts of one score: a line of means within a band from least to greatest, and the normal range behind it.

import { element, quantity } from "./format.js";

const LEAST_SHARE = 0.1;
const SHORTEST_MS = 30000;

/** The vertical range to draw: what is in the series, but never so little that noise looks like an event. */
function vertical(points, metric, normal) {
  const values = points.flatMap((point) => [point.low, point.high]).filter((value) => value !== null);
  if (normal) values.push(...normal.filter((value) => value !== null));
  let low = Math.min(...values);
  let high = Math.max(...values);
  const bounded = metric && metric.low !== null && metric.high !== null;
  const usual = 0.4 * Math.max(Math.abs(high), 1e-6);
  const least = bounded ? Math.min(usual, LEAST_SHARE * (metric.high - metric.low)) : usual;
  const lacking = least - (high - low);
  if (lacking > 0) {
    low -= lacking / 2;
    high += lacking / 2;
  }
  return [low, high];
}

/** Split where points are missing, so that no line is drawn across a gap. */
function runs(points) {
  const gaps = points.slice(1).map((point, i) => point.t - points[i].t).sort((a, b) => a - b);
  const usual = gaps.length ? gaps[Math.floor(gaps.length / 2)] : 0;
  const found = [];
  points.forEach((point, i) => {
    if (i === 0 || point.t - points[i - 1].t > 4 * usual) found.push([]);
    found[found.length - 1].push(point);
  });
  return found;
}

/**
 * Draw a series ({since, until, points}) as an SVG of width x height, from its first point where it began later.
 * `metric` is its catalogue entry, `normal` [low, high] or null.
 */
export function chart(series, metric, { width = 120, height = 32, normal = null } = {}) {
  const points = series.points.map((point) => ({ ...point, t: Date.parse(point.at) }));
  const name = metric ? metric.label : "score";
  if (!points.length) return element("span", { class: "nochart" }, "no scores yet");
  const [low, high] = vertical(points, metric, normal);
  const end = Date.parse(series.until);
  const start = Math.max(Date.parse(series.since), Math.min(points[0].t, end - SHORTEST_MS));
  const span = end - start;
  const x = (t) => (((t - start) / span) * width).toFixed(1);
  const y = (value) => (height - 2 - ((value - low) / (high - low)) * (height - 4)).toFixed(1);
  const drawn = runs(points).flatMap((run) => {
    const upper = run.map((point) => `${x(point.t)},${y(point.high)}`);
    const lower = run.map((point) => `${x(point.t)},${y(point.low)}`).reverse();
    const line = run.map((point) => `${x(point.t)},${y(point.mean)}`);
    if (run.length === 1) {
      return [element("svg:circle", { class: "line", cx: x(run[0].t), cy: y(run[0].mean), r: 1 })];
    }
    return [
      element("svg:polygon", { class: "band", points: [...upper, ...lower].join(" ") }),
      element("svg:polyline", { class: "line", points: line.join(" ") }),
    ];
  });
  const last = points[points.length - 1];
  const unit = metric ? metric.unit : "";
  const label = `${name}: now ${quantity(last.mean, unit)}, from ${quantity(Math.min(...points.map((point) => point.low)), unit)} to ${quantity(
    Math.max(...points.map((point) => point.high)), unit,
  )}`;
  const range = normal && normal[0] !== null && normal[1] !== null
    ? [element("svg:rect", {
        class: "normal", x: 0, width, y: y(normal[1]), height: Math.max(1, y(normal[0]) - y(normal[1])),
      })]
    : [];
  return element(
    "svg:svg",
    { class: "chart", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    element("svg:title", {}, label),
    ...range,
    ...drawn,
  );
}
