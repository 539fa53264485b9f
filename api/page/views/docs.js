// The reference of the API, read from the description that the server gives out: no file of anybody else is needed.

import { send } from "../acts.js";
import { element } from "../format.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";

const DEEPEST = 3;

export function open(container) {
  setTitle(t("nav.docs"));
  const list = element("div", { class: "api-reference" });
  const said = element("p", { class: "quietly", role: "status" });
  const find = element("input", { type: "search", name: "find", maxlength: 100, autocomplete: "off", input: () => filter(list, said, find.value) });
  container.append(element("h1", {}, t("nav.docs")), element("p", {}, t("docs.about"), " ",
    element("a", { href: "/api/v1/openapi.json" }, "/api/v1/openapi.json")),
    element("label", { class: "find" }, t("docs.find"), find), said, list);
  let ended = false;
  send("GET", "/api/v1/openapi.json").then(({ data, error }) => {
    if (ended) return;
    said.textContent = error || "";
    if (!error) list.append(...sections(data));
  });
  return () => {
    ended = true;
  };
}

function sections(document) {
  const byTag = new Map();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = (operation.tags || ["other"])[0];
      byTag.set(tag, [...(byTag.get(tag) || []), endpoint(method.toUpperCase(), path, operation, document)]);
    }
  }
  return [...byTag.entries()].sort().map(([tag, found]) => element("section", {}, element("h2", {}, tag), ...found));
}

function endpoint(method, path, operation, document) {
  const role = operation["x-least-role"];
  const parameters = (operation.parameters || []).map((each) => [each.name, each.in, typeOf(each.schema, document), each.required ? t("docs.yes") : "", each.description || ""]);
  return element("details", { class: "endpoint", "data-find": `${method} ${path} ${operation.description || ""}`.toLowerCase() },
    element("summary", {}, element("code", {}, `${method} ${path}`), " ", element("span", { class: "quietly" }, role ? t(role === "admin" ? "docs.admin" : "docs.role", { role }) : "")),
    element("p", {}, operation.description || ""),
    parameters.length ? table([t("docs.parameter"), t("docs.in"), t("docs.type"), t("docs.required"), t("docs.meaning")], parameters) : null,
    part(t("docs.body"), schemaOf(operation.requestBody), document),
    part(t("docs.answer"), schemaOf((operation.responses || {})["200"]), document));
}

function part(title, schema, document) {
  if (!schema) return null;
  const rows = [...fields(schema, document, "", 0)];
  return element("div", {}, element("h3", {}, title), rows.length ? table([t("docs.field"), t("docs.type")], rows) : element("p", {}, typeOf(schema, document)));
}

function table(heads, rows) {
  return element("div", { class: "scrolls", tabindex: "0" }, element("table", { class: "facts-table" },
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, i) => element("td", {}, i ? cell : element("code", {}, cell))))))));
}

function schemaOf(content) {
  return (((content || {}).content || {})["application/json"] || {}).schema || null;
}

function resolve(schema, document) {
  return schema.$ref ? document.components.schemas[schema.$ref.split("/").pop()] || {} : schema;
}

/** Each field of an object with its type; `cameras[].name` is a field of each entry of a list. */
function* fields(schema, document, path, depth) {
  const found = resolve(schema, document);
  for (const choice of found.anyOf || []) yield* fields(choice, document, path, depth);
  if (found.items) yield* fields(found.items, document, `${path}[]`, depth);
  for (const [name, field] of Object.entries(found.properties || {})) {
    const where = path ? `${path}.${name}` : name;
    yield [where, typeOf(field, document)];
    if (depth < DEEPEST) yield* fields(field, document, where, depth + 1);
  }
}

function typeOf(schema, document) {
  const found = resolve(schema || {}, document);
  if (found.anyOf) return found.anyOf.map((choice) => typeOf(choice, document)).join(" | ");
  if (found.enum) return found.enum.join(" | ");
  if (found.const !== undefined) return String(found.const);
  if (found.items) return `[${typeOf(found.items, document)}]`;
  return found.format === "date-time" ? "time" : found.type || "any";
}

function filter(list, said, text) {
  const wanted = text.trim().toLowerCase();
  let shown = 0;
  for (const each of list.querySelectorAll(".endpoint")) {
    each.hidden = !each.dataset.find.includes(wanted);
    shown += each.hidden ? 0 : 1;
  }
  for (const section of list.children) section.hidden = !section.querySelector(".endpoint:not([hidden])");
  said.textContent = wanted ? t("docs.found", { n: shown }) : "";
}
