// One camera from near: the picture of now, every verdict with its number, and a chart of each score.

import { chart } from "../charts.js";
import { bareReason, bitrate, capitalised, duration, element, icon, metricName, moment, normal, number, quantity } from "../format.js";
import { setTitle } from "../router.js";

const PICTURE_EVERY_MS = 2000;
const CHARTS_EVERY_MS = 15000;
const WORDS = { ok: "OK", fault: "Fault", not_assessable: "Not assessable" };
const RANK = { fault: 0, not_assessable: 1, ok: 2 };

async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer.json();
}

export function open(container, params, state) {
  const { name } = params;
  const parts = {
    summary: element("div", { class: "summary" }),
    image: element("img", { alt: `${name} as it looks now`, hidden: true }),
    caption: element("figcaption", {}, "Asking for the picture of now"),
    verdicts: element("tbody"),
    charts: element("div", { class: "charts" }),
    facts: element("dl", { class: "more" }),
  };
  setTitle(name);
  container.append(element(
    "article",
    { class: "detail" },
    element("header", {}, element("h1", { id: "detail-title" }, name)),
    element("div", { class: "near" }, element("figure", {}, parts.image, parts.caption), parts.summary),
    element("h2", {}, "Scores"),
    parts.charts,
    element("h2", {}, "Checks"),
    element("table", {},
      element("thead", {}, element("tr", {}, ...["Check", "Answer", "Why", "Number"].map((each) => element("th", { scope: "col" }, each)))),
      parts.verdicts),
    element("h2", {}, "About this camera"),
    parts.facts,
  ));
  const mine = { name, parts, state, url: null, ended: false };
  repeat(mine, PICTURE_EVERY_MS, showPicture);
  repeat(mine, PICTURE_EVERY_MS, showVerdicts);
  repeat(mine, CHARTS_EVERY_MS, showCharts);
  return () => {
    mine.ended = true;
    if (mine.url) URL.revokeObjectURL(mine.url);
  };
}

