// Addresses of the page: each view has one, the back button works, and a link can be pasted.

import { element } from "./format.js";
import { t } from "./texts.js";
import { leaves } from "./signed-out.js";
import { viewOf } from "./views/registry.js";

let shown = { close: () => {}, path: null };
let latest = 0;
let page = null;
/** The address that is shown, for who stays although the browser went back. */
let present = "";

/** The address of a camera's page. `query` has further fields, such as from and to. */
export function cameraAddress(name, query = {}) {
  return withQuery(`/cameras/${encodeURIComponent(name)}`, query);
}

/** The address of an incident's page; its id is a path of its own. */
export function incidentAddress(id) {
  return `/incidents/${id.split("/").map(encodeURIComponent).join("/")}`;
}

function withQuery(path, query) {
  const fields = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return fields.size ? `${path}?${fields}` : path;
}

/** Show the view of an address as a new entry of the history. */
export function go(address) {
  keepScroll();
  history.pushState({}, "", address);
  show(true);
}

/** Note fields of the query in the address without opening the view again; null removes one. */
export function noteQuery(fields, { asEntry = false } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const address = withQuery(location.pathname, Object.fromEntries(query));
  if (address === location.pathname + location.search) return;
  if (asEntry) keepScroll();
  history[asEntry ? "pushState" : "replaceState"]({}, "", address);
  present = address;
}

function keepScroll() {
  history.replaceState({ ...history.state, top: scrollY }, "");
}

/** Begin: show the view of the present address in `container` and follow links and the back button. */
export function startRouter(container, state) {
  page = { container, state };
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => {
    if (leaves()) show(false);
    else history.pushState({}, "", present);
  });
  document.addEventListener("click", follow);
  show(false);
}

function follow(event) {
  const link = event.target.closest ? event.target.closest("a[href]") : null;
  const special = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || special || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || !viewOf(url.pathname)) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
  event.preventDefault();
  if (leaves()) go(url.pathname + url.search);
}

async function show(moveFocus) {
  const turn = (latest += 1);
  const path = location.pathname;
  const found = viewOf(path);
  const module = found ? await found.view.load().catch(() => null) : null;
  if (turn !== latest) return;
  shown.close();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  present = location.pathname + location.search;
  const { container, state } = page;
  container.replaceChildren();
  container.dataset.view = found ? found.view.address : "";
  markLinks(path);
  shown = { close: module ? openView(module, found, state) : without(found) };
  if (moveFocus) {
    scrollTo(0, 0);
    const heading = container.querySelector("h1") || container;
    if (!heading.hasAttribute("tabindex")) heading.setAttribute("tabindex", "-1");
    heading.focus({ preventScroll: true });
  } else if (history.state && history.state.top) scrollTo(0, history.state.top);
}

function openView(module, found, state) {
  setTitle("");
  return module.open(page.container, { ...found.named, query: new URLSearchParams(location.search) }, state) || (() => {});
}

function without(found) {
  const why = found ? t("view.notLoaded") : t("view.unknown");
  page.container.replaceChildren(element("p", { class: "empty" }, why), element("p", { class: "empty" }, element("a", { href: "/" }, t("view.toWall"))));
  return () => {};
}

let title = "";
let faults = 0;

/** Name what is shown in the window's title; the number of cameras with a fault stands before it. */
export function setTitle(text) {
  title = text;
  const whole = text ? `${text} · Sightline` : "Sightline";
  document.title = faults ? `(${faults}) ${whole}` : whole;
}

/** Put the number of cameras with a fault into the window's title. */
export function countInTitle(count) {
  faults = count;
  setTitle(title);
}

function markLinks(path) {
  const links = [...document.querySelectorAll("#nav a")];
  const own = links.find((link) => link.getAttribute("href") !== "/" && path.startsWith(link.getAttribute("href")));
  for (const link of links) {
    const wall = link.getAttribute("href") === "/" && (path === "/" || path.startsWith("/cameras"));
    if (link === own || (wall && !own)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
