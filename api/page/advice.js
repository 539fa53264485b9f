// What a guard does about a fault: one sentence, with a number where the evidence gives one.

import { bitrate } from "./format.js";
import { t } from "./texts.js";

/** What to do about the camera's headline; "" where nothing is to be done. */
export function advice(camera) {
  if (!camera.headline) return "";
  const fault = camera.headline.fault;
  const { evidence } = camera;
  if (fault === "bitrate_starved" && evidence && evidence.metric === "bitrate_bps" && evidence.normal_low) {
    return t("advice.bitrate_to", { rate: bitrate(evidence.normal_low) });
  }
  const known = t(`advice.${fault}`);
  return known === `advice.${fault}` ? "" : known;
}
