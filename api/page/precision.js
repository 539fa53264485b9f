// How often alarms are right here, as people answered, and the sensitivities that follow from it.

import { ask, send } from "./acts.js";
import { capitalised, element } from "./format.js";
import { t } from "./texts.js";

/** Show both in `place`; a proposal is applied only when somebody says so. */
export async function showPrecision(place) {
  const [precision, proposals] = await Promise.all([send("GET", "/api/v1/alarm-precision"), send("GET", "/api/v1/sensitivity-proposals")]);
  const { data, error } = precision;
  const percent = (share) => Math.round(100 * share);
  const rows = error ? [] : data.faults.map((each) => element("tr", {},
    element("th", { scope: "row" }, capitalised(each.label)),
    element("td", {}, t("precision.line", { right: each.right, wrong: each.wrong, new: each.new_normal })),
    element("td", {}, each.precision === null ? "" : t("precision.share", { share: percent(each.precision), low: percent(each.low), high: percent(each.high) }))));
  const parts = [element("h2", {}, t("precision.title"))];
  if (error) parts.push(element("p", { class: "problem" }, error));
  else if (!rows.length) parts.push(element("p", { class: "quietly" }, t("precision.none")));
  else parts.push(element("table", {}, element("tbody", {}, ...rows)), element("p", { class: "quietly" }, t("precision.unanswered", { n: data.unanswered })));
  const proposed = proposals.data || [];
  if (proposed.length) parts.push(element("h2", {}, t("proposal.title")), element("ul", { class: "proposals" }, ...proposed.map((each) => proposal(place, each))));
  place.replaceChildren(...parts);
}

function proposal(place, each) {
  const values = { camera: each.camera, fault: each.label, wrong: each.wrong, right: each.right, from: each.sensitivity, to: each.proposed };
  const apply = async () => {
    const done = await ask({
      title: t("proposal.applyTitle", values),
      submit: t("proposal.apply"),
      act: async ({ by }) => {
        const body = { by, camera: each.camera, fault: each.fault, proposed: each.proposed };
        return (await send("POST", "/api/v1/sensitivity-proposals/apply", body)).error || "";
      },
    });
    if (done) showPrecision(place);
  };
  return element("li", {}, t("proposal.text", values), " ", element("button", { type: "button", class: "take", "data-needs": "admin", click: apply }, t("proposal.apply")));
}
