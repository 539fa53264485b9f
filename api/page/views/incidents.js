// All incidents, newest first.

import { element } from "../format.js";
import { askToTake, incidentLine } from "../incidents.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";

export function open(container, params, state) {
  const list = element("ul", { class: "list" });
  container.append(element("h1", {}, t("nav.incidents")), element("section", { class: "incidents" }, list));
  setTitle(t("nav.incidents"));
  let ended = false;

  async function load() {
    const answer = await fetch("/api/v1/incidents?limit=200").catch(() => null);
    if (ended) return;
    if (!answer || !answer.ok) {
      list.replaceChildren(element("li", { class: "problem" }, t("camera.noAnswer")));
      return;
    }
    const { incidents } = await answer.json();
    const lines = incidents.map((incident) => incidentLine(incident, { take: askToTake }));
    list.replaceChildren(...(lines.length ? lines : [element("li", { class: "empty" }, t("incidents.empty"))]));
  }

  load();
  const stop = state.on("news", ({ incidents }) => incidents && load());
  return () => {
    ended = true;
    stop();
  };
}
