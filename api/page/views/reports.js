// Reports: choose a period and what it is about, and download it.

import { element } from "../format.js";
import { noteQuery, setTitle } from "../router.js";
import { t } from "../texts.js";

const PERIODS = ["last-week", "this-week", "last-month", "this-month", "last-year", "this-year", "yesterday", "today"];
const FORMATS = ["html", "pdf", "csv", "json"];

export function open(container, params, state) {
  setTitle(t("nav.reports"));
  const query = params.query;
  const choice = (id, label, options, value) => {
    const select = element("select", { id }, ...options.map(([key, text]) => element("option", { value: key }, text)));
    if (options.some(([key]) => key === value)) select.value = value;
    return { select, whole: element("label", {}, label, select) };
  };
  const period = choice("period", t("reports.period"), [...PERIODS.map((key) => [key, t(`reports.${key}`)]), ["days", t("reports.days")]], query.get("from") ? "days" : query.get("period"));
  const day = (id, value) => element("input", { type: "date", id, value: value || "" });
  const from = day("report-from", query.get("from"));
  const to = day("report-to", query.get("to"));
  const days = element("span", { class: "days", hidden: period.select.value !== "days" },
    element("label", {}, t("reports.from"), from), element("label", {}, t("reports.to"), to));
  const scopes = ["site", "group", "camera"].map((name) => ({ name, field: element("select", { id: `report-${name}` }) }));
  const said = element("p", { class: "quietly", role: "status" });
  const buttons = FORMATS.map((format) => element("button", { type: "submit", value: format, class: "download" }, t("reports.download", { format: format.toUpperCase() })));
  const form = element("form", { class: "report-form" },
    element("div", { class: "fields" }, period.whole, days, ...scopes.map(({ name, field }) => element("label", {}, t(`reports.${name}`), field))),
    element("p", { class: "buttons" }, ...buttons), said);
  container.append(element("h1", {}, t("nav.reports")), element("p", { class: "quietly" }, t("reports.about")), form);

  function listScopes() {
    const cameras = [...state.cameras.values()];
    for (const { name, field } of scopes) {
      if (document.activeElement === field) continue;
      const known = [...new Set(cameras.map((camera) => (name === "camera" ? camera.name : camera[name])).filter(Boolean))].sort();
      const value = field.options.length ? field.value : query.get(name) || "";
      if (value && !known.includes(value)) known.unshift(value);
      if (field.options.length === known.length + 1) continue;
      field.replaceChildren(element("option", { value: "" }, t("reports.all")), ...known.map((each) => element("option", { value: each }, each)));
      field.value = value;
    }
  }

  function asked() {
    const fields = { period: period.select.value, site: scopes[0].field.value, group: scopes[1].field.value, camera: scopes[2].field.value };
    if (fields.period !== "days") return fields;
    return { ...fields, period: "", since: from.value, until: to.value };
  }

  function note() {
    const fields = asked();
    days.hidden = period.select.value !== "days";
    from.required = to.required = !days.hidden;
    noteQuery({ period: fields.period, site: fields.site, group: fields.group, camera: fields.camera, from: fields.since, to: fields.until });
  }

  form.addEventListener("change", note);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const format = event.submitter ? event.submitter.value : "html";
    const fields = Object.entries({ ...asked(), format }).filter(([, value]) => value);
    said.className = "quietly";
    said.textContent = t("reports.making");
    buttons.forEach((button) => { button.disabled = true; });
    said.textContent = await download(`/api/v1/reports?${new URLSearchParams(fields)}`, said);
    buttons.forEach((button) => { button.disabled = false; });
  });
  listScopes();
  return state.on("news", listScopes);
}

/** Fetch a report and hand it to the browser as a file; return what to say. */
async function download(address, said) {
  const answer = await fetch(address).catch(() => null);
  if (!answer || !answer.ok) {
    said.className = "problem";
    return answer ? (await answer.json()).error : t("camera.noAnswer");
  }
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
  const url = URL.createObjectURL(await answer.blob());
  const link = element("a", { href: url, download: name ? name[1] : "report" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  return t("reports.done", { name: name ? name[1] : "" });
}
