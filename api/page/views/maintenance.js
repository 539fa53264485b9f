// Planned work: what is announced now and for the next weeks, and what recurs by the clock of a site.

import { ask, choice, labelled, nameField, send } from "../acts.js";
import { capitalised, element, fullTime } from "../format.js";
import { setTitle } from "../router.js";
import { forgetTyping, showProblem } from "../signed-out.js";
import { t } from "../texts.js";

const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const PATH = "/api/v1/maintenance";

export function open(container, params, state) {
  setTitle(t("nav.maintenance"));
  const mine = { ended: false, said: quietly(), none: quietly(), recurring: element("tbody"), windows: element("tbody") };
  container.append(element("div", { class: "maintenance" }, element("h1", {}, t("nav.maintenance")), element("p", { class: "quietly" }, t("work.about")),
    element("h2", {}, t("work.recurring")), table(["work.for", "work.when", "work.reason", "work.by"], mine.recurring), mine.none,
    form(mine, state),
    element("h2", {}, t("work.windows")), table(["work.for", "work.since", "work.until", "work.reason", "work.by"], mine.windows), mine.said));
  load(mine);
  return () => {
    mine.ended = true;
  };
}

function quietly() {
  return element("p", { class: "quietly", role: "status" });
}

function table(heads, body) {
  const cells = heads.map((key) => element("th", { scope: "col" }, t(key)));
  return element("table", { class: "incident-table maintenance-table" }, element("thead", {}, element("tr", {}, ...cells, element("td", {}))), body);
}

async function load(mine) {
  const [recurring, windows] = await Promise.all([send("GET", `${PATH}/schedules`), send("GET", PATH)]);
  if (mine.ended) return;
  mine.said.textContent = capitalised(recurring.error || windows.error || (windows.data.length ? "" : t("work.none")));
  if (mine.said.textContent && (recurring.error || windows.error)) return;
  mine.none.textContent = recurring.data.length ? "" : t("work.noneRecurs");
  mine.recurring.replaceChildren(...recurring.data.map((each) => row([place(each), when(each), each.reason, each.by], mine, `${PATH}/schedules/${encodeURIComponent(each.id)}/end`, place(each))));
  mine.windows.replaceChildren(...windows.data.map((each) => row([place(each), fullTime(each.since), fullTime(each.until), each.reason, each.by], mine, `${PATH}/${encodeURIComponent(each.id)}/end`, place(each))));
}

function row(cells, mine, path, what) {
  const end = async () => {
    const done = await ask({ title: t("work.end"), what, submit: t("work.end"), act: async ({ by }) => (await send("POST", path, { by })).error || "" });
    if (done) load(mine);
  };
  return element("tr", {}, ...cells.map((text) => element("td", {}, text)),
    element("td", {}, element("button", { type: "button", class: "quiet", "data-needs": "operator", click: end, "aria-label": `${t("work.end")}: ${what}` }, t("work.end"))));
}

function place(each) {
  const parts = [each.camera, each.site, each.group].filter(Boolean);
  return parts.length ? parts.join(", ") : t("work.everywhere");
}

function when(each) {
  const weekly = /^FREQ=WEEKLY;BYDAY=([A-Z,]+)$/.exec(each.rule);
  const rule = weekly ? weekly[1].split(",").map((day) => t(`day.${day}`)).join(", ") : each.rule;
  return t("work.recurs", { rule, time: each.first.slice(11, 16), minutes: each.minutes, zone: each.zone });
}

function form(mine, state) {
  const sites = [...new Set([...state.cameras.values()].map((camera) => camera.site).filter(Boolean))].sort();
  const site = choice({ name: "site" }, [["", t("work.everywhere")], ...sites.map((name) => [name, name])]);
  const camera = element("input", { name: "camera", maxlength: 200, autocomplete: "off" });
  const days = DAYS.map((day) => element("label", { class: "flag" }, element("input", { type: "checkbox", name: "day", value: day }), t(`day.${day}`)));
  const first = element("input", { type: "date", name: "date", required: true });
  const time = element("input", { type: "time", name: "time", required: true });
  const minutes = element("input", { type: "number", name: "minutes", min: 1, max: 44640, value: 120, required: true });
  const reason = element("input", { name: "reason", maxlength: 500, autocomplete: "off" });
  const by = nameField();
  const problem = element("p", { class: "problem", role: "alert" });
  const plan = async (event) => {
    event.preventDefault();
    const chosen = [...event.target.querySelectorAll("[name=day]:checked")].map((box) => box.value);
    problem.textContent = chosen.length ? "" : t("work.chooseDay");
    if (!chosen.length) return;
    const { error } = await send("POST", `${PATH}/schedules`, {
      by: by.value.trim(), first: `${first.value}T${time.value}`, minutes: Number(minutes.value), rule: `FREQ=WEEKLY;BYDAY=${chosen.join(",")}`,
      site: site.value, camera: camera.value.trim(), reason: reason.value.trim(),
    });
    showProblem(problem, error || "");
    if (error) return;
    forgetTyping();
    load(mine);
  };
  return element("details", { class: "changes", id: "plan-maintenance", "data-needs": "operator" }, element("summary", {}, t("work.add")),
    element("form", { class: "edit", submit: plan },
      element("fieldset", {}, element("legend", {}, t("work.where")), element("div", { class: "fields" }, labelled(t("work.site"), site), labelled(t("work.camera"), camera))),
      element("fieldset", {}, element("legend", {}, t("work.when")), element("div", { class: "fields" }, ...days),
        element("div", { class: "fields" }, labelled(t("work.first"), first), labelled(t("work.at"), time), labelled(t("work.minutes"), minutes))),
      element("fieldset", {}, element("legend", {}, t("work.why")), element("div", { class: "fields" }, labelled(t("work.reason"), reason), labelled(t("act.name"), by)),
        problem, element("div", { class: "acts" }, element("button", { type: "submit", class: "take" }, t("work.plan"))))));
}
