// A camera's history: its state and light over time, and the charts that matter.

import { capitalised, element, metricName, quantity } from "./format.js";
import { plot } from "./plot.js";
import { noteQuery } from "./router.js";
import { t } from "./texts.js";
import { SPANS, moved, rangeFields, rangeOf, zoomed } from "./time-range.js";

const AGAIN_MS = 30000;
const ALWAYS = ["image_quality", "detectability"];
const CALM = "luma_mean";
const HEIGHT = 190;
const POINTS = 600;

/** Start the history of a camera in `container`; `about` returns what is known of the camera now. Return how to end. */
export function openCharts(container, name, query, state, about) {
  const parts = layout(state);
  container.append(...parts.all);
  let range = rangeOf(query, state.now());
  parts.unread.hidden = !range.unread;
  let chosen = query.get("metric");
  let drawn = [];
  let turn = 0;
  let ended = false;
  let known = null;

  function metricsShown() {
    const camera = about();
    const faulty = camera && camera.evidence && state.metrics.has(camera.evidence.metric) ? camera.evidence.metric : null;
    const first = state.metrics.has(chosen) ? chosen : faulty || CALM;
    return [...new Set([first, ...ALWAYS])].filter((key) => state.metrics.has(key));
  }

  async function load() {
    // Before the server's first word its time is not known, and this machine's clock may be wrong.
    if (!state.heard()) return;
    const mine = (turn += 1);
    if (range.span) range = rangeOf(new URLSearchParams({ span: range.span }), state.now());
    showRange();
    const keys = metricsShown();
    if (!keys.length) return;
    try {
      const answers = await fetched(name, range, keys);
      if (mine !== turn || ended) return;
      known = { ...answers, keys };
      draw();
    } catch (error) {
      if (mine !== turn || ended) return;
      drawn.forEach((each) => each.destroy());
      drawn = [];
      parts.charts.replaceChildren(element("p", { class: "problem" }, error instanceof TypeError ? t("camera.noAnswer") : error.message));
    }
  }

  function draw() {
    drawn.forEach((each) => each.destroy());
    const marks = marksOf(known, range);
    showStates(parts.states, known.timeline, range);
    const figures = known.keys.map((key) => figure(key));
    parts.charts.replaceChildren(...figures.map((each) => each.whole));
    drawn = figures.filter((each) => each.points.length).map(({ key, points, place, label }) => plot(place, {
      points, label, height: HEIGHT, metric: state.metrics.get(key), since: range.since, until: range.until, zoom,
      marks: { ...marks, bands: bandsOf(about(), key, known.timeline, range) },
    }));
    parts.more.hidden = !known.keys.length;
  }

  function figure(key) {
    const metric = state.metrics.get(key);
    const points = known.scores.series[key] || [];
    const place = element("div", { class: "place" });
    const said = summary(metric, points);
    const label = `${metricName(state.metrics, key)}. ${said}`;
    const whole = element("figure", { class: "chart-figure", "data-metric": key },
      element("figcaption", {}, element("strong", {}, capitalised(metric.label)), element("span", { class: "quietly" }, ` ${unitText(metric)}`),
        element("span", { class: "said" }, said)),
      points.length ? place : element("p", { class: "nochart" }, t("charts.none")));
    return { key, points, place, label, whole };
  }

  function choose(next, asEntry = true) {
    range = next;
    parts.unread.hidden = true;
    noteQuery(rangeFields(range), { asEntry });
    load();
  }

  const zoom = (since, until) => choose({ since, until, span: null });

  function showRange() {
    parts.from.textContent = written(range.since);
    parts.to.textContent = range.span ? t("range.now") : written(range.until);
    for (const button of parts.spans) button.setAttribute("aria-pressed", String(Number(button.dataset.span) === range.span));
  }

  parts.spans.forEach((button) => button.addEventListener("click", () => {
    const span = Number(button.dataset.span);
    choose({ since: state.now() - span * 1000, until: state.now(), span });
  }));
  parts.earlier.addEventListener("click", () => choose(moved(range, -0.5, state.now())));
  parts.later.addEventListener("click", () => choose(moved(range, 0.5, state.now())));
  parts.closer.addEventListener("click", () => choose(zoomed(range, 0.5, state.now())));
  parts.wider.addEventListener("click", () => choose(zoomed(range, 2, state.now())));
  parts.metric.addEventListener("change", () => {
    chosen = parts.metric.value;
    noteQuery({ metric: chosen });
    load();
  });

  function listMetrics() {
    const options = [...state.metrics.values()].sort((a, b) => a.label.localeCompare(b.label));
    parts.metric.replaceChildren(
      element("option", { value: "" }, t("charts.whatMatters")),
      ...options.map((metric) => element("option", { value: metric.key }, capitalised(metric.label))),
    );
    parts.metric.value = state.metrics.has(chosen) ? chosen : "";
    load();
  }

  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => known && draw();
  const resize = new ResizeObserver(() => drawn.forEach((each) => each.resize()));
  scheme.addEventListener("change", redraw);
  resize.observe(parts.charts);
  const stop = state.on("metrics", listMetrics);
  let waits = !state.heard();
  const stopNews = state.on("news", () => {
    if (waits) load();
    waits = false;
  });
  listMetrics();
  const again = setInterval(() => range.span && load(), AGAIN_MS);
  return {
    reload: load,
    close() {
      ended = true;
      stop();
      stopNews();
      clearInterval(again);
      resize.disconnect();
      scheme.removeEventListener("change", redraw);
      drawn.forEach((each) => each.destroy());
    },
  };
}

