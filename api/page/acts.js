// How people act: sends what they decide, with their name, and asks for what is needed in a dialog.

import { element } from "./format.js";
import { showProblem } from "./signed-out.js";
import { t } from "./texts.js";

const NAME_KEY = "sightline.name";

/** Ask the server; return { data } or { error } with one sentence. `body` is sent as JSON. */
export async function send(method, path, body) {
  try {
    const answer = await fetch(path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    const data = answer.status === 204 ? null : await answer.json();
    if (answer.status === 401 && method !== "GET") return { error: t("signedOut.problem"), status: 401 };
    return answer.ok ? { data, status: answer.status } : { error: data.error, status: answer.status };
  } catch {
    return { error: t("act.noAnswer"), status: 0 };
  }
}

/** The API's path of an incident; its id is a path of its own. */
export function incidentPath(id) {
  return `/api/v1/incidents/${encodeURIComponent(id)}`;
}

export function cameraPath(name) {
  return `/api/v1/cameras/${encodeURIComponent(name)}`;
}

/** A field for the name of who acts, remembered for the next time. */
export function nameField() {
  const input = element("input", { name: "by", required: true, maxlength: 100, autocomplete: "name", value: localStorage.getItem(NAME_KEY) || "" });
  input.addEventListener("change", () => localStorage.setItem(NAME_KEY, input.value.trim()));
  return input;
}

/** A labelled field. */
export function labelled(text, field, attributes = {}) {
  return element("label", attributes, element("span", {}, text), field);
}

/** A select with (value, text) options. */
export function choice(attributes, options, value) {
  const select = element("select", attributes, ...options.map(([key, text]) => element("option", { value: key }, text)));
  select.value = value === undefined || value === null ? "" : value;
  return select;
}

/**
 * Ask in a dialog. `fields` are { name, label, value, required, maxlength, options }; `act(values)` sends them and
 * returns "" or what went wrong. Resolves to whether it was done.
 */
export function ask({ title, what, fields = [], submit, act }) {
  return new Promise((done) => {
    const by = nameField();
    const inputs = fields.map((field) => {
      const input = element("input", { name: field.name, required: field.required, maxlength: field.maxlength || 500, autocomplete: "off", value: field.value || "" });
      return labelled(field.label, input);
    });
    const problem = element("p", { class: "problem", role: "alert" });
    const cancel = element("button", { type: "button", class: "quiet", click: () => dialog.close() }, t("act.cancel"));
    const button = element("button", { type: "submit" }, submit);
    const form = element("form", { method: "dialog" },
      element("h2", {}, title), what ? element("p", {}, what) : null,
      ...inputs, labelled(t("act.name"), by), problem, element("div", { class: "buttons" }, cancel, button));
    const dialog = element("dialog", { class: "ask", "aria-label": title }, form);
    let acted = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      localStorage.setItem(NAME_KEY, by.value.trim());
      button.disabled = true;
      showProblem(problem, await act(Object.fromEntries([...new FormData(form)])));
      button.disabled = false;
      if (problem.textContent) return;
      acted = true;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(acted);
    });
    document.body.append(dialog);
    dialog.showModal();
    const first = form.querySelector("input:not([value]), input[value='']") || button;
    first.focus();
  });
}
