// Every text of the page by key. Another language is another object with the same keys, and a line in LANGUAGES.

import { ACTS } from "./texts-acts.js";

const ENGLISH = {
  ...ACTS,
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

  "wall.noSite": "No site",
  "wall.note": "Note",
  "wall.view": "Show as",
  "wall.cards": "Cards",
  "wall.table": "Table",
  "wall.grid": "Grid",
  "wall.pictures": "Pictures of now",
  "wall.site": "Site",
  "wall.allSites": "All sites",
  "wall.hidden": "{n} more; open the site, or show the wall as a table.",
  "wall.keys": "Keys: / finds, arrows or J and K go from camera to camera, Enter opens, Escape clears.",

  "site.allOk": "all {n} OK",
  "site.oneOk": "OK",
  "site.fault": "{n} with a fault",
  "site.unknown": "{n} unknown",
  "site.suspected": "{n} suspected",
  "site.not_assessable": "{n} not assessable",
  "site.ok": "{n} OK",
  "site.off": "{n} switched off",

  "column.state": "State",
  "column.camera": "Camera",
  "column.why": "Why",
  "column.number": "Number",
  "column.rate": "Rate",
  "column.frame": "Last frame",

  "filters.title": "Saved filters",
  "filters.name": "Name for what is shown now",
  "filters.save": "Save",
  "filters.remove": "Remove the filter {name}",
  "wall.only": "Show only cameras that are",
  "wall.find": "Find a camera, site or group",
  "wall.findHint": "Find camera or site",
  "wall.chart": "Chart",
  "wall.over": "over",
  "wall.noMatch": "No camera matches.",
  "wall.noCameras": "No cameras yet. Add one here, or with “sightline cameras add”.",
  "wall.waiting": "Waiting for the first word from the server.",
  "wall.models": "Learned models: {judging} of {all} judge here",

  "incidents.open": "Open incidents ({n})",
  "reports.about": "Usable time, incidents, image quality and trends of a period, for every camera. Days are those of each site's own time zone.",
  "reports.period": "Period",
  "reports.last-week": "Last week",
  "reports.this-week": "This week",
  "reports.last-month": "Last month",
  "reports.this-month": "This month",
  "reports.last-year": "Last year",
  "reports.this-year": "This year",
  "reports.yesterday": "Yesterday",
  "reports.today": "Today",
  "reports.days": "Days of my choice",
  "reports.from": "From",
  "reports.to": "To, included",
  "reports.site": "Site",
  "reports.group": "Group",
  "reports.camera": "Camera",
  "reports.all": "All",
  "reports.download": "Download {format}",
  "reports.making": "The report is being made; this takes a few seconds.",
  "reports.done": "Downloaded {name}.",

  "incidents.more": "All {n} open incidents",
  "incidents.none": "No open incident",
  "incidents.resolved": "Lately resolved ({n})",
  "incidents.empty": "No incidents yet.",
  "incidents.missing": "There is no such incident.",
  "incidents.all": "All incidents",

  "camera.picture": "{name} as it looks now",
  "camera.asking": "Asking for the picture of now",
  "camera.received": "Received {ago} ago. Kept in memory only.",
  "camera.since": "Since {time}, for {for}",
  "camera.symptoms": "Also: {symptoms}",
  "camera.toDo": "What to do:",
  "camera.taken": "Taken by {by}",
  "camera.incident": "Open the incident",
  "camera.checks": "Checks: {text}",

  "range.title": "Time range",
  "range.hour": "1 hour",
  "range.sixHours": "6 hours",
  "range.day": "24 hours",
  "range.week": "7 days",
  "range.month": "30 days",
  "range.year": "1 year",
  "range.now": "now",
  "range.move": "Move and zoom",
  "range.earlier": "Earlier",
  "range.later": "Later",
  "range.closer": "Zoom in",
  "range.wider": "Zoom out",
  "charts.title": "History",
  "charts.first": "First chart",
  "charts.whatMatters": "What matters now",
  "charts.none": "No numbers in this time.",
  "charts.summary": "last {last}, between {low} and {high}",
  "charts.legend": "Line: mean. Light blue: from least to greatest. Green: normal for this camera. Grey: night. Red: incident. Drag in a chart to zoom.",
  "states.shares": "In this time: {shares}",
  "states.none": "Nothing was written down about the camera's state in this time.",
  "states.partly": "Only the latest part of this time is counted.",

  "checks.title": "Checks and their numbers",
  "checks.others": "Other numbers",
  "checks.noNumbers": "This check has no number of its own.",
  "checks.usual": "usually {low} to {high}",
  "checks.ago": "{ago} ago",

  "events.title": "Events",
  "events.none": "Nothing happened yet.",
  "events.open": "is still open",
  "events.over": "was over after {took}, {time}",
  "events.session": "Connection began; state {state}",

  "baseline.title": "Baseline",
  "baseline.none": "None yet: it is learned from the first hours in each light.",
  "baseline.learning": "being learned",
  "baseline.learned": "learned",
  "baseline.refused": "refused",
  "baseline.accepted": "accepted",
  "baseline.by": "by {by}",
  "baseline.as": "as of {time}",
  "baseline.learning_now": "Learning {mode}",
  "baseline.left": "{time} left",
  "baseline.frames": "a few more good pictures are needed",

  "facts.title": "About this camera",
  "facts.unknown": "not known",
  "facts.none": "none",
  "facts.never": "never",
  "facts.address": "Address",
  "facts.place": "Site and group",
  "facts.connection": "Connection",
  "facts.stream": "Stream",
  "facts.keyFrames": "Key frames",
  "facts.every": "every {time}",
  "facts.frames": "Frames",
  "facts.counted": "{offered} offered, {dropped} dropped, {corrupt} corrupt",
  "facts.errors": "Reconnects, decode errors",
  "facts.plan": "Plan",
  "facts.sampling": "{mode}, a frame every {every} s",
  "facts.patrol": "patrol: {judge} s every {every} s",
  "facts.light": "Light",
  "facts.accepted": "View accepted",
  "facts.acceptedBy": "{time} by {by}",

  "advice.black": "Look at the picture: is the lens capped, the scene without light, or the exposure set wrongly?",
  "advice.too_dark": "Check the light at the scene, the infrared lamps and the exposure settings.",
  "advice.too_bright": "Check the exposure settings and wide dynamic range; shade the lens from the sun.",
  "advice.glare": "Turn the lamp or the camera so that no light shines into the lens.",
  "advice.blur": "Refocus the camera and clean the lens; check for condensation.",
  "advice.noise": "Add light, or check the gain, the noise reduction and the infrared lamps.",
  "advice.snow": "Check the cable and its connectors, above all on analogue cameras.",
  "advice.stripes": "Check the cable, the grounding and the power supply; set the shutter to the mains frequency.",
  "advice.low_contrast": "Clean the lens and the dome; take off any film; look for condensation.",
  "advice.colour_cast": "Check the white balance and the lamps at the scene.",
  "advice.ir_cut": "Check the infrared cut filter: switch the camera to day mode by hand, then restart it.",
  "advice.blockiness": "Raise the bitrate, or lower the frame rate or the resolution.",
  "advice.bitrate_starved": "Raise the bitrate of the stream and check the network's bandwidth.",
  "advice.bitrate_to": "Raise the bitrate to about {rate} and check the network's bandwidth.",
  "advice.freeze": "Restart the camera or the encoder; the picture does not change any more.",
  "advice.covered": "Go and look: something covers the lens. Uncover and clean it.",
  "advice.camera_moved": "Aim the camera again, or accept the new view if it was moved on purpose.",
  "advice.shake": "Fasten the mount; switch on image stabilisation.",
  "advice.corrupt_picture": "Check the network for packet loss and prefer RTSP over TCP.",
  "advice.decode_errors": "Check the network for packet loss and prefer RTSP over TCP.",
  "advice.placeholder": "Check the camera behind the recorder or the encoder: it sends a slate in place of a picture.",
  "advice.signal_loss": "Check power, network and address of the camera.",
  "advice.no_frames": "Restart the camera: it answers, but sends no video. Check how many sessions it allows.",
  "advice.low_fps": "Check the camera's frame rate and exposure time, and the load of its network.",
  "advice.resolution_changed": "Set the resolution back, or accept the new view if it was changed on purpose.",
  "advice.codec_changed": "Set the codec back if it was not changed on purpose.",
  "advice.login_refused": "Correct the user name and password in the camera's address; the camera may have locked the account.",
  "advice.codec_unsupported": "Set the stream to H.264, H.265 or MJPEG.",

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
