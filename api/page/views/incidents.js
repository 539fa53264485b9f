// All incidents: filters, both ends of each on a line of time, many taken on at once, and how often alarms are right.

import { ask, choice, labelled, send } from "../acts.js";
import { capitalised, duration, element, icon, moment } from "../format.js";
import { onlyCamera } from "../incidents.js";
import { showPrecision } from "../precision.js";
import { cameraAddress, incidentAddress, noteQuery, setTitle } from "../router.js";
import { t } from "../texts.js";
import { bar, endOf, extent, scale } from "../timeline.js";

const A_PAGE = 50;
const FIELDS = ["state", "fault", "site", "severity", "who", "answer", "from", "to"];

export function open(container, params, state) {
  setTitle(t("nav.incidents"));
  const mine = { state, query: params.query, chosen: new Set(), listed: [], next: null, pages: 1, ended: false };
  const parts = layout(mine);
  mine.parts = parts;
  container.append(element("h1", {}, t("nav.incidents")), parts.form, parts.acts, parts.table, parts.more, parts.precision);
  parts.form.addEventListener("change", () => {
    noteQuery(Object.fromEntries(FIELDS.map((name) => [name, parts.form.elements[name].value.trim()])));
    mine.pages = 1;
    load(mine);
  });
  load(mine);
  showPrecision(parts.precision, state);
  const stops = [
    state.on("news", ({ incidents }) => incidents && load(mine)),
    state.on("metrics", () => fillFaults(mine)),
  ];
  return () => {
    mine.ended = true;
    stops.forEach((stop) => stop());
  };
}

function layout(mine) {
  const { query, state } = mine;
  const any = ["", t("act.none")];
  const options = (...keys) => [any, ...keys.map((key) => [key, t(`incident.${key}`)])];
  const sites = [...new Set([...state.cameras.values()].map((camera) => camera.site).filter(Boolean))].sort();
  const asked = query.get("site");
  if (asked && !sites.includes(asked)) sites.push(asked);
  const select = (name, values) => labelled(t(`incident.${name}`), choice({ name }, values, query.get(name)));
  const input = (name, attributes) => labelled(t(`incident.${name}`), element("input", { name, value: query.get(name) || "", ...attributes }));
  const parts = {
    form: element("form", { class: "filters", role: "search", "aria-label": t("incident.filters"), submit: (event) => event.preventDefault() },
      select("state", options("open", "resolved")),
      select("fault", [any]),
      select("site", [any, ...sites.map((site) => [site, site])]),
      select("severity", options("critical", "warning", "info")),
      select("answer", options("unanswered", "right", "wrong", "new-normal")),
      input("who", { maxlength: 100, autocomplete: "off" }),
      input("from", { type: "date" }),
      input("to", { type: "date" })),
    acts: element("p", { class: "bulk" }),
    table: element("table", { class: "incident-table" }),
    more: element("p", { class: "bulk" }),
    precision: element("section", { class: "precision" }),
  };
  mine.parts = parts;
  fillFaults(mine);
  return parts;
}

function fillFaults(mine) {
  const select = mine.parts.form.elements.fault;
  const value = select.value || mine.query.get("fault") || "";
  const known = [...mine.state.faults.values()].map((each) => [each.fault, capitalised(each.label)]);
  if (value && !known.some(([key]) => key === value)) known.push([value, value]);
  select.replaceChildren(...[["", t("act.none")], ...known].map(([key, text]) => element("option", { value: key }, text)));
  select.value = value;
}

function asked(form, limit) {
  const value = (name) => form.elements[name].value.trim();
  const fields = { state: value("state"), fault: value("fault"), site: value("site"), severity: value("severity"), assigned_to: value("who") };
  const answer = value("answer");
  if (answer === "unanswered") fields.answered = "false";
  else fields.answer = answer;
  if (value("from")) fields.since = new Date(`${value("from")}T00:00`).toISOString();
  if (value("to")) {
    const end = new Date(`${value("to")}T00:00`);
    end.setDate(end.getDate() + 1);
    fields.until = end.toISOString();
  }
  return new URLSearchParams(Object.entries({ ...fields, limit }).filter(([, each]) => each !== ""));
}

async function load(mine) {
  const { parts } = mine;
  const turn = (mine.turn = (mine.turn || 0) + 1);
  const listed = [];
  let next = null;
  for (let page = 0; page < mine.pages && (page === 0 || next); page += 1) {
    const query = asked(parts.form, A_PAGE);
    if (next) query.set("before", next);
    const { data, error } = await send("GET", `/api/v1/incidents?${query}`);
    if (mine.ended || turn !== mine.turn) return;
    if (error) {
      parts.table.replaceChildren(element("tbody", {}, element("tr", {}, element("td", { class: "problem" }, error))));
      return;
    }
    listed.push(...data.incidents);
    next = data.next_before;
  }
  mine.listed = listed;
  mine.next = next;
  show(mine);
}

