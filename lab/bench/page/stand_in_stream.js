// Stands in for the live stream, so that a day of updates can be fed to the page as fast as it takes them.
// The page itself is unchanged: it opens an EventSource and hears "board" events.

window.SharedWorker = undefined;
window.EventSource = class extends EventTarget {
  constructor() {
    super();
    window.liveStream = this;
  }

  close() {}
};

const STATES = ["ok", "ok", "ok", "fault", "suspected", "not_assessable", "unknown"];
let first = null;
let cameras = [];
let at = 0;
let seed = 14;

function chance() {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
}

function send(news) {
  window.liveStream.dispatchEvent(new MessageEvent("board", { data: JSON.stringify(news) }));
}

window.begin = (text) => {
  first = JSON.parse(text);
  cameras = first.cameras;
  at = Date.parse(first.now);
  send(first);
};

/** Feed `steps` updates, `stepS` simulated seconds apart, in which a share of the cameras has new numbers; a frame is drawn after each. */
window.feed = async (steps, stepS, share) => {
  for (let step = 0; step < steps; step += 1) {
    at += stepS * 1000;
    const now = new Date(at).toISOString();
    cameras = cameras.map((camera) => (chance() > share ? camera : { ...camera, fps: 24 + chance(), last_frame_at: now, judged_at: now }));
    for (let i = 0; i < 3; i += 1) {
      const place = Math.floor(chance() * cameras.length);
      cameras[place] = { ...cameras[place], state: STATES[Math.floor(chance() * STATES.length)] };
    }
    const counts = {};
    for (const camera of cameras) counts[camera.state] = (counts[camera.state] || 0) + 1;
    const incidents = step % 30 ? null : first.incidents;
    send({ ...first, now, cameras, counts, removed: [], incidents });
    await new Promise((drawn) => setTimeout(drawn, 0));
  }
  return true;
};