async function repeat(mine, everyMs, work) {
  while (!mine.ended) {
    try {
      await work(mine);
    } catch (error) {
      if (!mine.ended) failed(mine, work, error);
    }
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

/** What could not be fetched is not left standing as if it were true now. */
function failed(mine, work, error) {
  const said = error instanceof TypeError ? "The server does not answer: nothing here is known to be true now." : error.message;
  if (work === showPicture) withoutPicture(mine, said);
  else if (work === showVerdicts) {
    mine.parts.summary.replaceChildren(element("p", { class: "problem" }, said));
    mine.parts.verdicts.replaceChildren();
  } else mine.parts.charts.replaceChildren(element("p", { class: "problem" }, said));
}

function withoutPicture(mine, why) {
  mine.parts.image.hidden = true;
  mine.parts.caption.textContent = why;
}

async function showPicture(mine) {
  const answer = await fetch(`/api/v1/cameras/${encodeURIComponent(mine.name)}/picture?width=960`);
  if (!answer.ok) {
    withoutPicture(mine, (await answer.json()).error);
    return;
  }
  const at = answer.headers.get("X-Received-At");
  const blob = await answer.blob();
  if (mine.ended) return;
  if (mine.url) URL.revokeObjectURL(mine.url);
  mine.url = URL.createObjectURL(blob);
  mine.parts.image.src = mine.url;
  mine.parts.image.hidden = false;
  mine.parts.caption.textContent = `Received ${duration((mine.state.now() - Date.parse(at)) / 1000)} ago. Kept in memory only.`;
}

async function showVerdicts(mine) {
  const path = `/api/v1/cameras/${encodeURIComponent(mine.name)}`;
  const [camera, latest] = await Promise.all([asked(path), asked(`${path}/latest`)]);
  if (mine.ended) return;
  mine.camera = camera;
  mine.latest = latest;
  mine.parts.summary.replaceChildren(...summary(camera, mine.state.metrics));
  const verdicts = [...latest.verdicts].sort((a, b) => RANK[a.state] - RANK[b.state]);
  mine.parts.verdicts.replaceChildren(...verdicts.map((verdict) => row(verdict, mine.state.metrics)));
  mine.parts.facts.replaceChildren(...facts(camera));
}

function summary(camera, metrics) {
  const symptoms = camera.symptoms.map((symptom) => symptom.label).join(", ");
  const found = camera.evidence && camera.evidence.metric ? metrics.get(camera.evidence.metric) : null;
  const range = camera.evidence ? normal(camera.evidence.normal_low, camera.evidence.normal_high, found && found.unit) : "";
  return [
    element("p", { class: "state", "data-state": camera.state, "data-severity": camera.severity },
      icon(camera.state), element("span", { class: "word" }, camera.state_word)),
    camera.headline ? element("p", { class: "headline" }, capitalised(camera.headline.label)) : null,
    camera.reason ? element("p", {}, capitalised(bareReason(camera.reason, camera.evidence))) : null,
    range && camera.evidence.value !== null
      ? element("p", { class: "measured" }, metricName(metrics, camera.evidence.metric), " ",
          element("strong", {}, quantity(camera.evidence.value, found && found.unit)), " ", range)
      : null,
    symptoms ? element("p", { class: "symptoms" }, `also: ${symptoms}`) : null,
    camera.since ? element("p", { class: "quietly" }, `since ${moment(camera.since)}`) : null,
    element("p", { class: "quietly" }, `Checks: ${camera.checks.text}`),
  ].filter(Boolean);
}

function row(verdict, metrics) {
  const { evidence } = verdict;
  const metric = metrics.get(evidence.metric);
  const unit = evidence.unit || (metric ? metric.unit : "");
  const shown = evidence.value === null ? "" : `${metricName(metrics, evidence.metric)} ${quantity(evidence.value, unit)}`;
  const range = evidence.value === null ? "" : normal(evidence.normal_low, evidence.normal_high, unit);
  return element(
    "tr",
    { "data-state": verdict.state },
    element("th", { scope: "row" }, capitalised(verdict.label)),
    element("td", { class: "state" }, icon(verdict.state), element("span", { class: "word" }, WORDS[verdict.state])),
    element("td", {}, capitalised(bareReason(verdict.reason, evidence))),
    element("td", {}, shown, range ? element("span", { class: "normal-range" }, ` ${range}`) : null),
  );
}

function facts(camera) {
  const { counters, plan } = camera;
  const pairs = [
    ["Address", camera.address],
    ["Site and group", [camera.site, camera.group].filter(Boolean).join(", ") || "none"],
    ["Connection", camera.connection || "not known"],
    ["Stream", counters ? `${counters.width} × ${counters.height} ${counters.codec}, ${camera.fps === null ? "–" : number(camera.fps)} fps, ${bitrate(camera.bitrate_bps)}` : "not known"],
    ["Key frames", counters && counters.gop_s !== null ? `every ${quantity(counters.gop_s, "s")}` : "not known"],
    ["Frames", counters ? `${counters.frames_offered.toLocaleString("en")} offered, ${counters.frames_dropped} dropped, ${counters.corrupt_frames} corrupt` : "not known"],
    ["Reconnects, decode errors", counters ? `${counters.reconnects}, ${counters.decode_errors}` : "not known"],
    ["Plan", plan.mode === "patrol" ? `patrol: ${plan.judge_s} s every ${plan.every_s} s` : `${plan.mode}, a frame every ${plan.interval_s} s`],
    ["Light", camera.mode || "not known"],
    ["References", camera.references.map((each) => `${each.mode}: ${each.state}${each.reason ? ` (${each.reason})` : ""}`).join("; ") || "none yet"],
    ["View accepted", camera.accepted_at ? `${moment(camera.accepted_at)} by ${camera.accepted_by}` : "never"],
  ];
  return pairs.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

async function showCharts(mine) {
  const metrics = [...mine.state.metrics.values()];
  if (!metrics.length) return;
  const until = new Date(mine.state.now());
  const query = new URLSearchParams({
    since: new Date(until - 3600 * 1000).toISOString(), until: until.toISOString(), points: 150,
  });
  metrics.forEach((metric) => query.append("metric", metric.key));
  const answer = await asked(`/api/v1/cameras/${encodeURIComponent(mine.name)}/scores?${query}`);
  mine.camera ||= await asked(`/api/v1/cameras/${encodeURIComponent(mine.name)}`);
  const reference = mine.camera.references.find((each) => each.mode === mine.camera.mode);
  if (mine.ended) return;
  const measured = metrics.filter((metric) => answer.series[metric.key].length);
  mine.parts.charts.replaceChildren(...measured.map((metric) => panel(metric, answer, reference, age(mine, metric))));
  if (!measured.length) mine.parts.charts.replaceChildren(element("p", { class: "quietly" }, "No scores in this time."));
}

/** How long ago a score was measured that is not measured in every picture, or nothing. */
function age(mine, metric) {
  const at = mine.latest && mine.latest.measured_at[metric.key];
  return at ? ` ${duration((mine.state.now() - Date.parse(at)) / 1000)} ago` : "";
}

function panel(metric, answer, reference, measured) {
  const points = answer.series[metric.key];
  const range = reference ? reference.normal[metric.key] || null : null;
  return element(
    "figure",
    { class: "panel" },
    element("figcaption", {},
      element("span", {}, `${capitalised(metric.label)}${measured}`),
      element("strong", {}, quantity(points[points.length - 1].mean, metric.unit))),
    chart({ since: answer.since, until: answer.until, points }, metric, { width: 240, height: 56, normal: range }),
  );
}
