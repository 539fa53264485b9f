// A session that ends while somebody types: what is typed stays, and they sign in beside it.

import { element } from "./format.js";
import { t } from "./texts.js";

const AGAIN_MS = 3000;
let touched = null;

/** Note in which form somebody began to type or draw. */
export function watchTyping() {
  for (const kind of ["input", "pointerdown"]) {
    document.addEventListener(kind, ({ target }) => {
      touched = (target.closest && target.closest("dialog, form.edit")) || touched;
    }, true);
  }
  addEventListener("beforeunload", (event) => hasUnsaved() && event.preventDefault());
}

/** Whether leaving the page would lose something. */
export function isTyping() {
  const open = document.querySelector("dialog[open]");
  return Boolean(open) || hasUnsaved();
}

function hasUnsaved() {
  return Boolean(touched && touched.isConnected && touched.tagName !== "DIALOG");
}

/** What was typed into the form is stored or given up. */
export function forgetTyping() {
  touched = null;
}

/** Ask whether to leave a form whose changes are not saved; true where there is none. */
export function leaves() {
  const goes = !hasUnsaved() || confirm(t("edit.leave"));
  if (goes) forgetTyping();
  return goes;
}

/** Where to sign in; afterwards the present address is shown. */
export function signInAddress() {
  return `/login?${new URLSearchParams({ next: location.pathname + location.search })}`;
}

/** A link that signs in without leaving what is typed. */
export function signInLink() {
  return element("a", { href: signInAddress(), target: "_blank", rel: "noopener", class: "sign-in-beside" }, t("signedOut.link"));
}

/** Show a problem where somebody acts; after the end of the session with a link that signs in again. */
export function showProblem(place, text) {
  place.textContent = text;
  if (text === t("signedOut.problem")) place.append(" ", signInLink());
}

/** The session is over: sign in at once, or where something is typed say so and listen again until it is. */
export function leaveOrWait(state, listenAgain) {
  if (!isTyping()) {
    location.assign(signInAddress());
    return;
  }
  state.signedOut = true;
  setTimeout(listenAgain, AGAIN_MS);
}
