// The wall as cards, by site.

import { card } from "./cards.js";
import { element } from "./format.js";
import { t } from "./texts.js";
import { bySite, isCalm, siteHead, tally } from "./wall-sites.js";

const MOST_CARDS = 120;

/** Make the layout in `root`. Its `show(cameras, fold)` gets what is to be seen, worst first, and whether to fold what is in order. */
export function cardWall(root, { metrics, folds }) {
  const built = new Map();
  const heads = new Map();
  let last = [[], false];

  function show(cameras, fold) {
    last = [cameras, fold];
    let room = MOST_CARDS;
    const sections = [...bySite(cameras)].map(([site, members]) => {
      const bad = members.filter((camera) => !isCalm(camera));
      const open = folds.isOpen(site, !fold || bad.length > 0);
      const calm = folds.isOpen(site, !fold) ? members.filter(isCalm) : [];
      const listed = open ? [bad.slice(0, room), calm.slice(0, Math.max(0, room - bad.length))] : [[], []];
      const hidden = open ? members.length - listed[0].length - listed[1].length : 0;
      room = Math.max(0, room - listed[0].length - listed[1].length);
      return section(site, members, { open, listed, hidden });
    });
    inOrder(root, sections);
    for (const name of built.keys()) if (!cameras.some((camera) => camera.name === name)) built.delete(name);
  }

  function section(site, members, { open, listed, hidden }) {
    if (!heads.has(site)) {
      const made = element("section", { class: "site", "data-site": site }, siteHead(site, { open, text: "", toggle: () => {
        const now = made.querySelector("h2 button").getAttribute("aria-expanded") !== "true";
        folds.toggle(site, now);
        show(...last);
      } }), element("div", { class: "grid look" }), element("div", { class: "grid calm" }), element("p", { class: "quietly rest" }));
      heads.set(site, made);
    }
    const made = heads.get(site);
    const full = open && hidden === 0;
    made.querySelector("h2 button").setAttribute("aria-expanded", String(full));
    made.querySelector(".tally").textContent = tally(members);
    made.querySelector(".rest").textContent = hidden ? t("wall.hidden", { n: hidden }) : "";
    inOrder(made.querySelector(".look"), listed[0].map(cardOf));
    inOrder(made.querySelector(".calm"), listed[1].map(cardOf));
    return made;
  }

  function cardOf(camera) {
    const known = built.get(camera.name);
    if (known && known.camera === camera) return known.card;
    const fresh = card(camera, metrics);
    if (known) {
      const spark = known.card.querySelector(".spark");
      spark.hidden = camera.state === "off";
      fresh.querySelector(".spark").replaceWith(spark);
      const focused = known.card.contains(document.activeElement);
      known.card.replaceWith(fresh);
      if (focused) fresh.querySelector("a").focus({ preventScroll: true });
    }
    built.set(camera.name, { camera, card: fresh });
    return fresh;
  }

  return { show, close: () => {} };
}

/** Make `children` the children of `parent`, moving only what is elsewhere. */
export function inOrder(parent, children) {
  const focused = document.activeElement;
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] || null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
  if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}
