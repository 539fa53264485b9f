// Cameras that still learn what is usual for them, and stand out beside the other cameras of their site.

import { capitalised, element, icon } from "./format.js";
import { cameraAddress } from "./router.js";
import { t } from "./texts.js";

const EVERY_MS = 60_000;
const MOST = 6;

/** The section, hidden while nothing stands out. */
export function standoutSection() {
  return element("section", { class: "incidents", id: "standouts", "aria-labelledby": "standouts-title", hidden: true },
    element("h2", { id: "standouts-title" }), element("ul"),
    element("details", { hidden: true }, element("summary"), element("ul")));
}

/** Ask now and each minute what stands out, and show it in `section`. `isWanted(site)` says whether a site is shown. */
export function watchStandouts(section, state, isWanted) {
  let found = [];
  let askedAt = 0;

  function show() {
    const shown = found.filter((one) => isWanted(one.site));
    section.hidden = !shown.length;
    section.querySelector("h2").textContent = t("standouts.title", { n: shown.length });
    const lines = shown.map((one) => line(one, state.faults));
    const more = section.querySelector("details");
    section.querySelector("ul").replaceChildren(...lines.slice(0, MOST));
    more.hidden = lines.length <= MOST;
    more.querySelector("summary").textContent = t("standouts.more", { n: lines.length - MOST });
    more.querySelector("ul").replaceChildren(...lines.slice(MOST));
  }

  async function ask() {
    if (Date.now() - askedAt < EVERY_MS || document.hidden) return;
    askedAt = Date.now();
    const answer = await fetch("/api/v1/site-comparison").catch(() => null);
    if (!answer || !answer.ok) return;
    found = await answer.json();
    show();
  }

  ask();
  return { show, stop: state.on("tick", ask) };
}

function line(one, faults) {
  const label = (faults.get(one.faults[0]) || {}).label || one.faults[0];
  return element("li", { class: "incident" },
    icon("suspected"),
    element("div", { class: "text" },
      element("p", { class: "what" },
        element("a", { class: "name", href: cameraAddress(one.camera) }, one.camera), ` ${capitalised(label)}`),
      element("p", { class: "why" }, [one.site, one.reason].filter(Boolean).join(" · "))));
}
