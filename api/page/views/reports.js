// Reports over a period, downloaded as a file.

import { element } from "../format.js";
import { setTitle } from "../router.js";
import { t } from "../texts.js";

export function open(container) {
  setTitle(t("nav.reports"));
  container.append(element("h1", {}, t("nav.reports")));
  return () => {};
}
