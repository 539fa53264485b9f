// One card a camera. A card is made again when its camera changes; only ages tick between.

import { bareReason, capitalised, duration, element, icon, metricName, normal, number, quantity } from "./format.js";
import { cameraAddress } from "./router.js";
import { t } from "./texts.js";

const OLD_FRAME_S = 10;

function measured(camera, metrics) {
  const evidence = camera.evidence;
  if (!evidence || !evidence.metric || evidence.value === null) return null;
  const metric = metrics.get(evidence.metric);
  const unit = evidence.unit || (metric ? metric.unit : "");
  return element(
    "p",
    { class: "measured" },
    element("span", { class: "metric" }, metricName(metrics, evidence.metric)),
    " ",
    element("strong", {}, quantity(evidence.value, unit)),
    " ",
    element("span", { class: "normal-range" }, normal(evidence.normal_low, evidence.normal_high, unit)),
  );
}

function coverage(checks) {
  const share = checks.of ? (100 * checks.done) / checks.of : 0;
  const bar = element(
    "svg:svg",
    { class: "coverage", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    element("svg:rect", { class: "all", width: 100, height: 4, rx: 2 }),
    element("svg:rect", { class: "done", width: share, height: 4, rx: 2 }),
  );
  const title = checks.waiting.map((waiting) => `${waiting.count}: ${waiting.reason}`).join("\n");
  return element("p", { class: "checks", title }, bar, element("span", {}, `Checks: ${checks.text}`));
}

function findingOf(camera, metrics) {
  if (!camera.headline) return camera.reason ? element("p", { class: "reason" }, capitalised(camera.reason)) : null;
  const symptoms = camera.symptoms.map((symptom) => symptom.label);
  return [
    element("p", { class: "headline" }, capitalised(camera.headline.label)),
    element("p", { class: "reason" }, capitalised(bareReason(camera.reason, camera.evidence))),
    measured(camera, metrics),
    symptoms.length ? element("p", { class: "symptoms" }, `also: ${symptoms.join(", ")}`) : null,
  ];
}

/** Build a camera's card, which leads to the camera's page. */
export function card(camera, metrics) {
  const isOff = camera.state === "off";
  const facts = element(
    "p",
    { class: "facts" },
    isOff ? null : element("span", { class: "age", "data-at": camera.last_frame_at }),
    camera.fps !== null ? element("span", {}, `${number(camera.fps)}\u202ffps`) : null,
    camera.mode ? element("span", {}, camera.mode) : null,
    camera.group ? element("span", { class: "group" }, camera.group) : null,
  );
  const word = camera.severity === "info" ? "Note" : camera.state_word;
  const taken = camera.acknowledged_by ? element("p", { class: "taken" }, `Taken by ${camera.acknowledged_by}`) : null;
  return element(
    "article",
    {
      class: "card", "data-name": camera.name, "data-state": camera.state, "data-severity": camera.severity,
      "aria-label": `${camera.name}: ${word}`,
    },
    element(
      "header",
      {},
      element("h3", {}, element("a", { href: cameraAddress(camera.name) }, camera.name)),
      element("p", { class: "state" }, icon(camera.state), element("span", { class: "word" }, word)),
    ),
    element("div", { class: "finding" }, findingOf(camera, metrics), taken),
    element("div", { class: "spark", "data-spark": camera.name, hidden: isOff }),
    element("footer", {}, facts, isOff ? null : coverage(camera.checks)),
  );
}

/** Write how old each last frame is; `now` is the server's time in milliseconds. */
export function tickAges(root, now) {
  for (const age of root.querySelectorAll(".age")) {
    const at = age.dataset.at ? Date.parse(age.dataset.at) : null;
    const seconds = at === null ? null : (now - at) / 1000;
    const inTable = age.tagName === "TD";
    age.textContent = seconds === null ? t(inTable ? "frame.notKnownShort" : "frame.notKnown") : t(inTable ? "frame.agoShort" : "frame.ago", { time: duration(seconds) });
    age.classList.toggle("old", seconds === null || seconds > OLD_FRAME_S);
  }
}
