// The wall as a table. Only the rows near the window are in the document, however many cameras there are.

import { bareReason, capitalised, element, icon, metricName, number, quantity } from "./format.js";
import { cameraAddress } from "./router.js";
import { t } from "./texts.js";
import { bySite, isCalm, tally } from "./wall-sites.js";

const BEYOND = 12;
const COLUMNS = ["state", "camera", "why", "number", "rate", "frame"];

/** Make the layout in `root`. Its `show(cameras, fold)` gets what is to be seen, worst first, and whether to fold what is in order. */
export function tableWall(root, { metrics, folds }) {
  const body = element("tbody");
  const above = element("tr", { class: "space", "aria-hidden": "true" }, element("td", { colspan: COLUMNS.length }));
  const below = element("tr", { class: "space", "aria-hidden": "true" }, element("td", { colspan: COLUMNS.length }));
  const table = element("table", { class: "wall-table" },
    element("caption", { class: "unseen" }, t("nav.wall")),
    element("thead", {}, element("tr", {}, ...COLUMNS.map((key) => element("th", { scope: "col", class: `c-${key}` }, t(`column.${key}`))))),
    body);
  root.append(table);
  let rows = [];
  let last = [[], false];
  const built = new Map();

  function show(cameras, fold) {
    last = [cameras, fold];
    rows = [];
    for (const [site, members] of bySite(cameras)) {
      const open = folds.isOpen(site, !fold || !members.every(isCalm));
      const usual = fold && !folds.isOpen(site, false) ? members.filter((camera) => !isCalm(camera)) : members;
      const listed = open ? usual : [];
      rows.push({ site, members, open: open && listed.length === members.length, key: `site:${site}` });
      for (const camera of listed) rows.push({ camera, key: camera.name });
    }
    table.setAttribute("aria-rowcount", rows.length + 1);
    draw();
  }

  /** How high a row is; all are as high as the style sheet says, so that the bar beside the window is right. */
  function height() {
    return parseFloat(getComputedStyle(table).getPropertyValue("--row")) || 42;
  }

  function draw() {
    const high = height();
    const top = body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / high) - BEYOND);
    const end = Math.min(rows.length, Math.ceil((innerHeight - top) / high) + BEYOND);
    above.firstElementChild.style.height = `${first * high}px`;
    below.firstElementChild.style.height = `${Math.max(0, rows.length - end) * high}px`;
    const listed = rows.slice(first, end).map((row, i) => rowOf(row, first + i + 2));
    const focused = document.activeElement;
    const wanted = [above, ...listed, below];
    wanted.forEach((row, i) => {
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] || null);
    });
    while (body.children.length > wanted.length) body.lastElementChild.remove();
    const keys = new Set(rows.slice(first, end).map((row) => row.key));
    for (const key of built.keys()) if (!keys.has(key)) built.delete(key);
    if (focused && focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }

  function rowOf(row, index) {
    const known = built.get(row.key);
    const same = known && (row.camera ? known.row.camera === row.camera : known.text === tally(row.members) && known.row.open === row.open);
    const text = row.camera ? "" : tally(row.members);
    const made = same ? known.made : row.camera ? cameraRow(row.camera) : siteRow(row, text);
    if (known && !same && known.made.contains(document.activeElement)) requestAnimationFrame(() => made.querySelector("a, button").focus({ preventScroll: true }));
    made.setAttribute("aria-rowindex", index);
    built.set(row.key, { row, made, text });
    return made;
  }

  function siteRow(row, text) {
    const toggle = () => {
      folds.toggle(row.site, !row.open);
      show(...last);
    };
    return element("tr", { class: "site-row" }, element("th", { colspan: COLUMNS.length, scope: "rowgroup" },
      element("button", { type: "button", "aria-expanded": String(row.open), click: toggle }, row.site || t("wall.noSite")), element("span", { class: "tally" }, text)));
  }

  function cameraRow(camera) {
    const { evidence } = camera;
    const unit = evidence ? evidence.unit || (metrics.get(evidence.metric) || {}).unit : "";
    const value = evidence && evidence.metric && evidence.value !== null ? [element("strong", {}, quantity(evidence.value, unit)), ` ${metricName(metrics, evidence.metric).toLowerCase()}`] : [];
    const why = camera.headline ? `${capitalised(camera.headline.label)}: ${bareReason(camera.reason, evidence)}` : capitalised(camera.reason);
    const word = camera.severity === "info" ? t("wall.note") : camera.state_word;
    const cell = (name, ...content) => element("td", { class: `c-${name}` }, ...content);
    return element("tr", { "data-name": camera.name, "data-state": camera.state, "data-severity": camera.severity },
      cell("state", element("span", { class: "state" }, icon(camera.state), element("span", { class: "word" }, word))),
      cell("camera", element("a", { href: cameraAddress(camera.name), title: camera.name }, camera.name)),
      element("td", { class: "c-why", title: why }, why),
      cell("number", ...value),
      cell("rate", camera.fps === null ? "" : `${number(camera.fps)}\u202ffps`),
      element("td", camera.state === "off" ? { class: "c-frame" } : { class: "c-frame age", "data-at": camera.last_frame_at || "" }));
  }

  let waiting = false;
  const scrolled = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
  addEventListener("scroll", scrolled, { passive: true });
  addEventListener("resize", scrolled);
  return {
    show,
    close() {
      removeEventListener("scroll", scrolled);
      removeEventListener("resize", scrolled);
    },
  };
}
