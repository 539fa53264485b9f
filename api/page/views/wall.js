// The wall: every camera by site, worst first, what is open, and what to look for.

import { card, showBoard, tickAges } from "../cards.js";
import { capitalised, element } from "../format.js";
import { askToTake, showIncidents } from "../incidents.js";
import { noteQuery } from "../router.js";
import { refreshSparks, watchSparks } from "../sparks.js";
import { t } from "../texts.js";

const STATES = ["fault", "unknown", "suspected", "not_assessable", "ok", "off"];
const SPANS = [["600", "10 minutes"], ["3600", "1 hour"], ["86400", "24 hours"]];

export function open(container, params, state) {
  const built = new Map();
  const only = new Set((params.query.get("state") || "").split(",").filter((each) => STATES.includes(each)));
  const parts = layout(params.query.get("find") || "");
  container.append(...parts.all);
  const choice = {
    metrics: state.metrics,
    now: state.now,
    span: () => Number(parts.span.value),
    metric: () => state.metrics.get(parts.metric.value),
  };

  function wanted(camera) {
    if (only.size && !only.has(camera.state)) return false;
    const text = parts.find.value.trim().toLowerCase();
    return !text || [camera.name, camera.site, camera.group].some((each) => each.toLowerCase().includes(text));
  }

  function show() {
    if (!state.heard()) return;
    const listed = state.order.map((name) => state.cameras.get(name)).filter((camera) => camera && wanted(camera));
    parts.empty.hidden = listed.length > 0;
    if (!listed.length) parts.empty.textContent = state.order.length ? t("wall.noMatch") : t("wall.noCameras");
    showBoard(parts.cameras, listed, built, (camera) => card(camera, state.metrics));
    showCounts();
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
    built.clear();
    parts.cameras.replaceChildren();
    show();
  }

  const listIncidents = () => showIncidents(parts, state.incidents, { take: askToTake });
  remember(parts.span, "sightline.span", choice);
  parts.find.addEventListener("input", () => {
    noteQuery({ find: parts.find.value.trim() });
    show();
  });
  const stops = [
    state.on("news", ({ incidents }) => {
      if (incidents) listIncidents();
      show();
    }),
    state.on("metrics", showMetrics),
    state.on("tick", () => {
      tickAges(container, state.now());
      refreshSparks(choice, false);
    }),
  ];
  if (state.metrics.size) showMetrics();
  listIncidents();
  show();
  loadModels(parts.models);
  return () => stops.forEach((stop) => stop());
}

function layout(find) {
  const parts = {
    counts: element("div", { class: "counts", id: "counts", role: "group", "aria-label": t("wall.only") }),
    find: element("input", { type: "search", id: "find", autocomplete: "off", placeholder: t("wall.findHint"), value: find }),
    metric: element("select", { id: "metric" }),
    span: element("select", { id: "span" }, ...SPANS.map(([value, text]) => element("option", { value }, text))),
    title: element("h2", { id: "incidents-title" }),
    open: element("ul", { id: "open-incidents" }),
    resolved: element("ul", { id: "resolved-incidents" }),
    cameras: element("div", { id: "cameras", tabindex: "-1" }),
    empty: element("p", { class: "empty", id: "empty" }, t("wall.waiting")),
    models: element("details", { class: "models", id: "models", hidden: true }, element("summary"), element("ul")),
  };
  parts.fold = element("details", { id: "resolved", hidden: true }, element("summary"), parts.resolved);
  parts.incidents = element("section", { class: "incidents", id: "incidents", "aria-labelledby": "incidents-title", hidden: true }, parts.title, parts.open, parts.fold);
  const tools = element(
    "form",
    { class: "tools", role: "search", submit: (event) => event.preventDefault() },
    element("label", {}, element("span", { class: "unseen" }, t("wall.find")), parts.find),
    element("label", {}, t("wall.chart"), parts.metric),
    element("label", {}, element("span", { class: "unseen" }, t("wall.over")), parts.span),
  );
  parts.all = [
    element("h1", { class: "unseen" }, t("nav.wall")),
    element("div", { class: "bar" }, parts.counts, tools),
    parts.incidents, parts.empty, parts.cameras, parts.models,
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
