// Every text of the page by key. Another language is another object with the same keys, and a line in LANGUAGES.

const ENGLISH = {
  "nav.wall": "Cameras",
  "nav.incidents": "Incidents",
  "nav.reports": "Reports",

  "view.unknown": "There is no such page.",
  "view.notLoaded": "This view could not be loaded. Reload the page.",
  "view.toWall": "To the cameras",

  "link.waiting": "Connecting",
  "link.lost": "Connection lost",
  "link.live": "Live, {time}",
  "banner.silent": "No word from the Sightline server for {for}. What is shown below was true then and is not known now.",
  "banner.store": "The database is away ({why}). Incidents and history may be missing.",
  "banner.live": "{why}. Pictures and rates are missing until it is back.",
  "say.state": "{name}: {state}, {why}",
  "say.okAgain": "{name} is OK again",

  "state.fault": "Fault",
  "state.unknown": "Unknown",
  "state.suspected": "Suspected",
  "state.not_assessable": "Not assessable",
  "state.ok": "OK",
  "state.off": "Switched off",

  "wall.only": "Show only cameras that are",
  "wall.find": "Find a camera, site or group",
  "wall.findHint": "Find camera or site",
  "wall.chart": "Chart",
  "wall.over": "over",
  "wall.noMatch": "No camera matches.",
  "wall.noCameras": "No cameras yet: add one with “sightline cameras add”.",
  "wall.waiting": "Waiting for the first word from the server.",
  "wall.models": "Learned models: {judging} of {all} judge here",

  "incidents.open": "Open incidents ({n})",
  "incidents.none": "No open incident",
  "incidents.resolved": "Lately resolved ({n})",
  "incidents.empty": "No incidents yet.",
  "incidents.missing": "There is no such incident.",
  "incidents.all": "All incidents",

  "camera.missing": "There is no camera of this name.",
  "camera.noAnswer": "The server does not answer: nothing here is known to be true now.",
};

const LANGUAGES = { en: ENGLISH };

function chosen() {
  const wanted = (navigator.languages || ["en"]).map((each) => each.split("-")[0]);
  return wanted.find((each) => each in LANGUAGES) || "en";
}

const TEXTS = LANGUAGES[chosen()];

/** The text of a key, with `{name}` replaced by values.name; the key itself where no text is known. */
export function t(key, values = {}) {
  const text = TEXTS[key] || ENGLISH[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** "1 camera" or "3 cameras": the keys end in ".one" and ".many" and hold {n}. */
export function count(key, n, values = {}) {
  return t(`${key}.${n === 1 ? "one" : "many"}`, { n: n.toLocaleString("en"), ...values });
}

/** The keys that are known; for the tests. */
export const KEYS = Object.keys(ENGLISH);
