// What a camera's stream is like, how far its baseline is, and what happened lately.

import { bitrate, capitalised, element, fullTime, number, quantity, span } from "./format.js";
import { incidentAddress } from "./router.js";
import { t } from "./texts.js";

const EVENTS = 30;

/** Pairs of name and value about the camera and its stream, for a definition list. */
export function facts(camera) {
  const { counters, plan } = camera;
  const unknown = t("facts.unknown");
  const pairs = [
    ["address", camera.address],
    ["place", [camera.site, camera.group].filter(Boolean).join(", ") || t("facts.none")],
    ["connection", camera.connection || unknown],
    ["stream", counters ? `${counters.width} × ${counters.height} ${counters.codec}, ${camera.fps === null ? "–" : number(camera.fps)} fps, ${bitrate(camera.bitrate_bps)}` : unknown],
    ["keyFrames", counters && counters.gop_s !== null ? t("facts.every", { time: quantity(counters.gop_s, "s") }) : unknown],
    ["frames", counters ? t("facts.counted", { offered: counters.frames_offered.toLocaleString("en"), dropped: counters.frames_dropped, corrupt: counters.corrupt_frames }) : unknown],
    ["errors", counters ? `${counters.reconnects}, ${counters.decode_errors}` : unknown],
    ["plan", plan.mode === "patrol" ? t("facts.patrol", { judge: plan.judge_s, every: plan.every_s }) : t("facts.sampling", { mode: plan.mode, every: plan.interval_s })],
    ["tags", camera.tags.length ? camera.tags.map((tag) => element("a", { class: "tag", href: `/?${new URLSearchParams({ tag })}` }, tag)) : t("facts.none")],
    ["light", camera.mode || unknown],
    ["accepted", camera.accepted_at ? t("facts.acceptedBy", { time: fullTime(camera.accepted_at), by: camera.accepted_by }) : t("facts.never")],
  ];
  return pairs.flatMap(([name, value]) => [element("dt", {}, t(`facts.${name}`)), element("dd", {}, value)]);
}

/** What of the baseline is there in each light, and how long learning still takes at `now` (ms). */
export function baseline(camera, now) {
  const lines = camera.references.map((each) => {
    const word = t(`baseline.${each.state}`);
    const why = each.reason ? ` (${each.reason})` : "";
    const by = each.accepted_by ? ` ${t("baseline.by", { by: each.accepted_by })}` : "";
    return element("li", {}, element("strong", {}, capitalised(each.mode)), `: ${word}${by}${why}, ${t("baseline.as", { time: fullTime(each.updated_at) })}`);
  });
  if (camera.learning_until && camera.mode) {
    const left = (Date.parse(camera.learning_until) - now) / 1000;
    lines.unshift(element("li", {}, element("strong", {}, t("baseline.learning_now", { mode: camera.mode })), `: ${left > 0 ? t("baseline.left", { time: span(left) }) : t("baseline.frames")}`));
  }
  return lines.length ? lines : [element("li", {}, t("baseline.none"))];
}

/** What happened lately: incidents with both ends and connections, latest first. */
export function events(incidents, sessions) {
  const found = [
    ...incidents.map((incident) => ({ at: incident.opened_at, line: incidentEvent(incident) })),
    ...sessions.map((session) => ({ at: session.started_at, line: sessionEvent(session) })),
  ];
  found.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const lines = found.slice(0, EVENTS).map(({ at, line }) => element("li", {}, element("time", { datetime: at }, fullTime(at)), element("span", {}, ...line)));
  return lines.length ? lines : [element("li", {}, t("events.none"))];
}

function incidentEvent(incident) {
  const open = incident.state === "open";
  const end = Date.parse(open ? incident.updated_at : incident.resolved_at || incident.updated_at);
  const took = span((end - Date.parse(incident.opened_at)) / 1000);
  const text = open ? t("events.open") : t("events.over", { took, time: fullTime(incident.resolved_at || incident.updated_at) });
  return [element("a", { href: incidentAddress(incident.incident_id) }, capitalised(incident.headline.label)), ` ${text}`];
}

function sessionEvent(session) {
  return [t("events.session", { state: session.state }), session.reason ? `: ${session.reason}` : ""];
}
