// The verdict of a camera's page: what is wrong, why, the number with what is normal, since when, and what to do.

import { advice } from "./advice.js";
import { bareReason, capitalised, duration, element, fullTime, icon, metricName, normal, quantity } from "./format.js";
import { incidentAddress } from "./router.js";
import { t } from "./texts.js";

/** Build what is said first about a camera at `now` (ms). */
export function verdict(camera, metrics, now) {
  const { evidence } = camera;
  const metric = evidence && evidence.metric ? metrics.get(evidence.metric) : null;
  const unit = (evidence && evidence.unit) || (metric ? metric.unit : "");
  const toDo = advice(camera);
  const symptoms = camera.symptoms.map((symptom) => symptom.label).join(", ");
  return [
    element("p", { class: "state", "data-state": camera.state, "data-severity": camera.severity }, icon(camera.state), element("span", { class: "word" }, camera.state_word)),
    camera.headline ? element("p", { class: "headline" }, capitalised(camera.headline.label)) : null,
    camera.reason ? element("p", { class: "why" }, capitalised(bareReason(camera.reason, evidence))) : null,
    evidence && evidence.metric && evidence.value !== null
      ? element("p", { class: "measured" }, metricName(metrics, evidence.metric), " ", element("strong", {}, quantity(evidence.value, unit)), " ",
          element("span", { class: "normal-range" }, normal(evidence.normal_low, evidence.normal_high, unit)))
      : null,
    camera.since ? element("p", { class: "since" }, t("camera.since", { time: fullTime(camera.since), for: duration((now - Date.parse(camera.since)) / 1000) })) : null,
    symptoms ? element("p", { class: "symptoms" }, t("camera.symptoms", { symptoms })) : null,
    toDo ? element("p", { class: "advice" }, element("strong", {}, t("camera.toDo")), ` ${toDo}`) : null,
    camera.acknowledged_by ? element("p", { class: "taken" }, t("camera.taken", { by: camera.acknowledged_by })) : null,
    camera.incident_id ? element("p", {}, element("a", { href: incidentAddress(camera.incident_id) }, t("camera.incident"))) : null,
    element("p", { class: "quietly" }, t("camera.checks", { text: camera.checks.text })),
  ].filter(Boolean);
}
