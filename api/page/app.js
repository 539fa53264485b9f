// The shell of the page: hears the server, shows the view of the address, and says where the server falls silent.

import { showAccount } from "./account.js";
import { capitalised, clockTime, duration, element } from "./format.js";
import { follow } from "./live.js";
import { countInTitle, startRouter } from "./router.js";
import { leaveOrWait, signInLink, watchTyping } from "./signed-out.js";
import { makeState } from "./state.js";
import { t } from "./texts.js";
import { LINKS } from "./views/registry.js";

const by = (id) => document.getElementById(id);
const state = makeState();

function announce({ before, after }) {
  if (!before || before.state === after.state) return;
  const said = after.headline ? after.headline.label : after.reason;
  if (["fault", "unknown"].includes(after.state)) by("announcer").textContent = t("say.state", { name: after.name, state: after.state_word, why: said });
  else if (before.state === "fault" && after.state === "ok") by("announcer").textContent = t("say.okAgain", { name: after.name });
}

/** Say loudly when what is shown is no longer known to be true. */
function showConnection() {
  const connection = state.connection();
  document.body.dataset.connection = connection;
  by("link-text").textContent = connection === "live" ? t("link.live", { time: clockTime(new Date(state.now())) }) : t(`link.${connection}`);
  const text = state.signedOut ? t("banner.signedOut") : connection === "lost" ? t("banner.silent", { for: duration(state.silentMs() / 1000) })
    : state.storeAway ? t("banner.store", { why: state.storeAway })
    : state.liveAway ? t("banner.live", { why: capitalised(state.liveAway) }) : "";
  const banner = by("banner");
  if (banner.dataset.said !== text) {
    banner.dataset.said = text;
    banner.replaceChildren(text, ...(state.signedOut ? [" ", signInLink()] : []));
  }
  banner.hidden = !text;
  banner.classList.toggle("lost", connection === "lost");
  by("shadow").textContent = state.shadow ? `${state.shadow}.` : "";
  by("shadow").hidden = !state.shadow;
}

/** Load the catalogues of metrics and faults; the views show bare keys until they are there. */
async function loadCatalogues() {
  try {
    const [metrics, faults] = await Promise.all(["metrics", "faults"].map(async (name) => {
      const answer = await fetch(`/api/v1/${name}`);
      if (!answer.ok) throw new Error(name);
      return answer.json();
    }));
    for (const metric of metrics) state.metrics.set(metric.key, metric);
    for (const fault of faults) state.faults.set(fault.fault, fault);
    state.tell("metrics");
  } catch {
    setTimeout(loadCatalogues, 3000);
  }
}

function showLinks() {
  by("nav").replaceChildren(...LINKS.map(([address, text, needs]) => element("a", { href: address, "data-needs": needs }, t(text))));
}

state.on("news", ({ changes }) => {
  changes.forEach(announce);
  countInTitle(state.counts.fault || 0);
  showConnection();
});
setInterval(() => {
  showConnection();
  state.tell("tick");
}, 1000);

showLinks();
// A kiosk link opens nothing but the wall.
if (location.pathname !== "/kiosk") showAccount(by("account"));
startRouter(by("main"), state);
watchTyping();
const listenAgain = follow(state.take, () => leaveOrWait(state, listenAgain));
loadCatalogues();
