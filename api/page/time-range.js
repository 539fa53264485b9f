// The time range of an address: `from` and `to` as fixed ends, or `span` seconds up to now.

export const SPANS = [
  [3600, "range.hour"], [6 * 3600, "range.sixHours"], [86400, "range.day"], [7 * 86400, "range.week"],
  [30 * 86400, "range.month"], [365 * 86400, "range.year"],
];
export const USUAL_SPAN_S = 86400;
const SHORTEST_MS = 60000;
const LONGEST_MS = 3650 * 86400000;

/** A time in ms; in a link that was typed the plus sign of a zone arrives as a blank. */
function time(text) {
  const at = text ? Date.parse(text.replace(/ (?=\d\d:?\d\d$)/, "+")) : NaN;
  return Number.isFinite(at) ? at : null;
}

/**
 * Read the range of a query at `now` (ms): { since, until } in ms, `span` in seconds where it moves with the time, and
 * `unread` where the query names ends that are no range.
 */
export function rangeOf(query, now) {
  const since = time(query.get("from"));
  const until = time(query.get("to")) ?? (since === null ? null : now);
  if (since !== null && until - since >= SHORTEST_MS && until - since <= LONGEST_MS) return { since, until, span: null };
  const asked = Number(query.get("span"));
  const span = asked >= 60 && asked * 1000 <= LONGEST_MS ? asked : USUAL_SPAN_S;
  return { since: now - span * 1000, until: now, span, unread: query.has("from") || query.has("to") };
}

/** The fields of the query that name a range; one that ends now keeps its length and moves on. */
export function rangeFields(range) {
  if (range.span) return { span: range.span === USUAL_SPAN_S ? null : range.span, from: null, to: null };
  return { span: null, from: new Date(range.since).toISOString(), to: new Date(range.until).toISOString() };
}

/** A range `factor` times as long around the same middle, never beyond `now`. */
export function zoomed(range, factor, now) {
  const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (range.until - range.since) * factor));
  const middle = (range.since + range.until) / 2;
  const until = Math.min(now, middle + length / 2);
  return { since: until - length, until, span: null };
}

/** The range moved by `share` of its own length; one that would end after `now` ends now. */
export function moved(range, share, now) {
  const length = range.until - range.since;
  const until = Math.min(now, range.until + share * length);
  return until === now ? { since: now - length, until, span: Math.round(length / 1000) } : { since: until - length, until, span: null };
}
