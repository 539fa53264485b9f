// Shapes of masks: rectangles and polygons, as fractions of the picture. Pure.

export const MOST_CORNERS = 32;
const LEAST = 0.01;

const round = (value) => Math.round(value * 1000) / 1000;

/** The rectangle between two places. */
export function between(a, b) {
  const left = round(Math.min(a.x, b.x));
  const top = round(Math.min(a.y, b.y));
  return { left, top, width: round(Math.max(a.x, b.x) - left), height: round(Math.max(a.y, b.y) - top), points: [] };
}

/** The polygon of these corners, [x, y] each, with its rectangle. */
export function polygon(points) {
  const corners = points.slice(0, MOST_CORNERS).map(([x, y]) => [round(x), round(y)]);
  const across = corners.map(([x]) => x);
  const down = corners.map(([, y]) => y);
  const [left, top] = [Math.min(...across), Math.min(...down)];
  return { left, top, width: round(Math.max(...across) - left), height: round(Math.max(...down) - top), points: corners };
}

/** Whether a shape is large enough to be meant. */
export function isMeant(shape) {
  return shape.width >= LEAST && shape.height >= LEAST;
}

/** Whether two places are so near that a click means the same corner. */
export function isNear(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y) < 0.02;
}

/** Corners as people read and type them, in per cent: "10 20, 30 20, 30 40". */
export function cornersText(points) {
  return points.map(([x, y]) => `${round(100 * x)} ${round(100 * y)}`).join(", ");
}

/** The corners of such a text; null where it is no polygon within the picture. */
export function cornersOf(text) {
  const points = text.split(",").map((pair) => pair.trim().split(/\s+/).map((each) => Number(each) / 100));
  const good = points.every((pair) => pair.length === 2 && pair.every((each) => each >= 0 && each <= 1));
  return good && points.length >= 3 && points.length <= MOST_CORNERS && isMeant(polygon(points)) ? points : null;
}
