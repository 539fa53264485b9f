// One incident.

import { capitalised, element } from "../format.js";
import { askToTake, incidentLine } from "../incidents.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";

export function open(container, params, state) {
  const title = element("h1", {}, t("nav.incidents"));
  const place = element("ul", { class: "list" });
  container.append(element("p", { class: "trail" }, element("a", { href: "/incidents" }, t("incidents.all"))), title, element("section", { class: "incidents" }, place));
  let ended = false;

  async function load() {
    const path = params.id.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch(`/api/v1/incidents/${path}`).catch(() => null);
    if (ended) return;
    if (!answer || !answer.ok) {
      place.replaceChildren(element("li", { class: "problem" }, answer && answer.status === 404 ? t("incidents.missing") : t("camera.noAnswer")));
      return;
    }
    const incident = await answer.json();
    title.textContent = capitalised(incident.headline.label);
    setTitle(title.textContent);
    place.replaceChildren(incidentLine(incident, { take: askToTake }));
  }

  load();
  const stop = state.on("news", ({ incidents }) => incidents && load());
  return () => {
    ended = true;
    stop();
  };
}
