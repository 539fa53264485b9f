// Who is signed in. What they may not do is not shown: a control says in `data-needs` which role it asks for.

import { element } from "./format.js";
import { t } from "./texts.js";

const AGAIN_MS = 3000;
const NAME_KEY = "sightline.name";

/** Ask who this is, note it on the page, and offer to sign out in `place`. Until it is known nothing can be done. */
export async function showAccount(place) {
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (!answer || !answer.ok) {
    setTimeout(() => showAccount(place), AGAIN_MS);
    return;
  }
  const me = await answer.json();
  document.body.dataset.role = me.role;
  document.body.dataset.scope = me.sites.length || me.cameras.length ? "part" : "whole";
  // Whoever is signed in acts under that name.
  if (me.name) localStorage.setItem(NAME_KEY, me.name);
  if (!me.signed_in) return;
  place.replaceChildren(
    element("span", {}, me.name ? t("account.as", { name: me.name, role: t(`account.${me.role}`) }) : ""),
    element("form", { method: "post", action: "/logout" }, element("button", { type: "submit", class: "quiet", id: "sign-out" }, t("account.out"))));
  place.hidden = false;
}
