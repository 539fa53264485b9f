// Makes a link to the kiosk: it only reads, and it expires. Lists those that work still, and ends them.

import { send } from "./acts.js";
import { element, fullTime } from "./format.js";
import { t } from "./texts.js";

const LIVES = [[24, "kiosk.day"], [24 * 7, "kiosk.week"], [24 * 30, "kiosk.month"], [24 * 365, "kiosk.year"]];

/** A folded form that makes a link. `site` returns the site that is shown now, or null for all. */
export function kioskLink(site) {
  const life = element("select", { "aria-label": t("kiosk.life") }, ...LIVES.map(([hours, key]) => element("option", { value: hours }, t(key))));
  life.value = String(24 * 7);
  const said = element("p", { role: "status" });
  const made = element("input", { readonly: true, hidden: true, "aria-label": t("kiosk.link"), focus: (event) => event.target.select() });
  const form = element("form", { submit: async (event) => {
    event.preventDefault();
    made.hidden = true;
    const answer = await fetch("/api/v1/kiosk-links", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ hours: Number(life.value), site: site() }),
    }).catch(() => null);
    if (!answer || !answer.ok) {
      said.textContent = answer ? (await answer.json()).error : t("camera.noAnswer");
      return;
    }
    const link = await answer.json();
    made.value = location.origin + link.path;
    made.hidden = false;
    said.textContent = t(link.site === null ? "kiosk.madeAll" : "kiosk.made", { site: link.site || t("wall.noSite"), time: fullTime(link.expires_at) });
    made.focus();
    list();
  } }, life, element("button", { type: "submit", class: "quiet" }, t("kiosk.make")));
  const links = element("ul", { class: "kiosk-links", "aria-label": t("kiosk.links") });

  async function list() {
    const { data, error } = await send("GET", "/api/v1/kiosk-links");
    if (error) said.textContent = error;
    else links.replaceChildren(...data.map((link) => lineOf(link, end)));
  }

  async function end(link) {
    const { error } = await send("POST", `/api/v1/kiosk-links/${encodeURIComponent(link.id)}/end`);
    said.textContent = error || t("kiosk.ended");
    list();
  }

  return element("details", { class: "wall-fold", id: "kiosk-link", "data-needs": "operator", toggle: (event) => event.target.open && list() },
    element("summary", {}, t("kiosk.link")), form, said, made, links);
}

function lineOf(link, end) {
  const where = link.site === null ? t("kiosk.everySite") : link.site || t("wall.noSite");
  return element("li", {}, t("kiosk.line", { where, by: link.by, time: fullTime(link.expires_at) }),
    element("button", { type: "button", class: "quiet", click: () => end(link), "aria-label": `${t("kiosk.end")}: ${where}` }, t("kiosk.end")));
}
