// What stands beside the lines of a chart.
const STEPS = [1, 2, 2.5, 5, 10];

/** Whole numbers from 0 to `highest` or just above it, at most `most` steps, evenly apart. */
export function ticks(highest, most = 4) {
  const least = Math.max(highest, most) / most;
  const size = 10 ** Math.floor(Math.log10(least));
  const step = size * STEPS.find((one) => one * size >= least && Number.isInteger(one * size));
  return Array.from({ length: Math.max(1, Math.ceil(highest / step)) + 1 }, (_, i) => i * step);
}
