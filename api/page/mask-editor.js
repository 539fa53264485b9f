// Masks drawn on the picture of now: rectangles by pointer, the same numbers by keyboard.

import { element } from "./format.js";
import { t } from "./texts.js";

const MOST = 64;
const LEAST = 0.01;
const SIDES = ["left", "top", "width", "height"];

/** Make the editor of `masks` (fractions of width and height); `value()` returns what is drawn now. */
export function maskEditor(masks, pictureOf) {
  const drawn = masks.map((mask) => ({ ...mask }));
  const image = element("img", { alt: "", hidden: true });
  const surface = element("svg:svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", class: "mask-surface", role: "img", "aria-label": t("mask.area") });
  const list = element("ol", { class: "mask-list" });
  const caption = element("figcaption", {}, t("mask.how"));
  const frame = element("div", { class: "mask-frame" }, image, surface);
  const add = element("button", { type: "button", class: "quiet", id: "add-mask" }, t("mask.add"));
  const whole = element("fieldset", { class: "masks" }, element("legend", {}, t("mask.title")), element("figure", {}, caption, frame), list, add);

  function place(event) {
    const box = surface.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    return { x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) };
  }

  function between(a, b) {
    const round = (value) => Math.round(value * 1000) / 1000;
    const left = round(Math.min(a.x, b.x));
    const top = round(Math.min(a.y, b.y));
    return { left, top, width: round(Math.max(a.x, b.x) - left), height: round(Math.max(a.y, b.y) - top) };
  }

  function paint(growing) {
    const all = growing ? [...drawn, growing] : drawn;
    surface.replaceChildren(...all.map((mask, i) => element("svg:rect", {
      x: 1000 * mask.left, y: 1000 * mask.top, width: 1000 * mask.width, height: 1000 * mask.height, class: i === drawn.length ? "growing" : "mask",
    })));
  }

  function rows() {
    list.replaceChildren(...drawn.map((mask, i) => element("li", {},
      element("span", {}, t("mask.row", { n: i + 1 })),
      ...SIDES.map((side) => element("label", {}, element("span", {}, t(`mask.${side}`)), element("input", {
        type: "number", min: 0, max: 100, step: 0.1, required: true, value: Math.round(1000 * mask[side]) / 10, "data-mask": i, "data-side": side,
        input: (event) => {
          mask[side] = Math.min(100, Math.max(0, Number(event.target.value))) / 100;
          paint();
        },
      }))),
      element("button", { type: "button", class: "quiet", "aria-label": t("mask.remove", { n: i + 1 }), click: () => {
        drawn.splice(i, 1);
        show();
      } }, "×"))));
    add.disabled = drawn.length >= MOST;
  }

  function show() {
    paint();
    rows();
  }

  let start = null;
  surface.addEventListener("pointerdown", (event) => {
    if (drawn.length >= MOST) return;
    event.preventDefault();
    surface.setPointerCapture(event.pointerId);
    start = place(event);
  });
  surface.addEventListener("pointermove", (event) => start && paint(between(start, place(event))));
  surface.addEventListener("pointerup", (event) => {
    if (!start) return;
    const mask = between(start, place(event));
    start = null;
    if (mask.width >= LEAST && mask.height >= LEAST) drawn.push(mask);
    show();
  });
  surface.addEventListener("pointercancel", () => {
    start = null;
    paint();
  });
  add.addEventListener("click", () => {
    drawn.push({ left: 0.4, top: 0.4, width: 0.2, height: 0.2 });
    show();
    list.lastElementChild.querySelector("input").focus();
  });

  let url = null;
  /** Put a picture (a blob) under the masks. */
  function usePicture(blob) {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(blob);
    image.src = url;
    image.hidden = false;
    caption.textContent = t("mask.how");
  }

  show();
  pictureOf().then((blob) => (blob ? usePicture(blob) : caption.replaceChildren(t("mask.none"))));
  return { whole, usePicture, value: () => drawn.map((mask) => ({ ...mask })), close: () => url && URL.revokeObjectURL(url) };
}
