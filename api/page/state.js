// What the server says, kept in one place for every view. A view reads it and listens to what changes.

const SILENT_MS = 5000;

/** Make the state. Its `take` gets each piece of news of the live stream. */
export function makeState() {
  const listeners = { news: new Set(), tick: new Set(), metrics: new Set() };
  let heardAt = 0;
  let ahead = 0;
  const state = {
    cameras: new Map(),
    metrics: new Map(),
    faults: new Map(),
    order: [],
    counts: {},
    incidents: [],
    storeAway: "",
    liveAway: "",
    /** "" or a sentence: where shadow mode is on. */
    shadow: "",
    /** Whether the session is over and something typed would be lost by signing in here. */
    signedOut: false,
    /** The server's time in milliseconds. */
    now: () => Date.now() + ahead,
    /** Whether anything was heard since the page was opened. */
    heard: () => heardAt > 0,
    silentMs: () => Date.now() - heardAt,
    connection: () => (heardAt === 0 ? "waiting" : Date.now() - heardAt > SILENT_MS ? "lost" : "live"),
    /** Listen to "news" (the server said something), "tick" (each second), "metrics" (the catalogue came). Return how to stop. */
    on(event, listener) {
      listeners[event].add(listener);
      return () => listeners[event].delete(listener);
    },
    tell(event, detail) {
      for (const listener of [...listeners[event]]) listener(detail);
    },
    take(news) {
      heardAt = Date.now();
      ahead = Date.parse(news.now) - heardAt;
      Object.assign(state, { signedOut: false, storeAway: news.store, liveAway: news.live, shadow: news.shadow, order: news.order, counts: news.counts });
      const changes = news.cameras.map((camera) => ({ before: state.cameras.get(camera.name), after: camera }));
      for (const camera of news.cameras) state.cameras.set(camera.name, camera);
      for (const name of news.removed) state.cameras.delete(name);
      if (news.incidents) state.incidents = news.incidents;
      state.tell("news", { changes, removed: news.removed, incidents: Boolean(news.incidents) });
    },
  };
  return state;
}
