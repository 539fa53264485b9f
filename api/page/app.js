// The live page: keeps what the server says in one place and shows it; where the server falls silent, it says so.

import { card, showBoard, tickAges } from "./cards.js";
import { openDetail } from "./detail.js";
import { capitalised, clockTime, duration, element } from "./format.js";
import { askToTake, showIncidents } from "./incidents.js";
import { follow } from "./live.js";
import { refreshSparks, watchSparks } from "./sparks.js";

const SILENT_MS = 5000;
const STATES = [
  ["fault", "Fault"], ["unknown", "Unknown"], ["suspected", "Suspected"],
  ["not_assessable", "Not assessable"], ["ok", "OK"], ["off", "Switched off"],
];

const by = (id) => document.getElementById(id);
const cameras = new Map();
const built = new Map();
const metrics = new Map();
const only = new Set();
let order = [];
let counts = {};
let heardAt = 0;
let ahead = 0;
let storeAway = "";
let liveAway = "";

const state = {
  metrics,
  now: () => Date.now() + ahead,
  span: () => Number(by("span").value),
  metric: () => metrics.get(by("metric").value),
};

function wanted(camera) {
  if (only.size && !only.has(camera.state)) return false;
  const text = by("find").value.trim().toLowerCase();
  return !text || [camera.name, camera.site, camera.group].some((each) => each.toLowerCase().includes(text));
}

function show() {
  const listed = order.map((name) => cameras.get(name)).filter((camera) => camera && wanted(camera));
  const empty = by("empty");
  if (empty) empty.remove();
  showBoard(by("cameras"), listed, built, (camera) => card(camera, metrics, (name) => openDetail(name, state)));
  if (!listed.length) {
    const why = order.length ? "No camera matches." : "No cameras yet: add one with “sightline cameras add”.";
    by("cameras").replaceChildren(element("p", { class: "empty", id: "empty" }, why));
  }
  showCounts();
  tickAges(document, state.now());
  watchSparks(by("cameras"));
}

function showCounts() {
  const shown = STATES.filter(([key]) => counts[key] || only.has(key));
  by("counts").replaceChildren(...shown.map(([key, word]) => element(
    "button",
    { type: "button", class: "count", "data-state": key, "aria-pressed": only.has(key), click: () => toggle(key) },
    element("strong", {}, String(counts[key] || 0)), ` ${word}`,
  )));
  const faults = counts.fault || 0;
  document.title = faults ? `(${faults}) Sightline` : "Sightline";
}

function toggle(key) {
  if (!only.delete(key)) only.add(key);
  show();
  const again = [...by("counts").children].find((button) => button.dataset.state === key);
  if (again) again.focus();
}

function announce(before, after) {
  if (!before || before.state === after.state) return;
  const told = after.headline ? after.headline.label : after.reason;
  if (["fault", "unknown"].includes(after.state)) by("announcer").textContent = `${after.name}: ${after.state_word}, ${told}`;
  else if (before.state === "fault" && after.state === "ok") by("announcer").textContent = `${after.name} is OK again`;
}

function take(news) {
  heardAt = Date.now();
  ahead = Date.parse(news.now) - heardAt;
  storeAway = news.store;
  liveAway = news.live;
  for (const camera of news.cameras) {
    announce(cameras.get(camera.name), camera);
    cameras.set(camera.name, camera);
  }
  for (const name of news.removed) {
    cameras.delete(name);
    built.delete(name);
  }
  order = news.order;
  counts = news.counts;
  if (news.incidents) showIncidents(news.incidents, { open: (name) => openDetail(name, state), take: askToTake });
  show();
  showConnection();
}

/** Say loudly when what is shown is no longer known to be true. */
function showConnection() {
  const silentMs = Date.now() - heardAt;
  const lost = heardAt > 0 && silentMs > SILENT_MS;
  const waiting = heardAt === 0;
  document.body.dataset.connection = lost ? "lost" : waiting ? "waiting" : "live";
  by("link-text").textContent = lost ? "Connection lost" : waiting ? "Connecting" : `Live, ${clockTime(new Date(state.now()))}`;
  const banner = by("banner");
  const text = lost
    ? `No word from the Sightline server for ${duration(silentMs / 1000)}. What stands below was true then and is not known now.`
    : storeAway ? `The database is away (${storeAway}). Incidents and history may be missing.`
    : liveAway ? `${capitalised(liveAway)}. Pictures and rates are missing until it is back.` : "";
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = !text;
  banner.classList.toggle("lost", lost);
}

async function loadMetrics() {
  const answer = await fetch("/api/v1/metrics").catch(() => null);
  if (!answer || !answer.ok) {
    setTimeout(loadMetrics, 3000);
    return;
  }
  for (const metric of await answer.json()) metrics.set(metric.key, metric);
  const select = by("metric");
  select.replaceChildren(...[...metrics.values()].map((metric) => element("option", { value: metric.key }, capitalised(metric.label))));
  remember(select, "sightline.metric");
  built.clear();
  by("cameras").replaceChildren();
  if (order.length) show();
}

/** Say at the foot of the page which learned models judge here, and why the others do not. */
async function loadModels() {
  const answer = await fetch("/api/v1/models").catch(() => null);
  if (answer && answer.ok) {
    const known = await answer.json();
    const judging = known.filter((model) => model.judges).length;
    const place = by("models");
    place.querySelector("summary").textContent = `Learned models: ${judging} of ${known.length} judge here`;
    place.querySelector("ul").replaceChildren(...known.map((model) => element("li", {}, element("strong", {}, model.name), ` ${model.state}: ${model.said}`)));
    place.hidden = !known.length;
  }
}

function remember(select, key) {
  const kept = localStorage.getItem(key);
  if ([...select.options].some((option) => option.value === kept)) select.value = kept;
  select.onchange = () => {
    localStorage.setItem(key, select.value);
    refreshSparks(state, true);
  };
}

remember(by("span"), "sightline.span");
by("find").addEventListener("input", show);
by("tools").addEventListener("submit", (event) => event.preventDefault());
setInterval(() => {
  tickAges(document, state.now());
  showConnection();
  refreshSparks(state, false);
}, 1000);
loadMetrics();
loadModels();
follow(take, () => location.assign("/login"));
