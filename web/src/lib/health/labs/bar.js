// Where a value lies beside what is usual: a line, the usual part of it, and a mark.
import { nothing, svg } from "lit-html";

const WIDTH = 120;
const HEIGHT = 16;

/** From where to where the line reaches, in stored values. */
export function reach({ low, high, value }) {
  const isOpen = (side) => side === null || side === undefined;
  let from = isOpen(low) ? 0 : low - ((isOpen(high) ? low : high) - (isOpen(high) ? 0 : low)) / 2;
  let until = isOpen(high) ? low * 2 : high + (isOpen(low) ? high : high - low) / 2;
  from = Math.max(0, Math.min(from, value));
  // a value far away stands at the end of the line: the usual part must stay visible
  until = Math.min(Math.max(until, value * 1.05), (isOpen(high) ? until : high) * 3);
  return [from, until];
}

/** The picture; `words` say the same to whoever hears the page. */
export function rangeBar(one, words) {
  if (one.low === null && one.high === null) return nothing;
  const [from, until] = reach(one);
  const x = (value) => Math.round(Math.min(1, Math.max(0, (value - from) / (until - from))) * (WIDTH - 8) * 10) / 10 + 4;
  const [start, end] = [one.low === null ? 4 : x(one.low), one.high === null ? WIDTH - 4 : x(one.high)];
  return svg`<svg class="range-bar" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words}>
    <rect class="all" x="4" y="6" width=${WIDTH - 8} height="4" rx="2"></rect>
    <rect class="usual" x=${start} y="5" width=${Math.max(2, end - start)} height="6" rx="3"></rect>
    <path class="mark ${one.flag ? "off" : ""}" d="M${x(one.value)} 1v14"></path></svg>`;
}
