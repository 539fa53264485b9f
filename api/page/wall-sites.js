// How the wall groups cameras: by site, the site with the worst camera first, with its counts in words.

import { element } from "./format.js";
import { t } from "./texts.js";

export const STATES = ["fault", "unknown", "suspected", "not_assessable", "ok", "off"];

/** From this many cameras on sites in good order are one line, and the wall begins as a table. */
export const MANY = 60;

/** A camera that asks for no look: in order, or switched off on purpose. */
export function isCalm(camera) {
  return camera.state === "ok" || camera.state === "off";
}

/** Group cameras (worst first) by site, in the order of each site's worst camera. */
export function bySite(cameras) {
  const sites = new Map();
  for (const camera of cameras) {
    if (!sites.has(camera.site)) sites.set(camera.site, []);
    sites.get(camera.site).push(camera);
  }
  return sites;
}

/** A site's counts, worst first: "2 fault, 1 unknown, 37 OK". Each camera is counted under its own state, never as fine. */
export function tally(cameras) {
  const counts = new Map();
  for (const camera of cameras) counts.set(camera.state, (counts.get(camera.state) || 0) + 1);
  if (counts.get("ok") === cameras.length) return t(cameras.length === 1 ? "site.oneOk" : "site.allOk", { n: cameras.length });
  return STATES.filter((state) => counts.has(state)).map((state) => t(`site.${state}`, { n: counts.get(state) })).join(", ");
}

/** Which sites somebody folded or unfolded by hand, kept in this browser. */
export function folding() {
  const key = "sightline.sites";
  let chosen = {};
  try {
    chosen = JSON.parse(localStorage.getItem(key) || "{}");
  } catch {
    localStorage.removeItem(key);
  }
  return {
    isOpen: (site, usual) => (typeof chosen[site] === "boolean" ? chosen[site] : usual),
    toggle(site, open) {
      chosen = { ...chosen, [site]: open };
      localStorage.setItem(key, JSON.stringify(chosen));
    },
  };
}

/** The head of a site: its name, which folds it away, and its counts. */
export function siteHead(site, { open, text, toggle }) {
  return element("h2", { class: "site-head" },
    element("button", { type: "button", "aria-expanded": String(open), click: toggle }, site || t("wall.noSite")),
    element("span", { class: "tally" }, text));
}
