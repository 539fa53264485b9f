// Hears the live stream once and passes it on to every page of this browser; a page that comes later gets all at once.

import { openStream } from "./live.js";

const FRESH_MS = 3000;
const pages = new Set();
const cameras = new Map();
let last = null;
let incidents = null;
let heardAt = 0;
let end = null;

function take(news) {
  heardAt = Date.now();
  last = news;
  incidents = news.incidents || incidents;
  for (const camera of news.cameras) cameras.set(camera.name, camera);
  const known = new Set(news.order);
  for (const name of cameras.keys()) if (!known.has(name)) cameras.delete(name);
  for (const page of pages) page.postMessage({ news });
}

function refused() {
  end = null;
  for (const page of pages) page.postMessage({ refused: true });
  pages.clear();
}

function begin(page) {
  pages.add(page);
  if (end === null) end = openStream(take, refused);
  // What is older may be true no more; the page says "Connecting" until there is news.
  else if (Date.now() - heardAt < FRESH_MS) page.postMessage({ news: { ...last, cameras: [...cameras.values()], incidents } });
}

function leave(page) {
  pages.delete(page);
  if (pages.size || end === null) return;
  end();
  end = null;
}

self.addEventListener("connect", ({ ports: [page] }) => {
  page.onmessage = ({ data }) => (data === "begin" ? begin(page) : leave(page));
});
