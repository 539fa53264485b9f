// Filters of the wall that somebody named and kept in this browser; each is an address that can be sent to others too.

import { element } from "./format.js";
import { t } from "./texts.js";

const KEY = "sightline.filters";
const MOST = 30;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each.name === "string" && typeof each.query === "string") : [];
  } catch {
    return [];
  }
}

/** A folded list of saved filters, with a line to save the present one. */
export function savedFilters() {
  const name = element("input", { required: true, maxlength: "60", autocomplete: "off", "aria-label": t("filters.name"), placeholder: t("filters.name") });
  const list = element("ul");
  const form = element("form", { submit: (event) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (!wanted) return;
    write([{ name: wanted, query: location.search }, ...kept().filter((each) => each.name !== wanted)].slice(0, MOST));
    name.value = "";
  } }, name, element("button", { type: "submit", class: "quiet" }, t("filters.save")));

  function write(filters) {
    localStorage.setItem(KEY, JSON.stringify(filters));
    show();
  }

  function show() {
    list.replaceChildren(...kept().map((each) => element("li", {},
      element("a", { href: `/${each.query.startsWith("?") ? each.query : ""}` }, each.name),
      element("button", { type: "button", class: "quiet", "aria-label": t("filters.remove", { name: each.name }), click: () => write(kept().filter((other) => other.name !== each.name)) }, "×"))));
  }

  show();
  return element("details", { class: "wall-fold saved" }, element("summary", {}, t("filters.title")), list, form);
}
