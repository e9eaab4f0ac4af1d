// Which boards are shown, in which order and on which page; kept in the address. No DOM in here.
import { kindName } from "../parts.js";
import { firmwareOf, nameOf, uptimeOf } from "./parts.js";

export const PAGE = 50;
export const NONE = "-"; // in place of a firmware or a place that is not known
const KEYS = ["q", "kind", "state", "firmware", "place", "sort"];

export const STATES = [["", "any state"], ["online", "online"], ["offline", "offline"], ["pending", "waiting for approval"], ["revoked", "revoked"],
  ["silent", "silent"], ["flapping", "flapping"], ["waits", "update waits"]];

const RANKS = { pending: 0, offline: 2, online: 3, revoked: 4 };
const rank = (board) => (board.silent || board.flapping ? 1 : RANKS[board.state]);

/** What a column is ordered by; what is not known comes last both ways. */
export const ORDERS = {
  name: nameOf,
  state: rank,
  signal: (board) => board.rssi,
  uptime: uptimeOf,
  restarts: (board) => board.restarts,
  memory: (board) => board.free_memory,
  firmware: (board) => firmwareOf(board) || null,
  seen: (board) => (board.connected ? Infinity : Date.parse(board.last_seen) || null),
  place: (board) => board.place,
};

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const both = (a, b) => (typeof a === "string" ? collator.compare(a, b) : a === b ? 0 : a - b);

/** What the address asks for. */
export function read(search) {
  const asked = new URLSearchParams(search);
  const choice = Object.fromEntries(KEYS.map((key) => [key, asked.get(key) ?? ""]));
  if (!ORDERS[choice.sort.replace(/^-/, "")]) choice.sort = "name";
  return { ...choice, page: Math.max(1, Number.parseInt(asked.get("page"), 10) || 1) };
}

/** The address that asks for it. */
export function write(choice) {
  const asked = new URLSearchParams(KEYS.filter((key) => choice[key] && !(key === "sort" && choice.sort === "name")).map((key) => [key, choice[key]]));
  if (choice.page > 1) asked.set("page", choice.page);
  return asked.size ? `?${asked}` : "";
}

const isLike = (value, wanted) => !wanted || (value || NONE) === wanted;

/** Whether a board is asked for; `waits(board)`: an update waits for it. */
export function matches(choice, waits) {
  const words = choice.q.toLowerCase().split(/\s+/).filter(Boolean);
  const inState = { "": () => true, silent: (one) => one.silent, flapping: (one) => one.flapping, waits };
  const state = inState[choice.state] ?? ((board) => board.state === choice.state);
  return (board) => {
    if (!isLike(board.kind, choice.kind) || !isLike(firmwareOf(board), choice.firmware) || !isLike(board.place, choice.place) || !state(board)) return false;
    const text = words.length ? `${board.id} ${board.name} ${board.place ?? ""} ${board.address ?? ""} ${kindName(board.kind)} ${firmwareOf(board)}`.toLowerCase() : "";
    return words.every((word) => text.includes(word));
  };
}

/** A comparison for sort(): by the chosen column, then by name. */
export function order(sort) {
  const down = sort.startsWith("-");
  const of = ORDERS[sort.replace(/^-/, "")];
  return (a, b) => {
    const [one, other] = [of(a) ?? null, of(b) ?? null];
    if (one === null || other === null) return (one === null) - (other === null) || collator.compare(nameOf(a), nameOf(b));
    return (down ? both(other, one) : both(one, other)) || collator.compare(nameOf(a), nameOf(b));
  };
}

/** The boards asked for in order, those of the page, and how many pages there are. */
export function chosen(boards, choice, waits) {
  const found = boards.filter(matches(choice, waits)).sort(order(choice.sort));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const page = Math.min(choice.page, pages);
  return { found, pages, page, shown: found.slice((page - 1) * PAGE, page * PAGE) };
}

/** The values of a field that there are, with how many boards have each. */
export function values(boards, of) {
  const counts = new Map();
  for (const board of boards) counts.set(of(board) || NONE, (counts.get(of(board) || NONE) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a === NONE) - (b === NONE) || collator.compare(a, b));
}
