// A camera's page: the verdict first, the picture of now, the charts that matter, and everything else below.

import { asked, openCharts } from "../camera-charts.js";
import { checkList } from "../camera-checks.js";
import { baseline, events, facts } from "../camera-facts.js";
import { PANELS } from "../camera-panels.js";
import { verdict } from "../camera-verdict.js";
import { capitalised, duration, element } from "../format.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";

const AGAIN_MS = 2000;
const EVENTS_AGAIN_MS = 15000;

export function open(container, params, state) {
  const { name } = params;
  const parts = layout(name);
  container.append(parts.page);
  setTitle(name);
  const mine = { name, parts, state, url: null, ended: false, camera: null, checks: checkList(parts.checks) };
  mine.charts = openCharts(parts.charts, name, params.query, state, () => mine.camera);
  const ends = PANELS.map((panel) => panel(parts.panels, name, state));
  repeat(mine, AGAIN_MS, showPicture);
  repeat(mine, AGAIN_MS, showCamera);
  repeat(mine, EVENTS_AGAIN_MS, showEvents);
  return () => {
    mine.ended = true;
    mine.charts.close();
    ends.forEach((end) => end && end());
    if (mine.url) URL.revokeObjectURL(mine.url);
  };
}

function layout(name) {
  const parts = {
    place: element("span"),
    summary: element("div", { class: "summary" }),
    image: element("img", { alt: t("camera.picture", { name }), hidden: true }),
    caption: element("figcaption", {}, t("camera.asking")),
    panels: element("div", { class: "panels" }),
    charts: element("section", { class: "history", "aria-label": t("charts.title") }),
    checks: element("div", { class: "checks-list" }),
    events: element("ul", { class: "events" }),
    facts: element("dl", { class: "more" }),
    baseline: element("ul", { class: "baseline" }),
  };
  const section = (title, ...content) => element("section", {}, element("h2", {}, title), ...content);
  parts.page = element(
    "article",
    { class: "detail" },
    element("header", {},
      element("p", { class: "trail" }, element("a", { href: "/" }, t("nav.wall")), " › ", parts.place),
      element("h1", { id: "detail-title" }, name)),
    element("div", { class: "near" }, parts.summary, element("figure", {}, parts.image, parts.caption)),
    parts.panels,
    section(t("charts.title"), parts.charts),
    element("div", { class: "beside" },
      section(t("events.title"), parts.events),
      element("div", {}, section(t("baseline.title"), parts.baseline), section(t("facts.title"), parts.facts))),
    section(t("checks.title"), parts.checks),
  );
  return parts;
}

async function repeat(mine, everyMs, work) {
  while (!mine.ended) {
    try {
      await work(mine);
    } catch (error) {
      if (!mine.ended) failed(mine, work, error);
    }
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

/** What could not be fetched is not left on the page as if it were true now. */
function failed(mine, work, error) {
  const said = error instanceof TypeError ? t("camera.noAnswer") : `${capitalised(error.message)}.`;
  if (work === showPicture) withoutPicture(mine, said);
  else if (work === showCamera) {
    mine.parts.page.classList.toggle("gone", error.status === 404);
    mine.parts.summary.replaceChildren(element("p", { class: "problem" }, said));
    mine.parts.checks.replaceChildren();
  } else mine.parts.events.replaceChildren(element("li", { class: "problem" }, said));
}

function withoutPicture(mine, why) {
  mine.parts.image.hidden = true;
  mine.parts.caption.textContent = why;
}

async function showPicture(mine) {
  const answer = await fetch(`/api/v1/cameras/${encodeURIComponent(mine.name)}/picture?width=960`);
  if (!answer.ok) {
    withoutPicture(mine, capitalised((await answer.json()).error));
    return;
  }
  const at = answer.headers.get("X-Received-At");
  const blob = await answer.blob();
  if (mine.ended) return;
  if (mine.url) URL.revokeObjectURL(mine.url);
  mine.url = URL.createObjectURL(blob);
  mine.parts.image.src = mine.url;
  mine.parts.image.hidden = false;
  mine.parts.caption.textContent = t("camera.received", { ago: duration((mine.state.now() - Date.parse(at)) / 1000) });
}

async function showCamera(mine) {
  const path = `/api/v1/cameras/${encodeURIComponent(mine.name)}`;
  const [camera, latest] = await Promise.all([asked(path), asked(`${path}/latest`)]);
  if (mine.ended) return;
  const before = mine.camera && mine.camera.evidence && mine.camera.evidence.metric;
  const first = mine.camera === null;
  mine.camera = camera;
  mine.parts.page.classList.remove("gone");
  const { parts, state } = mine;
  parts.place.textContent = camera.site || t("wall.noSite");
  const now = state.heard() ? state.now() : Date.parse(camera.judged_at || camera.since);
  parts.summary.replaceChildren(...verdict(camera, state.metrics, now));
  parts.facts.replaceChildren(...facts(camera));
  parts.baseline.replaceChildren(...baseline(camera, state.now()));
  mine.checks.show(camera, latest, state);
  if (first || before !== (camera.evidence && camera.evidence.metric)) mine.charts.reload();
}

async function showEvents(mine) {
  const [listed, camera] = await Promise.all([
    asked(`/api/v1/incidents?${new URLSearchParams({ camera: mine.name, limit: 50 })}`),
    mine.camera || asked(`/api/v1/cameras/${encodeURIComponent(mine.name)}`),
  ]);
  if (!mine.ended) mine.parts.events.replaceChildren(...events(listed.incidents, camera.sessions));
}
