// What a person can do with a camera from its page, and the list of its changes with undo.

import { ask, cameraPath, send } from "./acts.js";
import { element, fullTime } from "./format.js";
import { cameraAddress, go } from "./router.js";
import { t } from "./texts.js";
import { trialResult } from "./views/camera-edit.js";

/** Show the actions of a camera in `container`. */
export function cameraActs(container, name, state) {
  const mine = { name, ended: false, place: element("section", { class: "camera-acts", "aria-label": t("edit.act") }), said: element("div", { role: "status" }) };
  container.append(mine.place);
  load(mine);
  // Others remove a camera and add it again while its page is open.
  const stop = state.on("news", ({ changes, removed }) => {
    if (removed.includes(name) || (mine.gone && changes.some(({ after }) => after.name === name))) load(mine);
  });
  return () => {
    mine.ended = true;
    stop();
  };
}

async function load(mine) {
  const [settings, changes] = await Promise.all([
    send("GET", `${cameraPath(mine.name)}/settings`),
    send("GET", `/api/v1/camera-changes?${new URLSearchParams({ camera: mine.name, limit: 20 })}`),
  ]);
  if (mine.ended) return;
  const listed = changes.data || [];
  mine.gone = settings.status === 404;
  if (mine.gone) {
    mine.place.replaceChildren(element("p", { class: "quietly" }, t(listed.length ? "edit.gone" : "edit.never")), ...(listed.length ? [changeList(mine, listed, true)] : []));
    return;
  }
  if (settings.error) return;
  const { enabled, source } = settings.data;
  mine.place.replaceChildren(
    element("p", { class: "acts" },
      element("a", { class: "take", id: "edit-camera", "data-needs": "admin", href: `${cameraAddress(mine.name)}/edit` }, t("edit.settings")),
      button("try", "admin", () => tryOut(mine)),
      button("accept", "operator", () => act(mine, "accept", t("edit.acceptHow"), "POST", "/accept")),
      button(enabled ? "off" : "on", "admin", () => act(mine, enabled ? "off" : "on", "", "PATCH", "", { enabled: !enabled })),
      button("remove", "admin", () => remove(mine))),
    mine.said,
    element("p", { class: "quietly" }, source.text),
    changeList(mine, listed, false));
}

function changeList(mine, listed, open) {
  return element("details", { class: "changes", open }, element("summary", {}, t("edit.changes")),
    listed.length ? element("ol", { class: "log" }, ...listed.map((change) => line(mine, change))) : element("p", { class: "quietly" }, t("edit.noChanges")));
}

function button(key, needs, click) {
  return element("button", { type: "button", class: "take", id: `camera-${key}`, "data-needs": needs, click }, t(`edit.${key}`));
}

async function act(mine, key, what, method, path, body = {}) {
  const done = await ask({
    title: t(`edit.${key}Title`, { name: mine.name }), what, submit: t(`edit.${key}`),
    act: async ({ by }) => (await send(method, `${cameraPath(mine.name)}${path}`, { by, ...body })).error || "",
  });
  if (done) load(mine);
}

async function remove(mine) {
  const done = await ask({
    title: t("edit.removeTitle", { name: mine.name }), what: t("edit.removeHow"), submit: t("edit.remove"),
    act: async ({ by }) => (await send("POST", `${cameraPath(mine.name)}/remove`, { by })).error || "",
  });
  if (done) go("/");
}

async function tryOut(mine) {
  let found = null;
  const done = await ask({
    title: t("edit.try"), what: t("edit.trying"), submit: t("edit.try"),
    act: async ({ by }) => {
      const { data, error } = await send("POST", "/api/v1/camera-trials", { by, camera: mine.name });
      found = data;
      return error || "";
    },
  });
  if (done && found) mine.said.replaceChildren(trialResult(found));
}

function line(mine, change) {
  const undo = async () => {
    const done = await ask({
      title: t("edit.undoTitle"), what: change.text, submit: t("edit.undo"),
      act: async ({ by }) => (await send("POST", `/api/v1/camera-changes/${change.id}/undo`, { by })).error || "",
    });
    if (done) load(mine);
  };
  return element("li", {},
    element("time", { datetime: change.at }, fullTime(change.at)), " ",
    element("strong", {}, t("edit.change", { by: change.by, action: change.action })),
    change.text ? element("span", { class: "note" }, change.text) : null,
    change.undoable ? element("button", { type: "button", class: "quiet", "data-needs": "admin", click: undo }, t("edit.undo"))
      : element("span", { class: "quietly" }, t("edit.notUndone", { why: change.why_not })));
}
