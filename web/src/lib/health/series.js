// From readings to what a chart draws: gaps stay gaps, lone points are dots, suspect ones are marked.
const RAW_GAP = 75; // seconds without a reading that break the line
export const SUSPECT = "diamond";

/** Points {at, min, median, max, suspect} of loaded readings, in order; rejected ones are left out.
 * A bucket stands at its middle, one that is not over at `until`, where the chart ends. */
export function points({ items, size }, until = Infinity) {
  if (size) return items.filter((one) => one.count).map((one) => ({ ...one, at: Math.min(one.at + size / 2, until) }));
  return items.filter((one) => one.quality !== "rejected").map((one) => ({
    at: one.at, min: one.value, median: one.value, max: one.value, count: 1, suspect: one.quality === "suspect",
  }));
}

/** Fine points inside [from, until), coarse ones outside of it. */
export function merged(coarse, fine, from, until) {
  if (!fine) return coarse;
  return [...coarse.filter((one) => one.at < from), ...fine, ...coarse.filter((one) => one.at >= until)];
}

/** Three rows for a chart: the median, the band's foot and its height; null where a line must break. */
export function rows(list, gapOf) {
  const median = [];
  const foot = [];
  const height = [];
  list.forEach((one, i) => {
    const before = list[i - 1];
    const after = list[i + 1];
    const far = (other) => !other || Math.abs(one.at - other.at) > gapOf(one, other);
    const time = one.at * 1000;
    if (before && far(before)) {
      const middle = (before.at + one.at) * 500;
      for (const row of [median, foot, height]) row.push([middle, null]);
    }
    const lone = far(before) && far(after);
    median.push(one.suspect
      ? { value: [time, one.median], symbol: SUSPECT, symbolSize: 11 }
      : { value: [time, one.median], symbol: lone ? "circle" : "none", symbolSize: 5 });
    foot.push([time, one.min]);
    height.push([time, one.max - one.min]);
  });
  return { median, foot, height };
}

/** How far apart two points may be and still belong to one line. */
export const gapAt = (coarseSize, fineSize, from, until) => (one, other) => {
  const inside = (point) => fineSize !== null && point.at >= from && point.at < until;
  const size = Math.max(inside(one) ? fineSize : coarseSize, inside(other) ? fineSize : coarseSize);
  return size ? size * 1.5 : RAW_GAP;
};

/** The one nearest to a time, if it is near enough. */
export function nearest(list, at, within) {
  let best = null;
  for (const one of list) if (!best || Math.abs(one.at - at) < Math.abs(best.at - at)) best = one;
  return best && Math.abs(best.at - at) <= within ? best : null;
}
