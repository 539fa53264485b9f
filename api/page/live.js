// The live stream. One serves every page of a browser, from a shared worker: a browser opens no more than six
// connections to a server, and with a stream each, the seventh page would wait for ever.

/** Hear the stream: `take` gets each piece of news, `refused` is called when the token is asked for. Return how to end. */
export function openStream(take, refused) {
  let source = null;
  let again = 0;
  const listen = () => {
    source = new EventSource("/api/v1/live");
    source.addEventListener("board", (event) => take(JSON.parse(event.data)));
    // A browser gives up a stream that was refused; then find out whether the token is asked for, and begin again.
    source.addEventListener("error", async () => {
      if (source.readyState !== EventSource.CLOSED) return;
      const answer = await fetch("/api/v1/metrics").catch(() => null);
      if (answer && answer.status === 401) refused();
      else again = setTimeout(listen, 3000);
    });
  };
  listen();
  return () => {
    clearTimeout(again);
    source.close();
  };
}

/**
 * Hear the stream that all pages of this browser share, or one of this page's own where there are no shared workers.
 * Return how to begin again after it was refused.
 */
export function follow(take, refused) {
  if (typeof SharedWorker === "undefined") {
    openStream(take, refused);
    return () => openStream(take, refused);
  }
  const worker = new SharedWorker(new URL("./live-worker.js", import.meta.url), { type: "module" });
  let alone = false;
  worker.addEventListener("error", () => {
    alone = true;
    openStream(take, refused);
  }, { once: true });
  worker.port.onmessage = ({ data }) => (data.refused ? refused() : take(data.news));
  worker.port.postMessage("begin");
  addEventListener("pagehide", () => worker.port.postMessage("end"));
  addEventListener("pageshow", ({ persisted }) => persisted && worker.port.postMessage("begin"));
  return () => (alone ? openStream(take, refused) : worker.port.postMessage("begin"));
}
