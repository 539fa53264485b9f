// Incidents on a line of time: each with its two ends on a scale that all of a list share.

import { element, fullTime } from "./format.js";

/** The first opening and the last end of incidents, in milliseconds; an open one reaches until now. */
export function extent(incidents, now) {
  const begins = incidents.map((each) => Date.parse(each.opened_at));
  const ends = incidents.map((each) => endOf(each, now));
  const from = Math.min(...begins, now);
  const to = Math.max(...ends, from + 60000);
  const margin = (to - from) * 0.02;
  return { from: from - margin, to: to + margin };
}

export function endOf(incident, now) {
  return incident.resolved_at ? Date.parse(incident.resolved_at) : incident.state === "open" ? now : Date.parse(incident.updated_at);
}

/** A bar from the incident's opening to its end; open ones have no end mark. */
export function bar(incident, { from, to }, now) {
  const place = (at) => (1000 * (at - from)) / (to - from);
  const begin = place(Date.parse(incident.opened_at));
  const end = Math.max(place(endOf(incident, now)), begin + 4);
  const open = incident.state === "open";
  return element("svg:svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", class: "time-bar", "data-severity": incident.severity, "data-open": String(open), "aria-hidden": "true" },
    element("svg:line", { x1: 0, x2: 1000, y1: 10, y2: 10, class: "rail" }),
    element("svg:rect", { x: begin, y: 5, width: end - begin, height: 10, class: "lasted" }),
    element("svg:line", { x1: begin, x2: begin, y1: 1, y2: 19, class: "end" }),
    open ? null : element("svg:line", { x1: end, x2: end, y1: 1, y2: 19, class: "end" }));
}

/** The two ends of the scale in words. */
export function scale({ from, to }) {
  return element("span", { class: "time-scale" },
    element("span", {}, fullTime(new Date(from).toISOString())), element("span", {}, fullTime(new Date(to).toISOString())));
}
