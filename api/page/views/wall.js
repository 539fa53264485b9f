// The wall: every camera by site, worst first, what is open, and what to look for.

import { tickAges } from "../cards.js";
import { capitalised, element } from "../format.js";
import { askToTake, showIncidents } from "../incidents.js";
import { kioskLink } from "../kiosk-link.js";
import { noteQuery } from "../router.js";
import { refreshSparks, watchSparks } from "../sparks.js";
import { standoutSection, watchStandouts } from "../standouts.js";
import { t } from "../texts.js";
import { cardWall } from "../wall-cards.js";
import { savedFilters } from "../wall-filters.js";
import { gridWall } from "../wall-grid.js";
import { wallKeys } from "../wall-keys.js";
import { MANY, STATES, bySite, folding, tally } from "../wall-sites.js";
import { tableWall } from "../wall-table.js";

const LAYOUTS = { cards: cardWall, table: tableWall, grid: gridWall };
const SPANS = [["600", "10 minutes"], ["3600", "1 hour"], ["86400", "24 hours"]];

export function open(container, params, state) {
  const only = new Set((params.query.get("state") || "").split(",").filter((each) => STATES.includes(each)));
  let site = params.query.get("site");
  let tag = params.query.get("tag");
  let asked = params.query.get("view");
  let layout = null;
  const folds = folding();
  const parts = build(params.query.get("find") || "", kioskLink(() => site));
  container.append(...parts.all);
  const choice = {
    metrics: state.metrics,
    now: state.now,
    span: () => Number(parts.span.value),
    metric: () => state.metrics.get(parts.metric.value),
  };

  function isWanted(camera) {
    if (only.size && !only.has(camera.state)) return false;
    if (site !== null && camera.site !== site) return false;
    if (tag !== null && !camera.tags.includes(tag)) return false;
    const text = parts.find.value.trim().toLowerCase();
    return !text || [camera.name, camera.site, camera.group, ...camera.tags].some((each) => each.toLowerCase().includes(text));
  }

  function useLayout() {
    const wanted = asked in LAYOUTS ? asked : state.order.length > MANY ? "table" : "cards";
    if (layout && layout.name === wanted) return;
    if (layout) layout.made.close();
    parts.cameras.replaceChildren();
    layout = { name: wanted, made: LAYOUTS[wanted](parts.cameras, { metrics: state.metrics, folds }) };
    for (const button of parts.views) button.setAttribute("aria-pressed", String(button.dataset.view === wanted));
    parts.chart.hidden = wanted !== "cards";
  }

  function show() {
    if (!state.heard()) return;
    const listed = state.order.map((name) => state.cameras.get(name)).filter((camera) => camera && isWanted(camera));
    const isFiltered = only.size > 0 || site !== null || tag !== null || parts.find.value.trim() !== "";
    parts.empty.hidden = listed.length > 0;
    if (!listed.length) parts.empty.textContent = state.order.length ? t("wall.noMatch") : t("wall.noCameras");
    useLayout();
    layout.made.show(listed, listed.length > MANY && !isFiltered);
    showCounts();
    showSites();
    showTags();
    tickAges(container, state.now());
    watchSparks(parts.cameras);
  }

  function showCounts() {
    const shown = STATES.filter((key) => state.counts[key] || only.has(key));
    parts.counts.replaceChildren(...shown.map((key) => element(
      "button",
      { type: "button", class: "count", "data-state": key, "aria-pressed": String(only.has(key)), click: () => toggle(key) },
      element("strong", {}, String(state.counts[key] || 0)), ` ${t(`state.${key}`)}`,
    )));
  }

  let sitesText = "";
  function showSites() {
    const sites = [...bySite([...state.cameras.values()])].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    const options = sites.map(([name, members]) => [name, `${name || t("wall.noSite")}: ${tally(members)}`]);
    parts.siteLabel.hidden = sites.length < 2 && site === null;
    if (options.join("\n") === sitesText || document.activeElement === parts.site) return;
    sitesText = options.join("\n");
    parts.site.replaceChildren(element("option", { value: "*" }, t("wall.allSites")), ...options.map(([name, text]) => element("option", { value: `=${name}` }, text)));
    parts.site.value = site === null ? "*" : `=${site}`;
  }

  let tagsText = "";
  function showTags() {
    const cameras = [...state.cameras.values()];
    const known = [...new Set([...cameras.flatMap((camera) => camera.tags), ...(tag === null ? [] : [tag])])].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    parts.tagLabel.hidden = !known.length;
    if (known.join("\n") === tagsText || document.activeElement === parts.tag) return;
    tagsText = known.join("\n");
    parts.tag.replaceChildren(element("option", { value: "" }, t("wall.allTags")), ...known.map((each) => element("option", { value: each }, each)));
    parts.tag.value = tag || "";
  }

  function toggle(key) {
    if (!only.delete(key)) only.add(key);
    noteQuery({ state: [...only].join(",") });
    show();
    const again = [...parts.counts.children].find((button) => button.dataset.state === key);
    if (again) again.focus();
  }

  function showMetrics() {
    parts.metric.replaceChildren(...[...state.metrics.values()].map((metric) => element("option", { value: metric.key }, capitalised(metric.label))));
    remember(parts.metric, "sightline.metric", choice);
    layout = layout && (layout.made.close(), null);
    show();
  }

  const standouts = watchStandouts(parts.standouts, state, (name) => site === null || name === site);
  const listIncidents = () => showIncidents(parts, state.incidents, { take: askToTake });
  remember(parts.span, "sightline.span", choice);
  parts.find.addEventListener("input", () => {
    noteQuery({ find: parts.find.value.trim() });
    show();
  });
  parts.site.addEventListener("change", () => {
    site = parts.site.value === "*" ? null : parts.site.value.slice(1);
    noteQuery({ site });
    show();
    standouts.show();
  });
  parts.tag.addEventListener("change", () => {
    tag = parts.tag.value || null;
    noteQuery({ tag });
    show();
  });
  parts.views.forEach((button) => button.addEventListener("click", () => {
    asked = button.dataset.view;
    noteQuery({ view: asked });
    show();
  }));
  const stops = [
    state.on("news", ({ incidents }) => {
      if (incidents) listIncidents();
      show();
    }),
    state.on("metrics", showMetrics),
    state.on("tick", () => {
      tickAges(container, state.now());
      if (layout && layout.name === "cards") refreshSparks(choice, false);
    }),
    wallKeys(parts),
    standouts.stop,
    () => layout && layout.made.close(),
  ];
  if (state.metrics.size) showMetrics();
  listIncidents();
  show();
  loadModels(parts.models);
  return () => stops.forEach((stop) => stop());
}

