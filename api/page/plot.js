// A chart with axes: a metric's mean within its least and greatest value, its normal band, nights and incidents.

import { element, number } from "./format.js";
import uPlot from "./vendor/uplot/uplot.js";

const AXIS_PX = 62;
const LEAST_SHARE = 0.1;
const USUAL_SHARE = 0.4;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The vertical range: all that is seen and normal, but never so little that noise looks like an event. */
export function verticalRange(points, metric, bands) {
  if (metric && metric.unit.startsWith("0-100")) return [0, 100];
  const values = points.flatMap((point) => [point.low, point.high]);
  for (const band of bands) values.push(...[band.low, band.high].filter((value) => value !== null));
  if (!values.length) return [0, 1];
  let low = Math.min(...values);
  let high = Math.max(...values);
  const bounded = metric && metric.low !== null && metric.high !== null;
  const usual = USUAL_SHARE * Math.max(Math.abs(high), 1e-6);
  const lacking = (bounded ? Math.min(usual, LEAST_SHARE * (metric.high - metric.low)) : usual) - (high - low);
  const margin = Math.max(lacking / 2, 0.06 * (high - low));
  low = metric && metric.low !== null ? Math.max(metric.low, low - margin) : low - margin;
  high = metric && metric.high !== null ? Math.min(metric.high, high + margin) : high + margin;
  return low < high ? [low, high] : [low, low + 1];
}

/** Columns for the plot: time in seconds, mean, least, greatest; where points are missing a null breaks the line. */
export function columns(points, since, until) {
  const times = points.map((point) => Date.parse(point.at) / 1000);
  const gaps = times.slice(1).map((at, i) => at - times[i]).sort((a, b) => a - b);
  const usual = gaps.length ? gaps[Math.floor(gaps.length / 2)] : 0;
  const found = [[], [], [], []];
  const add = (at, point) => {
    found[0].push(at);
    found[1].push(point ? point.mean : null);
    found[2].push(point ? point.low : null);
    found[3].push(point ? point.high : null);
  };
  add(since / 1000, null);
  points.forEach((point, i) => {
    if (i && times[i] - times[i - 1] > 4 * usual) add((times[i] + times[i - 1]) / 2, null);
    if (times[i] > found[0][found[0].length - 1]) add(times[i], point);
  });
  if (until / 1000 > found[0][found[0].length - 1]) add(until / 1000, null);
  return found;
}

function paintBehind(u, marks) {
  const { ctx, bbox } = u;
  const x = (ms) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, u.valToPos(ms / 1000, "x", true)));
  const y = (value) => Math.min(bbox.top + bbox.height, Math.max(bbox.top, u.valToPos(value, "y", true)));
  ctx.save();
  ctx.fillStyle = colour("--night");
  for (const night of marks.nights) ctx.fillRect(x(night.since), bbox.top, x(night.until) - x(night.since), bbox.height);
  ctx.fillStyle = colour("--band");
  for (const band of marks.bands) {
    const top = band.high === null ? bbox.top : y(band.high);
    const bottom = band.low === null ? bbox.top + bbox.height : y(band.low);
    ctx.fillRect(x(band.since), top, x(band.until) - x(band.since), Math.max(1, bottom - top));
  }
  for (const incident of marks.incidents) {
    const left = x(incident.since);
    const width = Math.max(2, x(incident.until) - left);
    ctx.fillStyle = colour("--incident");
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = colour("--fault");
    ctx.fillRect(left, bbox.top, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}

/**
 * Draw a metric in `place`. `marks` has nights, bands and incidents as { since, until } in ms, bands with low and high.
 * `zoom` is called with the ends (ms) of a stretch that somebody marks. Returns { resize, destroy }.
 */
export function plot(place, { points, metric, since, until, marks, zoom, label, height }) {
  const soft = colour("--soft");
  const axis = { stroke: soft, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
  const share = metric && metric.unit.includes("share");
  const written = (value) => (value === null || value === undefined ? "–" : share ? `${number(100 * value)} %` : number(value));
  const vertical = verticalRange(points, metric, marks.bands);
  const line = colour("--accent");
  const options = {
    width: Math.max(200, place.clientWidth), height,
    cursor: { sync: { key: "sightline" }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { range: () => [since / 1000, until / 1000] }, y: { range: () => vertical } },
    axes: [
      { ...axis, values: timeTexts },
      { ...axis, size: AXIS_PX, values: (_, ticks) => ticks.map(written) },
    ],
    series: [
      { value: (_, at) => (at === null || at === undefined ? "–" : moment(at)) },
      { label: "mean", stroke: line, width: 1.6, value: (_, value) => written(value), points: { show: points.length < 3 } },
      { label: "least", stroke: "transparent", value: (_, value) => written(value), points: { show: false } },
      { label: "greatest", stroke: "transparent", value: (_, value) => written(value), points: { show: false } },
    ],
    bands: [{ series: [3, 2], fill: colour("--spread") }],
    hooks: {
      drawClear: [(u) => paintBehind(u, marks)],
      setSelect: [(u) => {
        const { left, width } = u.select;
        if (width > 8) zoom(1000 * u.posToVal(left, "x"), 1000 * u.posToVal(left + width, "x"));
      }],
    },
  };
  const box = element("div", { class: "plot", role: "img", "aria-label": label });
  place.replaceChildren(box);
  const made = new uPlot(options, columns(points, since, until), box);
  return {
    resize: () => made.setSize({ width: Math.max(200, place.clientWidth), height }),
    destroy: () => made.destroy(),
  };
}

const SHORT = { hour: "2-digit", minute: "2-digit" };

/** What stands below the ticks: the clock by day, the date at midnight and for long ranges. */
function timeTexts(_, ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : 60;
  let day = "";
  return ticks.map((tick) => {
    const at = new Date(1000 * tick);
    const date = at.toLocaleDateString("en-GB", step >= 28 * 86400 ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" });
    if (step >= 86400) return date;
    const clock = at.toLocaleTimeString("en-GB", step < 60 ? { ...SHORT, second: "2-digit" } : SHORT);
    const first = date !== day;
    day = date;
    return first ? `${clock}\n${date}` : clock;
  });
}

function moment(at) {
  return new Date(1000 * at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
