// The small chart on each card: fetched for cards in sight only, a few at a time, and again when it has grown old.

import { chart } from "./charts.js";
import { element, quantity } from "./format.js";

const AGAIN_MS = 15000;
const AT_ONCE = 4;

const inSight = new Set();
const fetchedAt = new Map();
let underWay = 0;

const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) inSight.add(entry.target);
    else inSight.delete(entry.target);
  }
});
const watched = new WeakSet();

/** Watch the places for charts under `root` come into sight and leave it. */
export function watchSparks(root) {
  for (const spark of root.querySelectorAll(".spark")) {
    if (!watched.has(spark)) {
      watched.add(spark);
      sight.observe(spark);
    }
  }
}

/** Fetch the charts in sight that are missing or old; all of them where another metric or span was chosen. */
export function refreshSparks(state, again) {
  if (again) fetchedAt.clear();
  const metric = state.metric();
  if (!metric) return;
  for (const spark of inSight) {
    if (!spark.isConnected) {
      inSight.delete(spark);
      continue;
    }
    const name = spark.dataset.spark;
    if (underWay >= AT_ONCE) return;
    if (Date.now() - (fetchedAt.get(name) || 0) < AGAIN_MS) continue;
    fetchedAt.set(name, Date.now());
    underWay += 1;
    draw(spark, name, metric, state).finally(() => {
      underWay -= 1;
      if (underWay === 0) refreshSparks(state, false);
    });
  }
}

async function draw(spark, name, metric, state) {
  const until = new Date(state.now());
  const since = new Date(until - state.span() * 1000);
  const query = new URLSearchParams({
    metric: metric.key, since: since.toISOString(), until: until.toISOString(), points: 80,
  });
  try {
    const answer = await fetch(`/api/v1/cameras/${encodeURIComponent(name)}/scores?${query}`);
    if (!answer.ok || state.metric() !== metric) return;
    const { series } = await answer.json();
    const points = series[metric.key];
    const last = points[points.length - 1];
    spark.replaceChildren(
      chart({ since: since.toISOString(), until: until.toISOString(), points }, metric, { width: 160, height: 34 }),
      element("span", { class: "value" }, last ? quantity(last.mean, metric.unit) : ""),
    );
  } catch {
    spark.replaceChildren(element("span", { class: "nochart" }, "no answer"));
  }
}
