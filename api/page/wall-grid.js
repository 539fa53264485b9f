// The wall as a dense grid: one small tile a camera, all of them at once; pictures of now only where they are asked for.

import { capitalised, element } from "./format.js";
import { cameraAddress } from "./router.js";
import { t } from "./texts.js";
import { inOrder } from "./wall-cards.js";
import { bySite, isCalm, siteHead, tally } from "./wall-sites.js";

const PICTURE_AGAIN_MS = 10000;
const MOST_PICTURES = 60;

/** Make the layout in `root`; without `links` nothing in it leads anywhere. Its `show(cameras, fold)` gets what is to be seen, worst first, and whether to fold what is in order. */
export function gridWall(root, { folds, links = true }) {
  const tiles = new Map();
  const sections = new Map();
  const inSight = new Set();
  let pictures = false;
  let last = [[], false];
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) inSight.add(entry.target);
      else {
        inSight.delete(entry.target);
        withoutPicture(entry.target);
      }
    }
    showPictures();
  });
  const button = element("button", { type: "button", class: "count", "aria-pressed": "false", click: () => {
    pictures = !pictures;
    button.setAttribute("aria-pressed", String(pictures));
    root.classList.toggle("pictures", pictures);
    if (pictures) showPictures();
    else tiles.forEach(({ tile }) => withoutPicture(tile));
  } }, t("wall.pictures"));
  const board = element("div");
  root.append(element("p", { class: "bar", hidden: !links }, button), board);

  function show(cameras, fold) {
    last = [cameras, fold];
    inOrder(board, [...bySite(cameras)].map(([site, members]) => section(site, members, fold)));
    const names = new Set(cameras.map((camera) => camera.name));
    for (const [name, { tile }] of tiles) {
      if (names.has(name)) continue;
      sight.unobserve(tile);
      inSight.delete(tile);
      tiles.delete(name);
    }
  }

  function section(site, members, fold) {
    if (!sections.has(site)) {
      const made = element("section", { class: "site", "data-site": site }, siteHead(site, { open: true, text: "", toggle: () => {
        folds.toggle(site, made.querySelector("h2 button").getAttribute("aria-expanded") !== "true");
        show(...last);
      } }), element("div", { class: "tiles" }));
      sections.set(site, made);
    }
    const made = sections.get(site);
    const open = folds.isOpen(site, !fold || !members.every(isCalm));
    made.querySelector("h2 button").setAttribute("aria-expanded", String(open));
    made.querySelector(".tally").textContent = tally(members);
    inOrder(made.querySelector(".tiles"), open ? members.map(tileOf) : []);
    return made;
  }

  function tileOf(camera) {
    const known = tiles.get(camera.name);
    if (known && known.camera === camera) return known.tile;
    const tile = known ? known.tile : element(links ? "a" : "span", { class: "tile", role: links ? null : "img", href: links ? cameraAddress(camera.name) : null, "data-name": camera.name }, camera.name);
    if (!known) sight.observe(tile);
    const why = camera.headline ? capitalised(camera.headline.label) : camera.reason;
    const text = [camera.name, camera.state_word, why].filter(Boolean).join(", ");
    tile.dataset.state = camera.state;
    tile.dataset.severity = camera.severity;
    tile.title = text;
    tile.setAttribute("aria-label", text);
    tiles.set(camera.name, { camera, tile });
    return tile;
  }

  function withoutPicture(tile) {
    const image = tile.querySelector("img");
    if (image) image.remove();
  }

  /** Ask for pictures of tiles in sight; a camera whose state is not known now shows none. */
  function showPictures() {
    if (!pictures) return;
    for (const tile of [...inSight].slice(0, MOST_PICTURES)) {
      if (["unknown", "off"].includes(tile.dataset.state)) {
        withoutPicture(tile);
        continue;
      }
      const address = `/api/v1/cameras/${encodeURIComponent(tile.dataset.name)}/picture?width=320&at=${Math.floor(Date.now() / PICTURE_AGAIN_MS)}`;
      const image = tile.querySelector("img") || element("img", { alt: "", loading: "lazy", error: (event) => event.target.remove() });
      if (image.getAttribute("src") !== address) image.src = address;
      if (!image.isConnected) tile.prepend(image);
    }
  }

  const again = setInterval(showPictures, PICTURE_AGAIN_MS);
  return {
    show,
    close() {
      clearInterval(again);
      sight.disconnect();
    },
  };
}