function layout() {
  const button = (text, label) => element("button", { type: "button", class: "quiet", "aria-label": label || null, title: label || null }, text);
  const parts = {
    spans: SPANS.map(([span, key]) => element("button", { type: "button", class: "count", "data-span": span, "aria-pressed": "false" }, t(key))),
    earlier: button("◀", t("range.earlier")),
    later: button("▶", t("range.later")),
    closer: button("+", t("range.closer")),
    wider: button("−", t("range.wider")),
    from: element("span"),
    to: element("span"),
    unread: element("p", { class: "problem", role: "status", hidden: true }, t("range.unread")),
    metric: element("select", { id: "chart-metric" }),
    states: element("div", { class: "states" }),
    charts: element("div", { class: "charts" }),
    more: element("p", { class: "legend quietly", hidden: true }, t("charts.legend")),
  };
  const bar = element("div", { class: "range" },
    element("div", { class: "counts", role: "group", "aria-label": t("range.title") }, ...parts.spans),
    element("div", { class: "steps", role: "group", "aria-label": t("range.move") }, parts.earlier, parts.later, parts.closer, parts.wider),
    element("p", { class: "ends" }, parts.from, " – ", parts.to, ` (${zone()})`),
    element("label", {}, t("charts.first"), " ", parts.metric));
  parts.all = [bar, parts.unread, parts.states, parts.charts, parts.more];
  return parts;
}

async function fetched(name, range, keys) {
  const base = `/api/v1/cameras/${encodeURIComponent(name)}`;
  const ends = { since: new Date(range.since).toISOString(), until: new Date(range.until).toISOString() };
  const query = new URLSearchParams({ ...ends, points: POINTS });
  keys.forEach((key) => query.append("metric", key));
  const short = range.until - range.since <= 366 * 86400000;
  const [scores, timeline, incidents] = await Promise.all([
    asked(`${base}/scores?${query}`),
    short ? asked(`${base}/timeline?${new URLSearchParams(ends)}`) : { spans: [], complete: false },
    asked(`/api/v1/incidents?${new URLSearchParams({ camera: name, limit: 200 })}`),
  ]);
  return { scores, timeline, incidents: incidents.incidents };
}

/** Ask the API; throws with its own sentence where it refuses. */
export async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw Object.assign(new Error((await answer.json()).error), { status: answer.status });
  return answer.json();
}

function marksOf(known, range) {
  const incidents = known.incidents.map((incident) => ({
    since: Date.parse(incident.opened_at),
    until: incident.state === "open" ? range.until : Date.parse(incident.resolved_at || incident.updated_at),
  }));
  return { nights: joined(known.timeline.spans, (span) => span.light === "night"), incidents: incidents.filter((each) => each.until > range.since && each.since < range.until) };
}

