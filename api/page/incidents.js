// The strip of open incidents, and taking one on by name.

import { incidentPath, send } from "./acts.js";
import { capitalised, element, icon, moment } from "./format.js";
import { cameraAddress, incidentAddress } from "./router.js";
import { showProblem } from "./signed-out.js";
import { t } from "./texts.js";

const SEVERITIES = ["critical", "warning", "info"];
const MOST_OPEN = 6;
const NAME_KEY = "sightline.name";

/** Whose incident it is, where one camera alone has it; "" where several share it. */
export function onlyCamera(incident) {
  return incident.members.length > 1 ? "" : incident.members[0] || incident.camera;
}

function where(incident) {
  const back = incident.recovered.length ? `, ${incident.recovered.length} back` : "";
  return `${incident.group || incident.site || "several sites"}: ${incident.members.length} cameras${back}`;
}

/** One incident as a list item. `actions.take` is called with it when somebody acknowledges. */
export function incidentLine(incident, actions) {
  const open = incident.state === "open";
  const taken = incident.acknowledged_by
    ? `taken by ${incident.acknowledged_by}${incident.acknowledge_reason ? `: ${incident.acknowledge_reason}` : ""}`
    : "";
  const times = open ? `since ${moment(incident.opened_at)}`
    : `${moment(incident.opened_at)} to ${moment(incident.resolved_at || incident.updated_at)}`;
  return element(
    "li",
    { class: "incident", "data-severity": incident.severity, "data-taken": Boolean(taken) },
    icon(open ? "fault" : "ok"),
    element(
      "div",
      { class: "text" },
      element("p", { class: "what" },
        element("a", { class: "name", href: incidentAddress(incident.incident_id) }, capitalised(incident.headline.label)), " ",
        onlyCamera(incident) ? element("a", { class: "reference", href: cameraAddress(onlyCamera(incident)) }, onlyCamera(incident))
          : where(incident),
      ),
      element("p", { class: "why" }, [incident.site, times, taken].filter(Boolean).join(" · ")),
    ),
    open && !taken
      ? element("button", { type: "button", class: "take", "data-needs": "operator", click: () => actions.take(incident) }, "Acknowledge")
      : null,
  );
}

/** Show open incidents in `parts`, those nobody took on first, then by severity, and fold the resolved ones away. */
export function showIncidents(parts, incidents, actions) {
  const open = incidents.filter((incident) => incident.state === "open");
  const resolved = incidents.filter((incident) => incident.state !== "open");
  open.sort((a, b) => Boolean(a.acknowledged_by) - Boolean(b.acknowledged_by)
    || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  parts.incidents.hidden = !incidents.length;
  parts.title.textContent = open.length ? t("incidents.open", { n: open.length }) : t("incidents.none");
  const more = open.length > MOST_OPEN ? element("li", {}, element("a", { href: "/incidents" }, t("incidents.more", { n: open.length }))) : null;
  parts.open.replaceChildren(...open.slice(0, MOST_OPEN).map((incident) => incidentLine(incident, actions)), ...(more ? [more] : []));
  parts.fold.hidden = !resolved.length;
  parts.fold.querySelector("summary").textContent = t("incidents.resolved", { n: resolved.length });
  parts.resolved.replaceChildren(...resolved.map((incident) => incidentLine(incident, actions)));
}

/** Ask for a name and a reason, and send them. */
export function askToTake(incident) {
  const dialog = document.getElementById("acknowledge");
  const by = document.getElementById("acknowledge-by");
  const reason = document.getElementById("acknowledge-reason");
  const problem = document.getElementById("acknowledge-problem");
  document.getElementById("acknowledge-what").textContent = `${capitalised(incident.headline.label)}: ${where(incident)}`;
  by.value = localStorage.getItem(NAME_KEY) || "";
  reason.value = "";
  problem.textContent = "";
  document.getElementById("acknowledge-cancel").onclick = () => dialog.close();
  document.getElementById("acknowledge-form").onsubmit = async (event) => {
    event.preventDefault();
    localStorage.setItem(NAME_KEY, by.value.trim());
    showProblem(problem, await sent(incident, by.value, reason.value));
    if (!problem.textContent) dialog.close();
  };
  dialog.showModal();
  (by.value ? reason : by).focus();
}

async function sent(incident, by, reason) {
  return (await send("POST", `${incidentPath(incident.incident_id)}/acknowledge`, { by, reason })).error || "";
}
