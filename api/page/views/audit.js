// The audit: who changed, exported and looked at what, and who signed in. It is only read.

import { send } from "../acts.js";
import { element, fullTime } from "../format.js";
import { noteQuery, setTitle } from "../router.js";
import { t } from "../texts.js";

const FIELDS = ["by", "action", "camera"];
const COLUMNS = ["at", "by", "via", "client", "action", "subject", "detail"];
const PAGE = 100;

export function open(container, params) {
  setTitle(t("nav.audit"));
  const inputs = FIELDS.map((name) => element("input", { name, value: params.query.get(name) || "", maxlength: 200, autocomplete: "off" }));
  const rows = element("tbody");
  const said = element("p", { class: "quietly", role: "status" });
  const more = element("button", { type: "button", class: "quiet", hidden: true, click: () => load() }, t("audit.more"));
  const file = element("a", { class: "take", download: "" }, t("audit.download"));
  const form = element("form", { class: "report-form", submit: (event) => { event.preventDefault(); restart(); } },
    element("div", { class: "fields" }, ...inputs.map((input, i) => element("label", {}, t(`audit.${FIELDS[i]}`), input)),
      element("div", { class: "acts" }, element("button", { type: "submit", class: "take" }, t("audit.show")), file)));
  const head = element("thead", {}, element("tr", {}, ...COLUMNS.map((name) => element("th", { scope: "col" }, t(`audit.${name}`)))));
  const table = element("table", { class: "audit-table" }, head, rows);
  container.append(element("h1", {}, t("nav.audit")), element("p", { class: "quietly" }, t("audit.about")), form,
    table, said, more);
  let last = null;
  let turn = 0;

  function asked() {
    return Object.fromEntries(inputs.filter((input) => input.value.trim()).map((input) => [input.name, input.value.trim()]));
  }

  function restart() {
    turn += 1;
    last = null;
    rows.replaceChildren();
    noteQuery(Object.fromEntries(FIELDS.map((name) => [name, asked()[name] || null])));
    file.setAttribute("href", `/api/v1/audit/export?${new URLSearchParams({ ...asked(), format: "csv" })}`);
    load();
  }

  async function load() {
    const mine = turn;
    const fields = { ...asked(), limit: PAGE, ...(last === null ? {} : { before: last }) };
    const { data, error } = await send("GET", `/api/v1/audit?${new URLSearchParams(fields)}`);
    if (mine !== turn) return;
    table.hidden = !error && !data.length && !rows.children.length;
    said.textContent = error || (data.length || rows.children.length ? "" : t("audit.none"));
    if (error) return;
    rows.append(...data.map(row));
    if (data.length) last = data[data.length - 1].number;
    more.hidden = data.length < PAGE;
  }

  restart();
  return () => {
    turn += 1;
  };
}

function row(line) {
  return element("tr", {}, element("td", {}, element("time", { datetime: line.at }, fullTime(line.at))),
    ...COLUMNS.slice(1).map((name) => element("td", line[name] ? { "data-name": t(`audit.${name}`) } : {}, line[name])));
}
