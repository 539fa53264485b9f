// Masks drawn on the picture of now: rectangles and polygons by pointer, the same numbers by keyboard, and undo.

import { element } from "./format.js";
import { between, cornersOf, cornersText, isMeant, isNear, polygon, MOST_CORNERS } from "./mask-shapes.js";
import { t } from "./texts.js";

const MOST = 64;
const SIDES = ["left", "top", "width", "height"];
const NEW = { rectangle: [0.4, 0.4, 0.2, 0.2], polygon: [[0.4, 0.4], [0.6, 0.4], [0.5, 0.6]] };

/** Make the editor of `masks` (fractions of width and height); `value()` returns what is drawn now. */
export function maskEditor(masks, pictureOf) {
  let drawn = masks.map(copy);
  const before = [];
  let corners = [];
  let start = null;
  const image = element("img", { alt: "", hidden: true });
  const surface = element("svg:svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", class: "mask-surface", role: "img", "aria-label": t("mask.area") });
  const list = element("ol", { class: "mask-list" });
  const caption = element("figcaption", {}, t("mask.how"));
  const button = (id, click) => element("button", { type: "button", class: "quiet", id, click }, t(`mask.${id}`));
  const shape = element("select", { id: "mask-shape", change: () => endCorners() }, ...Object.keys(NEW).map((key) => element("option", { value: key }, t(`mask.${key}`))));
  const add = button("add-mask", addByKeyboard);
  const undo = button("undo-mask", takeBack);
  const tools = element("p", { class: "acts" }, element("label", {}, element("span", {}, t("mask.shape")), shape), add, undo);
  const whole = element("fieldset", { class: "masks" }, element("legend", {}, t("mask.title")),
    element("figure", {}, caption, element("div", { class: "mask-frame" }, image, surface)), tools, list);

  function copy(mask) {
    return { ...mask, points: (mask.points || []).map((each) => [...each]) };
  }

  function change(next) {
    before.push(drawn.map(copy));
    drawn = next;
    show();
  }

  let unchanged = null;
  function noteBefore() {
    unchanged = drawn.map(copy);
  }

  /** What is typed into one field is one step to undo. */
  function typed() {
    if (unchanged) before.push(unchanged);
    unchanged = null;
    undo.disabled = false;
  }

  function takeBack() {
    if (corners.length) corners.pop();
    else if (before.length) drawn = before.pop();
    show();
    (undo.disabled ? add : undo).focus();
  }

  function addByKeyboard() {
    const [left, top, width, height] = NEW.rectangle;
    change([...drawn, shape.value === "polygon" ? polygon(NEW.polygon) : { left, top, width, height, points: [] }]);
    list.lastElementChild.querySelector("input").focus();
  }

  function place(event) {
    const box = surface.getBoundingClientRect();
    const within = (value) => Math.min(1, Math.max(0, value));
    return { x: within((event.clientX - box.left) / box.width), y: within((event.clientY - box.top) / box.height) };
  }

  function outline(mask, look) {
    const points = mask.points.length ? mask.points
      : [[mask.left, mask.top], [mask.left + mask.width, mask.top], [mask.left + mask.width, mask.top + mask.height], [mask.left, mask.top + mask.height]];
    return element("svg:polygon", { class: look, points: points.map(([x, y]) => `${1000 * x},${1000 * y}`).join(" ") });
  }

  function paint(growing) {
    surface.replaceChildren(...drawn.map((mask) => outline(mask, "mask")), ...(growing ? [outline(growing, "growing")] : []));
  }

  function paintCorners(next) {
    const points = [...corners, ...(next ? [next] : [])].map(({ x, y }) => [x, y]);
    paint(points.length ? { points } : null);
  }

  function rows() {
    list.replaceChildren(...drawn.map((mask, i) => element("li", { class: mask.points.length ? "polygon" : "rectangle" },
      element("span", {}, t("mask.row", { n: i + 1 })), ...(mask.points.length ? [cornerField(mask, i)] : SIDES.map((side) => sideField(mask, i, side))),
      element("button", { type: "button", class: "quiet", "aria-label": t("mask.remove", { n: i + 1 }), click: () => {
        change(drawn.filter((_, at) => at !== i));
        add.focus();
      } }, "×"))));
    add.disabled = drawn.length >= MOST;
    undo.disabled = !before.length && !corners.length;
  }

  function sideField(mask, i, side) {
    return element("label", {}, element("span", {}, t(`mask.${side}`)), element("input", {
      type: "number", min: 0, max: 100, step: 0.1, required: true, value: Math.round(1000 * mask[side]) / 10, "data-mask": i, "data-side": side,
      focus: noteBefore,
      input: (event) => {
        typed();
        mask[side] = Math.min(100, Math.max(0, Number(event.target.value))) / 100;
        paint();
      },
    }));
  }

  function cornerField(mask, i) {
    return element("label", { class: "wide" }, element("span", {}, t("mask.corners")), element("input", {
      required: true, value: cornersText(mask.points), "data-mask": i, "data-side": "points",
      focus: noteBefore,
      input: (event) => {
        typed();
        const points = cornersOf(event.target.value);
        event.target.setCustomValidity(points ? "" : t("mask.cornersHow"));
        if (!points) return;
        Object.assign(mask, polygon(points));
        paint();
      },
    }));
  }

  function show() {
    paintCorners();
    rows();
  }

  /** Close the polygon that is being drawn; too few corners make none. */
  function endCorners() {
    const made = corners.length >= 3 ? polygon(corners.map(({ x, y }) => [x, y])) : null;
    corners = [];
    if (made && isMeant(made)) change([...drawn, made]);
    else show();
  }

  function takeCorner(at) {
    if (corners.length >= 3 && isNear(at, corners[0])) endCorners();
    else if (corners.length < MOST_CORNERS && !(corners.length && isNear(at, corners.at(-1)))) {
      corners.push(at);
      show();
    }
  }

  surface.addEventListener("pointerdown", (event) => {
    if (drawn.length >= MOST) return;
    event.preventDefault();
    surface.setPointerCapture(event.pointerId);
    start = place(event);
  });
  surface.addEventListener("pointermove", (event) => {
    if (shape.value === "polygon") corners.length && paintCorners(place(event));
    else if (start) paint(between(start, place(event)));
  });
  surface.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [from, to] = [start, place(event)];
    start = null;
    if (shape.value === "polygon") {
      takeCorner(to);
      return;
    }
    const mask = between(from, to);
    if (isMeant(mask)) change([...drawn, mask]);
    else show();
  });
  surface.addEventListener("pointercancel", () => {
    start = null;
    show();
  });
  surface.addEventListener("dblclick", () => endCorners());

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
  /** What is drawn now; a polygon that nobody closed is closed. */
  function value() {
    if (corners.length) endCorners();
    return drawn.map(copy);
  }
  return { whole, usePicture, value, close: () => url && URL.revokeObjectURL(url) };
}
