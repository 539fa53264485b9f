// The fields of a camera's settings, and what of them was changed.

import { choice, labelled } from "./acts.js";
import { capitalised, element } from "./format.js";
import { t } from "./texts.js";

const FLAGS = [["enabled", "edit.enabled"], ["ptz", "edit.ptz"], ["lit_at_night", "edit.lit"], ["analogue", "edit.analogue"]];
const PLANS = ["auto", "key_frames", "interval", "all", "patrol"];
const SECONDS = [["interval_s", "edit.interval"], ["judge_s", "edit.judge"], ["every_s", "edit.every"]];

/** What a new camera has before anything is chosen; `faults` come from the catalogue. */
export function blank(faults) {
  return {
    address: "", site: "", group: "", tags: [], enabled: true, transport: "tcp", ptz: false, lit_at_night: false, analogue: false, masks: [],
    plan: { mode: "auto", interval_s: 1, judge_s: 10, every_s: 300 },
    faults: faults.map((each) => ({ fault: each.fault, label: each.label, enabled: true, sensitivity: 5, adjustable: each.adjustable })),
  };
}

export function whereFields(settings, isNew) {
  const text = (name, label, attributes) => labelled(label, element("input", { name, value: settings[name], autocomplete: "off", ...attributes }));
  return element("fieldset", {},
    element("legend", {}, t("edit.where")),
    isNew ? labelled(t("edit.name"), element("input", { name: "name", required: true, maxlength: 120, autocomplete: "off" })) : null,
    text("address", t("edit.address"), { required: true, spellcheck: "false" }),
    element("p", { class: "quietly" }, isNew || !settings.address.includes("***") ? t("edit.addressHow") : t("edit.addressKeep")),
    element("div", { class: "fields" },
      labelled(t("edit.transport"), choice({ name: "transport" }, [["tcp", "TCP"], ["udp", "UDP"]], settings.transport)),
      text("site", t("edit.site"), { maxlength: 120, list: "known-sites" }),
      text("group", t("edit.group"), { maxlength: 120 })),
    labelled(t("edit.tags"), element("input", { name: "tags", value: settings.tags.join(", "), autocomplete: "off", maxlength: 500 })));
}

export function howFields(settings) {
  const seconds = SECONDS.map(([name, label]) => labelled(t(label), element("input", { type: "number", name, min: 0.1, max: 86400, step: "any", required: true, value: settings.plan[name] })));
  return element("fieldset", {},
    element("legend", {}, t("edit.how")),
    ...FLAGS.map(([name, label]) => element("label", { class: "flag" }, element("input", { type: "checkbox", name, checked: settings[name] }), element("span", {}, t(label)))),
    element("div", { class: "fields" },
      labelled(t("edit.plan"), choice({ name: "mode" }, PLANS.map((key) => [key, t(`edit.plan.${key}`)]), settings.plan.mode)), ...seconds));
}

export function faultFields(settings) {
  const row = (each) => element("tr", { "data-fault": each.fault },
    element("td", {}, element("label", { class: "flag" },
      element("input", { type: "checkbox", "data-fault": each.fault, checked: each.enabled, "aria-label": t("edit.judged", { fault: each.label }) }),
      element("span", {}, capitalised(each.label)))),
    element("td", {}, each.adjustable
      ? element("input", { type: "number", min: 1, max: 10, step: 1, required: true, value: each.sensitivity, "data-sensitivity": each.fault, "aria-label": t("edit.sensitivity", { fault: each.label }) })
      : element("span", { class: "quietly" }, t("edit.fixed"))));
  return element("fieldset", { class: "faults" },
    element("legend", {}, t("edit.faults")), element("p", { class: "quietly" }, t("edit.faultsHow")),
    element("table", {}, element("tbody", {}, ...settings.faults.map(row))));
}

/** What differs from `settings`, as the API takes it. */
export function changes(form, settings, masks) {
  const found = {};
  for (const name of ["address", "site", "group", "transport"]) {
    const value = form.elements[name].value.trim();
    if (value !== settings[name]) found[name] = value;
  }
  const tags = [...new Set(form.elements.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean))];
  if (JSON.stringify(tags) !== JSON.stringify(settings.tags)) found.tags = tags;
  for (const [name] of FLAGS) if (form.elements[name].checked !== settings[name]) found[name] = form.elements[name].checked;
  const plan = { mode: form.elements.mode.value, ...Object.fromEntries(SECONDS.map(([name]) => [name, Number(form.elements[name].value)])) };
  if (["mode", "interval_s", "judge_s", "every_s"].some((name) => plan[name] !== settings.plan[name])) found.plan = plan;
  if (JSON.stringify(masks) !== JSON.stringify(settings.masks)) found.masks = masks;
  const faults = {};
  for (const each of settings.faults) {
    const enabled = form.querySelector(`input[type=checkbox][data-fault="${each.fault}"]`).checked;
    const field = form.querySelector(`[data-sensitivity="${each.fault}"]`);
    const sensitivity = field ? Number(field.value) : each.sensitivity;
    if (enabled !== each.enabled || sensitivity !== each.sensitivity) faults[each.fault] = { enabled, sensitivity };
  }
  if (Object.keys(faults).length) found.faults = faults;
  return found;
}
