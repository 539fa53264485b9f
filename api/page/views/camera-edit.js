// Add a camera, or change one: address, place, how it is judged, masks, faults.

import { cameraPath, labelled, nameField, send } from "../acts.js";
import { bitrate, capitalised, element, number } from "../format.js";
import { blank, changes, faultFields, howFields, whereFields } from "../camera-fields.js";
import { maskEditor } from "../mask-editor.js";
import { cameraAddress, go, setTitle } from "../router.js";
import { forgetTyping, showProblem } from "../signed-out.js";
import { t } from "../texts.js";

export function open(container, params, state) {
  const mine = { name: params.name || "", state, container, ended: false, editor: null };
  const title = mine.name ? t("edit.title", { name: mine.name }) : t("edit.add");
  setTitle(title);
  mine.place = element("div", {});
  container.append(
    element("p", { class: "trail" }, element("a", { href: "/" }, t("nav.wall")), mine.name ? [" › ", element("a", { href: cameraAddress(mine.name) }, mine.name)] : ""),
    element("h1", {}, title), mine.place);
  begin(mine);
  return () => {
    mine.ended = true;
    if (mine.editor) mine.editor.close();
  };
}

async function begin(mine) {
  const { data, error } = mine.name ? await send("GET", `${cameraPath(mine.name)}/settings`) : await send("GET", "/api/v1/faults");
  if (mine.ended) return;
  if (error) {
    mine.place.replaceChildren(element("p", { class: "problem" }, error));
    return;
  }
  show(mine, mine.name ? data : blank(data));
}

function show(mine, settings) {
  const isNew = !mine.name;
  if (mine.editor) mine.editor.close();
  mine.editor = maskEditor(settings.masks, () => picture(mine));
  const tried = element("div", { class: "tried", role: "status" });
  const said = element("p", { class: "said", role: "status" });
  const by = nameField();
  const sites = [...new Set([...mine.state.cameras.values()].map((camera) => camera.site).filter(Boolean))].sort();
  const tryButton = element("button", { type: "button", class: "quiet", id: "try-camera", "data-needs": "admin", click: () => tryOut(mine, form, tried, tryButton) }, t("edit.try"));
  const save = element("button", { type: "submit", id: "save-camera", "data-needs": "admin" }, isNew ? t("edit.add") : t("edit.save"));
  const form = element("form", { class: "edit", novalidate: false },
    settings.source ? element("p", { class: "source" }, settings.source.text) : null,
    element("datalist", { id: "known-sites" }, ...sites.map((site) => element("option", { value: site }))),
    whereFields(settings, isNew), element("p", { class: "acts" }, tryButton), tried,
    howFields(settings), mine.editor.whole, faultFields(settings),
    element("div", { class: "save" }, labelled(t("act.name"), by), save, said));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    save.disabled = true;
    await store(mine, form, settings, said);
    save.disabled = false;
  });
  mine.place.replaceChildren(form);
}

async function picture(mine) {
  if (!mine.name) return null;
  const answer = await fetch(`${cameraPath(mine.name)}/picture?width=960`).catch(() => null);
  return answer && answer.ok ? answer.blob() : null;
}

async function store(mine, form, settings, said) {
  const by = form.elements.by.value.trim();
  localStorage.setItem("sightline.name", by);
  const found = changes(form, settings, mine.editor.value());
  said.className = "said";
  if (mine.name && !Object.keys(found).length) {
    said.textContent = t("edit.nothing");
    return;
  }
  const { data, error, status } = mine.name
    ? await send("PATCH", cameraPath(mine.name), { by, last_change: settings.last_change, ...found })
    : await send("POST", "/api/v1/cameras", { by, name: form.elements.name.value, ...found });
  if (mine.ended) return;
  if (error) {
    said.className = "said problem";
    showProblem(said, capitalised(error));
    if (mine.name && status === 409) said.append(". ", t("edit.mineHow"), " ", saveAllTheSame(mine, form, settings, said));
    if (mine.name && status === 404) said.append(". ", element("a", { href: cameraAddress(mine.name) }, t("edit.whatHappened")));
    return;
  }
  forgetTyping();
  if (!mine.name) {
    go(cameraAddress(data.name));
    return;
  }
  show(mine, data);
  mine.place.querySelector(".said").textContent = t("edit.saved");
}

/** Somebody changed the camera meanwhile: save what was changed here, and leave what they changed elsewhere. */
function saveAllTheSame(mine, form, settings, said) {
  return element("button", { type: "button", class: "quiet", id: "save-mine", click: async () => {
    const { data, error } = await send("GET", `${cameraPath(mine.name)}/settings`);
    if (mine.ended) return;
    if (error) showProblem(said, capitalised(error));
    else await store(mine, form, { ...settings, last_change: data.last_change }, said);
  } }, t("edit.mine"));
}

async function tryOut(mine, form, tried, button) {
  if (!form.elements.by.value.trim()) {
    form.elements.by.focus();
    form.elements.by.reportValidity();
    return;
  }
  const body = { by: form.elements.by.value, address: form.elements.address.value, transport: form.elements.transport.value };
  if (mine.name) body.camera = mine.name;
  button.disabled = true;
  tried.replaceChildren(element("p", { class: "quietly" }, t("edit.trying")));
  const { data, error } = await send("POST", "/api/v1/camera-trials", body);
  button.disabled = false;
  if (mine.ended) return;
  if (error) {
    tried.replaceChildren(element("p", { class: "problem" }, error));
    return;
  }
  tried.replaceChildren(trialResult(data));
  if (data.picture) {
    const bytes = Uint8Array.from(atob(data.picture), (each) => each.charCodeAt(0));
    mine.editor.usePicture(new Blob([bytes], { type: "image/jpeg" }));
  }
}

/** What came of opening a camera once, in words. */
export function trialResult(found) {
  const facts = [found.codec, found.fps === null ? "" : `${number(found.fps)} fps`, found.bitrate_bps === null ? "" : bitrate(found.bitrate_bps)].filter(Boolean);
  const reason = found.reason.replace(/\.$/, "");
  return element("p", { class: found.works ? "good" : "problem" }, found.works
    ? t("edit.works", { reason, facts: facts.length ? `, ${facts.join(", ")}` : "" }) : t("edit.fails", { reason }));
}