function show(mine) {
  const { parts, state, listed } = mine;
  const open = new Set(listed.filter(canBeTaken).map((each) => each.incident_id));
  for (const id of mine.chosen) if (!open.has(id)) mine.chosen.delete(id);
  const range = extent(listed, state.now());
  const head = element("thead", {}, element("tr", {},
    element("th", { scope: "col" }, element("span", { class: "unseen" }, t("incident.acknowledge"))),
    ...["what", "camera"].map((key) => element("th", { scope: "col" }, t(`incident.${key}`))),
    element("th", { scope: "col" }, t("incident.time"), listed.length ? scale(range) : null),
    element("th", { scope: "col" }, t("incident.people"))));
  const focused = document.activeElement && document.activeElement.dataset.incident;
  parts.table.replaceChildren(head, element("tbody", {}, ...listed.map((incident) => row(mine, incident, range))));
  if (!listed.length) parts.table.replaceChildren(element("tbody", {}, element("tr", {}, element("td", { class: "empty" }, t("incident.nothing")))));
  if (focused) {
    const again = [...parts.table.querySelectorAll("input")].find((each) => each.dataset.incident === focused);
    if (again) again.focus();
  }
  showActs(mine);
  parts.more.replaceChildren(...(mine.next ? [element("button", { type: "button", class: "quiet", click: () => {
    mine.pages += 1;
    load(mine);
  } }, t("incident.older"))] : []));
}

function canBeTaken(incident) {
  return !incident.acknowledged_by;
}

function row(mine, incident, range) {
  const { state } = mine;
  const open = incident.state === "open";
  const where = onlyCamera(incident) || t("incident.several", { n: incident.members.length });
  const what = capitalised(incident.headline.label);
  const lasted = (endOf(incident, state.now()) - Date.parse(incident.opened_at)) / 1000;
  const people = [
    incident.acknowledged_by ? t("incident.takenBy", { name: incident.acknowledged_by }) : "",
    incident.assigned_to ? t("incident.assignedTo", { name: incident.assigned_to }) : "",
    incident.answer ? t(`incident.${incident.answer}`) : "",
  ].filter(Boolean).join(", ");
  const box = canBeTaken(incident)
    ? element("input", { type: "checkbox", "data-needs": "operator", "data-incident": incident.incident_id, "aria-label": t("incident.choose", { what, camera: where }), change: (event) => {
        if (event.target.checked) mine.chosen.add(incident.incident_id);
        else mine.chosen.delete(incident.incident_id);
        showActs(mine);
      } })
    : null;
  if (box) box.checked = mine.chosen.has(incident.incident_id);
  return element("tr", { "data-severity": incident.severity, "data-open": String(open) },
    element("td", {}, box),
    element("th", { scope: "row" }, icon(open ? "fault" : "ok"), " ", element("a", { class: "name", href: incidentAddress(incident.incident_id) }, what)),
    element("td", {}, onlyCamera(incident) ? element("a", { href: cameraAddress(where) }, where) : where, incident.site ? element("span", { class: "quietly" }, ` ${incident.site}`) : null),
    element("td", { class: "when" }, bar(incident, range, state.now()), element("span", {}, open
      ? t("incident.since", { from: moment(incident.opened_at) })
      : t("incident.span", { from: moment(incident.opened_at), to: moment(incident.resolved_at || incident.updated_at), for: duration(lasted) }))),
    element("td", {}, people));
}

function showActs(mine) {
  const n = mine.chosen.size;
  const said = mine.said ? element("span", { role: "status" }, mine.said) : null;
  mine.parts.acts.replaceChildren(...[n ? element("button", { type: "button", class: "take", "data-needs": "operator", id: "acknowledge-chosen", click: () => takeChosen(mine) }, t("incident.chosen", { n })) : null, said].filter(Boolean));
}

async function takeChosen(mine) {
  const ids = [...mine.chosen].slice(0, 100);
  const done = await ask({
    title: t("incident.acknowledgeMany", { n: ids.length }),
    fields: [{ name: "reason", label: t("incident.reason") }],
    submit: t("incident.acknowledge"),
    act: async (values) => {
      const { data, error } = await send("POST", "/api/v1/incidents/acknowledge", { ...values, incident_ids: ids });
      if (error) return error;
      const others = data.conflicts.map((each) => each.acknowledged_by);
      mine.said = others.length ? t("incident.conflicts", { n: others.length, who: [...new Set(others)].join(", ") }) : "";
      return "";
    },
  });
  if (!done) return;
  mine.chosen.clear();
  load(mine);
}
