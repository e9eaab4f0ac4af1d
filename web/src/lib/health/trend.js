// Small charts drawn as SVG: a line for what was measured, nothing where nothing was.
import { nothing, svg } from "lit-html";

const WIDTH = 240;
const HEIGHT = 56;
const PAD = 5;

/** Values as runs without gaps: [[unix, value], …] cut where more than `gap` seconds lie between. */
export function runs(points, gap) {
  const found = [];
  for (const point of points) {
    const run = found.at(-1);
    if (run && point[0] - run.at(-1)[0] <= gap) run.push(point);
    else found.push([point]);
  }
  return found;
}

const one = (value) => Math.round(value * 10) / 10;

/** From times and values to the picture's own coordinates. */
export function scale(points, { from, until, least = 1, width = WIDTH, height = HEIGHT }) {
  const values = points.flatMap((point) => point.slice(1));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const extra = Math.max(0, least - (high - low)) / 2;
  const span = Math.max(1, until - from);
  const room = high - low + 2 * extra;
  return {
    x: (time) => one(PAD + ((time - from) / span) * (width - 2 * PAD)),
    y: (value) => one(height - PAD - ((value - low + extra) / room) * (height - 2 * PAD)),
  };
}

// a line of no length with round ends stays round however the picture is stretched
const dot = (name, x, y) => svg`<path class=${name} d="M${x} ${y}h0"></path>`;

const line = (run, { x, y }, at = 1) =>
  run.length === 1
    ? dot("dot", x(run[0][0]), y(run[0][at]))
    : svg`<polyline class="line" points=${run.map((point) => `${x(point[0])},${y(point[at])}`).join(" ")}></polyline>`;

const band = (run, { x, y }) => {
  const there = run.map((point) => `${x(point[0])},${y(point[3])}`);
  const back = [...run].reverse().map((point) => `${x(point[0])},${y(point[1])}`);
  return svg`<polygon class="band" points=${[...there, ...back].join(" ")}></polygon>`;
};

const picture = (label, inside, width, height) => svg`<svg class="trend" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${label}>${inside}</svg>`;

/** A line through [[unix, value], …] (one list or several); nothing when there is none. */
export function sparkline(lists, label, { gap = 75, least = 1 } = {}) {
  const points = lists.flat();
  if (!points.length) return nothing;
  const times = points.map((point) => point[0]);
  const at = scale(points, { from: Math.min(...times), until: Math.max(...times), least });
  const last = lists.map((list) => list.at(-1)).filter(Boolean);
  return picture(label, svg`${lists.map((list) => runs(list, gap).map((run) => line(run, at)))}
    ${last.map((point) => dot("last", at.x(point[0]), at.y(point[1])))}`, WIDTH, HEIGHT);
}

/** Band and line through buckets [[unix, min, median, max], …] of `size` seconds, from `from` until `until`. */
export function bandChart(lists, label, { from, until, size, least = 1, range = null }) {
  const points = lists.flat();
  if (!points.length) return nothing;
  const width = 480;
  const height = 140;
  const at = scale(points, { from, until, least, width, height });
  const gap = size * 1.5;
  return picture(label, svg`${limits(range, at, width, height)}
    ${lists.map((list) => runs(list, gap).map((run) => svg`${band(run, at)}${line(run, at, 2)}`))}`, width, height);
}

const limits = (range, { y }, width, height) =>
  [range?.low, range?.high].map((value) => {
    if (value === null || value === undefined) return nothing;
    const at = y(value);
    return at > 0 && at < height ? svg`<line class="limit" x1="0" x2=${width} y1=${at} y2=${at}></line>` : nothing;
  });
