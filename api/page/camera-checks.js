// Every check of a camera with its answer; below each, folded away, the numbers that decide it.

import { bareReason, capitalised, duration, element, icon, metricName, normal, quantity } from "./format.js";
import { t } from "./texts.js";

const RANK = { fault: 0, not_assessable: 1, ok: 2 };

/** Keep a list of checks in `place`. Its `show(camera, latest, state)` writes what is known now and keeps open what is open. */
export function checkList(place) {
  const rows = new Map();
  return { show: (camera, latest, state) => showChecks(place, rows, camera, latest, state) };
}

function showChecks(place, rows, camera, latest, state) {
  const verdicts = [...latest.verdicts].sort((a, b) => RANK[a.state] - RANK[b.state]);
  const normals = normalOf(camera, latest.mode || camera.mode);
  const shown = verdicts.map((verdict) => {
    const keys = ((state.faults.get(verdict.fault) || {}).metrics || []).filter((key) => key in latest.scores);
    return filled(rows, verdict.fault, heading(verdict, state.metrics), numbers(keys, latest, normals, state));
  });
  const decided = new Set([...state.faults.values()].flatMap((fault) => fault.metrics));
  const others = Object.keys(latest.scores).filter((key) => !decided.has(key) && state.metrics.has(key));
  if (others.length) shown.push(filled(rows, "", [element("span", { class: "check" }, t("checks.others"))], numbers(others, latest, normals, state)));
  shown.forEach((row, i) => {
    if (place.children[i] !== row) place.insertBefore(row, place.children[i] || null);
  });
  while (place.children.length > shown.length) place.lastElementChild.remove();
}

function filled(rows, key, heading, content) {
  if (!rows.has(key)) rows.set(key, element("details", { class: "check-row", "data-fault": key }, element("summary"), element("div", { class: "numbers" })));
  const row = rows.get(key);
  row.firstElementChild.replaceChildren(...heading);
  row.lastElementChild.replaceChildren(...(content.length ? content : [element("p", { class: "quietly" }, t("checks.noNumbers"))]));
  return row;
}

function heading(verdict, metrics) {
  const { evidence } = verdict;
  const metric = metrics.get(evidence.metric);
  const unit = evidence.unit || (metric ? metric.unit : "");
  const value = evidence.value === null ? "" : `${metricName(metrics, evidence.metric)} ${quantity(evidence.value, unit)}`;
  return [
    element("span", { class: "check" }, capitalised(verdict.label)),
    element("span", { class: "state", "data-state": verdict.state }, icon(verdict.state), element("span", { class: "word" }, t(`state.${verdict.state}`))),
    element("span", { class: "because" }, capitalised(bareReason(verdict.reason, evidence))),
    element("span", { class: "value" }, value, " ", value ? element("span", { class: "normal-range" }, normal(evidence.normal_low, evidence.normal_high, unit)) : null),
  ];
}

function normalOf(camera, mode) {
  const reference = camera.references.find((each) => each.mode === mode);
  return reference ? reference.normal : {};
}

function numbers(keys, latest, normals, state) {
  return keys.map((key) => {
    const metric = state.metrics.get(key);
    const unit = metric ? metric.unit : "";
    const at = latest.measured_at[key];
    const range = normals[key] ? t("checks.usual", { low: quantity(normals[key][0], unit), high: quantity(normals[key][1], unit) }) : "";
    return element("p", {}, element("span", {}, metricName(state.metrics, key)), " ", element("strong", {}, quantity(latest.scores[key], unit)),
      range ? element("span", { class: "normal-range" }, ` ${range}`) : null,
      at ? element("span", { class: "quietly" }, ` ${t("checks.ago", { ago: duration((state.now() - Date.parse(at)) / 1000) })}`) : null);
  });
}
