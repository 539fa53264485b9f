// One incident: what it is, when it was, what people did about it, and whether the alarm was right.

import { ask, incidentPath, send } from "../acts.js";
import { capitalised, duration, element, fullTime, icon, metricName, normal, quantity } from "../format.js";
import { cameraAddress, setTitle } from "../router.js";
import { t } from "../texts.js";
import { bar, endOf, extent, scale } from "../timeline.js";

const AGAIN_MS = 5000;
const ANSWERS = ["right", "wrong", "new-normal"];

export function open(container, params, state) {
  const mine = { id: params.id, state, ended: false };
  mine.title = element("h1", {}, t("nav.incidents"));
  mine.place = element("div", { class: "incident-page" });
  container.append(element("p", { class: "trail" }, element("a", { href: "/incidents" }, t("incidents.all"))), mine.title, mine.place);
  load(mine);
  const stop = state.on("news", ({ incidents }) => incidents && load(mine));
  // What others write is no news of the live stream.
  const again = setInterval(() => load(mine), AGAIN_MS);
  return () => {
    mine.ended = true;
    clearInterval(again);
    stop();
  };
}

async function load(mine) {
  const [found, log] = await Promise.all([send("GET", incidentPath(mine.id)), send("GET", `${incidentPath(mine.id)}/log`)]);
  if (mine.ended) return;
  if (found.error) {
    mine.place.replaceChildren(element("p", { class: "problem" }, found.status === 404 ? t("incidents.missing") : t("camera.noAnswer")));
    return;
  }
  const shown = JSON.stringify([found.data, log.data, mine.state.heard(), mine.state.metrics.size]);
  if (shown === mine.shown) return;
  mine.shown = shown;
  const incident = found.data;
  mine.title.textContent = capitalised(incident.headline.label);
  setTitle(mine.title.textContent);
  const focused = document.activeElement && document.activeElement.id;
  mine.place.replaceChildren(facts(mine, incident), acts(mine, incident), answers(mine, incident), story(log.data || []));
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
}

function facts(mine, incident) {
  const { state } = mine;
  const range = extent([incident], state.now());
  const { evidence } = incident;
  const metric = state.metrics.get(evidence.metric);
  const unit = evidence.unit || (metric ? metric.unit : "");
  const open = incident.state === "open";
  const lasted = (endOf(incident, state.now()) - Date.parse(incident.opened_at)) / 1000;
  const around = { from: new Date(range.from).toISOString(), to: new Date(range.to).toISOString() };
  const pairs = [
    [t("incident.state"), [icon(open ? "fault" : "ok"), ` ${t(open ? "incident.open" : "incident.resolved")}, ${t(`incident.${incident.severity}`)}`]],
    [t("incident.camera"), incident.members.length ? incident.members.join(", ")
      : [element("a", { href: cameraAddress(incident.camera) }, incident.camera), ` (`, element("a", { href: cameraAddress(incident.camera, around) }, t("incident.toCamera")), ")"]],
    [t("incident.site"), [incident.site, incident.group].filter(Boolean).join(", ")],
    [t("incident.number"), evidence.value === null ? "" : [`${metricName(state.metrics, evidence.metric)}: ${quantity(evidence.value, unit)}`, normal(evidence.normal_low, evidence.normal_high, unit)].filter(Boolean).join(", ")],
    [t("incident.symptoms"), incident.symptoms.map((each) => each.label).join(", ")],
    [t("incident.time"), open ? t("incident.since", { from: fullTime(incident.opened_at) })
      : t("incident.span", { from: fullTime(incident.opened_at), to: fullTime(incident.resolved_at || incident.updated_at), for: duration(lasted) })],
    [t("incident.people"), [
      incident.acknowledged_by ? t("incident.takenBy", { name: incident.acknowledged_by }) : "",
      incident.assigned_to ? t("incident.assignedTo", { name: incident.assigned_to }) : "",
    ].filter(Boolean).join(", ")],
  ];
  return element("section", { class: "sheet" },
    incident.summary ? element("p", { class: "summary-line" }, incident.summary) : null,
    element("dl", { class: "more" }, ...pairs.filter(([, value]) => value && value.length).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element("div", { class: "when wide" }, scale(range), bar(incident, range, state.now())));
}

function acts(mine, incident) {
  const act = (what, { title, fields }) => async () => {
    const done = await ask({
      title, fields, submit: t(`incident.${what}`),
      act: async (values) => (await send("POST", `${incidentPath(mine.id)}/${what}`, values)).error || "",
    });
    if (done) load(mine);
  };
  const note = { name: "note", label: t("incident.noteMaybe") };
  const button = (what, asked) => element("button", { type: "button", class: "take", id: `act-${what}`, "data-needs": "operator", click: act(what, asked) }, t(`incident.${what}`));
  return element("p", { class: "acts" },
    incident.acknowledged_by ? null : button("acknowledge", { title: t("incident.acknowledgeOne"), fields: [{ name: "reason", label: t("incident.reason") }] }),
    button("assign", { title: t("incident.assignTitle"), fields: [{ name: "to", label: t("incident.assignTo"), maxlength: 100, value: incident.assigned_to }, note] }),
    button("comment", { title: t("incident.commentTitle"), fields: [{ name: "note", label: t("incident.note"), required: true }] }));
}

function answers(mine, incident) {
  const give = (answer) => async () => {
    const done = await ask({
      title: t("incident.answerTitle", { answer: t(`incident.${answer}`) }),
      what: answer === "new-normal" && incident.camera ? t("incident.accepts", { camera: incident.camera }) : "",
      fields: [{ name: "note", label: t("incident.noteMaybe") }],
      submit: t(`incident.${answer}`),
      act: async (values) => (await send("POST", `${incidentPath(mine.id)}/answer`, { ...values, answer })).error || "",
    });
    if (done) load(mine);
  };
  return element("section", { class: "sheet" },
    element("h2", {}, t("incident.wasRight")),
    element("p", { class: "quietly" }, incident.answer
      ? t("incident.answeredBy", { name: incident.answered_by, answer: t(`incident.${incident.answer}`) }) : t("incident.wasRightHow")),
    element("p", { class: "acts" }, ...ANSWERS.map((answer) => element("button", {
      type: "button", class: "take", id: `answer-${answer}`, "data-needs": "operator", "aria-pressed": String(incident.answer === answer), click: give(answer),
    }, t(`incident.${answer}`)))));
}

function story(log) {
  return element("section", { class: "sheet" },
    element("h2", {}, t("incident.log")),
    log.length ? element("ol", { class: "log" }, ...log.map(step)) : element("p", { class: "quietly" }, t("incident.noLog")));
}

function step(entry) {
  const what = entry.action === "assign" && !entry.value ? "unassign" : entry.action;
  const value = entry.action === "answer" ? t(`incident.${entry.value}`) : entry.value;
  return element("li", {},
    element("time", { datetime: entry.at }, fullTime(entry.at)), " ",
    element("strong", {}, entry.by), ` ${t(`incident.did.${what}`, { value })}`,
    entry.note ? element("span", { class: "note" }, entry.note) : null);
}
