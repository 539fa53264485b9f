// The kiosk: the wall to hang up. It shows, and nothing can be done in it.

import { capitalised, element, icon, moment } from "../format.js";
import { onlyCamera } from "../incidents.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";
import { gridWall } from "../wall-grid.js";
import { STATES, folding } from "../wall-sites.js";

const MOST = 8;

export function open(container, params, state) {
  setTitle(t("kiosk.title"));
  document.body.classList.add("kiosk");
  const parts = {
    counts: element("p", { class: "counts kiosk-counts" }),
    incidents: element("ul", { class: "kiosk-incidents" }),
    cameras: element("div", { class: "kiosk-cameras" }),
    empty: element("p", { class: "empty" }, t("wall.waiting")),
  };
  container.append(element("h1", { class: "unseen" }, t("kiosk.title")), parts.counts, parts.incidents, parts.empty, parts.cameras);
  const wall = gridWall(parts.cameras, { folds: { ...folding(), isOpen: (_, usual) => usual }, links: false });

  function show() {
    if (!state.heard()) return;
    const cameras = state.order.map((name) => state.cameras.get(name)).filter(Boolean);
    parts.empty.hidden = cameras.length > 0;
    if (!cameras.length) parts.empty.textContent = t("wall.noCameras");
    parts.counts.replaceChildren(...STATES.filter((key) => state.counts[key]).map((key) => element("span", { "data-state": key }, element("strong", {}, String(state.counts[key])), ` ${t(`state.${key}`)}`)));
    wall.show(cameras, true);
  }

  function showIncidents() {
    const open = state.incidents.filter((incident) => incident.state === "open");
    parts.incidents.replaceChildren(...open.slice(0, MOST).map((incident) => element("li", { class: "incident", "data-severity": incident.severity },
      icon("fault"),
      element("strong", {}, capitalised(incident.headline.label)), " ",
      element("span", {}, onlyCamera(incident) || t("kiosk.group", { n: incident.members.length, where: incident.group || incident.site || "several sites" })),
      element("span", { class: "quietly" }, t("kiosk.since", { time: moment(incident.opened_at) })))));
    if (open.length > MOST) parts.incidents.append(element("li", { class: "quietly" }, t("kiosk.more", { n: open.length - MOST })));
  }

  const stops = [
    state.on("news", ({ incidents }) => {
      if (incidents) showIncidents();
      show();
    }),
    () => wall.close(),
    () => document.body.classList.remove("kiosk"),
  ];
  showIncidents();
  show();
  return () => stops.forEach((stop) => stop());
}