function build(find, kiosk) {
  const parts = {
    counts: element("div", { class: "counts", id: "counts", role: "group", "aria-label": t("wall.only") }),
    find: element("input", { type: "search", id: "find", autocomplete: "off", placeholder: t("wall.findHint"), value: find }),
    site: element("select", { id: "site" }),
    tag: element("select", { id: "tag" }),
    metric: element("select", { id: "metric" }),
    span: element("select", { id: "span" }, ...SPANS.map(([value, text]) => element("option", { value }, text))),
    views: Object.keys(LAYOUTS).map((name) => element("button", { type: "button", class: "count", "data-view": name, "aria-pressed": "false" }, t(`wall.${name}`))),
    title: element("h2", { id: "incidents-title" }),
    open: element("ul", { id: "open-incidents" }),
    resolved: element("ul", { id: "resolved-incidents" }),
    cameras: element("div", { id: "cameras" }),
    empty: element("p", { class: "empty", id: "empty" }, t("wall.waiting")),
    models: element("details", { class: "models", id: "models", hidden: true }, element("summary"), element("ul")),
  };
  parts.fold = element("details", { id: "resolved", hidden: true }, element("summary"), parts.resolved);
  parts.incidents = element("section", { class: "incidents", id: "incidents", "aria-labelledby": "incidents-title", hidden: true }, parts.title, parts.open, parts.fold);
  parts.standouts = standoutSection();
  parts.siteLabel = element("label", { hidden: true }, t("wall.site"), " ", parts.site);
  parts.tagLabel = element("label", { hidden: true }, t("wall.tag"), " ", parts.tag);
  parts.chart = element("span", { class: "chart-tools" },
    element("label", {}, t("wall.chart"), parts.metric),
    element("label", {}, element("span", { class: "unseen" }, t("wall.over")), parts.span));
  const tools = element(
    "form",
    { class: "tools", role: "search", submit: (event) => event.preventDefault() },
    element("label", {}, element("span", { class: "unseen" }, t("wall.find")), parts.find),
    parts.siteLabel, parts.tagLabel, parts.chart,
  );
  parts.all = [
    element("h1", { class: "unseen" }, t("nav.wall")),
    element("div", { class: "bar" }, parts.counts, tools),
    parts.incidents, parts.standouts,
    element("div", { class: "bar" }, element("div", { class: "counts", role: "group", "aria-label": t("wall.view") }, ...parts.views), savedFilters(), kiosk),
    parts.empty, parts.cameras, element("p", { class: "quietly keys" }, t("wall.keys")), parts.models,
  ];
  return parts;
}

function remember(select, key, choice) {
  const kept = localStorage.getItem(key);
  if ([...select.options].some((option) => option.value === kept)) select.value = kept;
  select.onchange = () => {
    localStorage.setItem(key, select.value);
    refreshSparks(choice, true);
  };
}

/** Say at the foot which learned models judge here, and why the others do not. */
async function loadModels(place) {
  const answer = await fetch("/api/v1/models").catch(() => null);
  if (!answer || !answer.ok) return;
  const known = await answer.json();
  const judging = known.filter((model) => model.judges).length;
  place.querySelector("summary").textContent = t("wall.models", { judging, all: known.length });
  place.querySelector("ul").replaceChildren(...known.map((model) => element("li", {}, element("strong", {}, model.name), ` ${model.state}: ${model.said}`)));
  place.hidden = !known.length;
}
