// What ECharts is told to draw: one grid for each vital that is shown, one axis of time for all.
import { number } from "../format.js";
import { nearest, rows } from "./series.js";
import { KIND_NAMES, shown, VITALS, vitalOf } from "./vitals.js";

const GRID = 165; // pixels of a vital
const BETWEEN = 52;
const FOOT = 60;

export const heightOf = (count) => count * (GRID + BETWEEN) + FOOT;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours of the theme that is shown now. */
export const palette = () => ({
  text: css("--text"), muted: css("--pico-muted-color"), edge: css("--pico-muted-border-color"), card: css("--pico-card-background-color"),
  warn: css("--warn"), heart_rate: css("--chart-heart"), body_temperature: css("--chart-warmth"), spo2: css("--chart-oxygen"),
  bp_systolic: css("--chart-pressure"), bp_diastolic: css("--chart-pressure-2"),
});

const xAxis = (index, last, from, until, colours) => ({
  type: "time", gridIndex: index, min: from * 1000, max: until * 1000,
  axisLine: { lineStyle: { color: colours.edge } }, axisTick: { show: last },
  axisLabel: { show: last, color: colours.muted, hideOverlap: true }, splitLine: { show: true, lineStyle: { color: colours.edge } },
  axisPointer: { label: { show: false } },
});

// how many units an axis spans at least, so that a calm day looks calm; and how far apart its ticks may be
const LEAST = { heart_rate: 20, body_temperature: 1, spo2: 6, blood_pressure: 40 };
const STEPS = { heart_rate: [5, 10, 20, 50], body_temperature: [0.5, 1, 2, 5], spo2: [2, 5, 10, 20], blood_pressure: [10, 20, 50, 100] };
const MOST_TICKS = 5;

/** Ends and ticks of an axis, all round: what was measured with some room, never less than `LEAST`. */
export function ends(vital, points) {
  if (!points.length) return {};
  const low = Math.min(...points.map((one) => one.min));
  const high = Math.max(...points.map((one) => one.max));
  const half = Math.max(LEAST[vital], (high - low) * 1.05) / 2;
  const top = vital === "spo2" ? Math.min(100, (low + high) / 2 + half) : (low + high) / 2 + half;
  const fits = (step) => ({ min: Math.floor(((low + high) / 2 - half) / step) * step, max: Math.ceil(top / step) * step, interval: step });
  const tried = STEPS[vital].map(fits);
  return tried.find(({ min, max, interval }) => (max - min) / interval <= MOST_TICKS) ?? tried.at(-1);
}

const yAxis = (index, vital, points, colours) => ({
  type: "value", gridIndex: index, scale: true, ...ends(vital, points),
  name: `${VITALS[vital].name}, ${VITALS[vital].short}`, nameLocation: "end", nameGap: 14,
  nameTextStyle: { align: "left", color: colours.text, fontWeight: 600, fontSize: 13 },
  axisLabel: { color: colours.muted, formatter: (value) => number(value, value % 1 ? 1 : 0) },
  splitLine: { lineStyle: { color: colours.edge } },
});

function lines(kind, index, { list, gap }, colours) {
  const colour = colours[kind];
  const drawn = rows(list, gap);
  const quiet = { type: "line", xAxisIndex: index, yAxisIndex: index, symbol: "none", silent: true, lineStyle: { opacity: 0 }, stack: `band-${kind}`, connectNulls: false };
  const median = drawn.median.map((one) => (one.symbol === "diamond" ? { ...one, itemStyle: { color: colours.warn, borderColor: colours.text, borderWidth: 1 } } : one));
  return [
    { ...quiet, id: `${kind}-foot`, data: drawn.foot },
    { ...quiet, id: `${kind}-band`, data: drawn.height, areaStyle: { color: colour, opacity: 0.22 } },
    { id: kind, name: KIND_NAMES[kind], type: "line", xAxisIndex: index, yAxisIndex: index, data: median, symbol: "circle", showAllSymbol: true,
      connectNulls: false, lineStyle: { color: colour, width: 1.8, type: kind === "bp_diastolic" ? [6, 3] : "solid" }, itemStyle: { color: colour }, emphasis: { disabled: true } },
  ];
}

/** Elements, not HTML: what devices said must never become markup. */
function tip(parts) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  for (const [tag, text] of parts) {
    const line = document.createElement(tag);
    line.textContent = text;
    box.append(line);
  }
  return box;
}

function tooltip(state, time) {
  const at = time / 1000;
  const span = (state.window[1] - state.window[0]) / 60;
  const parts = [["strong", new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })]];
  for (const vital of state.vitals) {
    for (const kind of VITALS[vital].kinds) {
      const one = nearest(state.kinds[kind]?.list ?? [], at, span);
      if (!one) continue;
      const range = one.max > one.min ? ` (${shown(vital, one.min)} to ${shown(vital, one.max)})` : "";
      parts.push(["span", `${KIND_NAMES[kind]}: ${shown(vital, one.median)} ${VITALS[vital].short}${range}${one.suspect ? ", suspect" : ""}`]);
    }
  }
  return tip(parts.length > 1 ? parts : [...parts, ["span", "Nothing was measured here."]]);
}

/** `state`: {vitals, kinds: {kind: {list, gap}}, from, until, window}. */
export function options(state) {
  const colours = palette();
  const count = state.vitals.length;
  const axes = state.vitals.map((_, index) => index);
  return {
    animation: false, backgroundColor: "transparent", textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: axes.map((index) => ({ left: 52, right: 16, top: 32 + index * (GRID + BETWEEN), height: GRID })),
    xAxis: axes.map((index) => xAxis(index, index === count - 1, state.from, state.until, colours)),
    yAxis: state.vitals.map((vital, index) => yAxis(index, vital, VITALS[vital].kinds.flatMap((kind) => state.kinds[kind]?.list ?? []), colours)),
    axisPointer: { link: [{ xAxisIndex: "all" }], lineStyle: { color: colours.muted } },
    tooltip: { trigger: "axis", confine: true, renderMode: "html", appendTo: "body", className: "chart-tip-box", transitionDuration: 0,
      backgroundColor: colours.card, borderColor: colours.edge, textStyle: { color: colours.text }, extraCssText: "",
      formatter: (found) => tooltip(state, found[0]?.axisValue ?? 0) },
    dataZoom: [
      { type: "inside", xAxisIndex: axes, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, minValueSpan: 120000,
        startValue: state.window[0] * 1000, endValue: state.window[1] * 1000 },
      { type: "slider", xAxisIndex: axes, filterMode: "none", bottom: 6, height: 30, left: 52, right: 16, showDataShadow: false, brushSelect: false,
        borderColor: colours.edge, handleSize: "110%", fillerColor: `${colours.spo2}33`, backgroundColor: "transparent", handleStyle: { color: colours.card, borderColor: colours.text }, moveHandleSize: 0, minValueSpan: 120000, textStyle: { color: colours.muted },
        labelFormatter: (value) => new Date(value).toLocaleDateString(undefined, { day: "numeric", month: "short" }),
        startValue: state.window[0] * 1000, endValue: state.window[1] * 1000 },
    ],
    series: state.vitals.flatMap((vital, index) =>
      VITALS[vital].kinds.filter((kind) => state.kinds[kind]).flatMap((kind) => lines(kind, index, state.kinds[kind], colours))),
  };
}