/** Stretches of neighbouring spans that `wanted` holds for, as { since, until } in ms. */
function joined(spans, wanted) {
  const found = [];
  for (const span of spans.filter(wanted)) {
    const [since, until] = [Date.parse(span.since), Date.parse(span.until)];
    const last = found[found.length - 1];
    if (last && since - last.until < 1000) last.until = until;
    else found.push({ since, until });
  }
  return found;
}

/** What was normal over the range: in each light what was learned in it, else the bounds of the present verdict. */
function bandsOf(camera, key, timeline, range) {
  if (!camera) return [];
  const learned = new Map(camera.references.filter((each) => each.normal[key]).map((each) => [each.mode, each.normal[key]]));
  const evidence = camera.evidence && camera.evidence.metric === key ? camera.evidence : null;
  if (evidence && (evidence.normal_low !== null || evidence.normal_high !== null)) {
    return [{ since: range.since, until: range.until, low: evidence.normal_low, high: evidence.normal_high }];
  }
  if (learned.size > 1 && timeline.spans.length) {
    return [...learned].flatMap(([mode, [low, high]]) => joined(timeline.spans, (span) => span.light === mode).map((each) => ({ ...each, low, high })));
  }
  const [only] = learned.size === 1 ? learned.values() : [learned.get(camera.mode)];
  return only ? [{ since: range.since, until: range.until, low: only[0], high: only[1] }] : [];
}

function summary(metric, points) {
  if (!points.length) return "";
  const last = points[points.length - 1];
  const [low, high] = [Math.min(...points.map((point) => point.low)), Math.max(...points.map((point) => point.high))];
  // "between 22 and 24 of 100": what follows the number stands once.
  const [, short] = /^(\S+) (?=of )/.exec(quantity(low, metric.unit)) || [null, quantity(low, metric.unit)];
  return t("charts.summary", { last: quantity(last.mean, metric.unit), low: short, high: quantity(high, metric.unit) });
}

function unitText(metric) {
  if (!metric.unit) return "";
  return metric.unit.includes("share") ? `% (${metric.unit})` : metric.unit;
}

const STATE_WORDS = { ok: "state.ok", fault: "state.fault", not_assessable: "state.not_assessable", unknown: "state.unknown" };

function showStates(place, timeline, range) {
  const length = range.until - range.since;
  const x = (ms) => (1000 * (Math.min(range.until, Math.max(range.since, ms)) - range.since)) / length;
  const states = Object.keys(STATE_WORDS);
  const rects = [];
  const shares = [];
  let known = 0;
  for (const state of states) {
    const stretches = joined(timeline.spans, (span) => span.state === state);
    const total = stretches.reduce((sum, each) => sum + Math.min(range.until, each.until) - Math.max(range.since, each.since), 0);
    known += total;
    if (total > 0) shares.push(`${t(STATE_WORDS[state])} ${share(total / length)}`);
    for (const each of stretches.slice(-150)) rects.push(element("svg:rect", { class: state, x: x(each.since).toFixed(2), width: Math.max(0.6, x(each.until) - x(each.since)).toFixed(2), height: 10 }));
  }
  if (shares.length && timeline.complete && length - known >= length / 1000) shares.push(`${t("states.unwritten")} ${share((length - known) / length)}`);
  const text = shares.length ? t("states.shares", { shares: shares.join(", ") }) : t("states.none");
  const partly = timeline.complete ? "" : ` ${t("states.partly")}`;
  place.replaceChildren(
    element("svg:svg", { viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": text }, ...rects),
    element("p", { class: "quietly" }, text + partly),
  );
}

function share(value) {
  const percent = 100 * value;
  return `${percent > 0 && percent < 0.1 ? "< 0.1" : percent > 99.9 && percent < 100 ? "> 99.9" : Number(percent.toFixed(1))}\u202f%`;
}

function written(ms) {
  return new Date(ms).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

function zone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
}

