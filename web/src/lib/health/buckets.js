// Readings in buckets, as the charts ask for them.
import { api } from "../api.js";
import { api1 } from "./patient.js";

export const BUCKET_SECONDS = { minute: 60, "5min": 300, "15min": 900, hour: 3600, "6h": 21600, day: 86400 };

const iso = (seconds) => new Date(Math.round(seconds * 1000)).toISOString();

const RAW_SECONDS = 4 * 3600; // so short a time is shown reading by reading: 480 polls

/** Buckets, or single readings where they are few enough to be seen. */
export const bucketFor = (since, until) => (until - since <= RAW_SECONDS ? "raw" : "auto");

/** All readings of a kind between two Unix times: {bucket, size, items}; `size` is 0 for raw ones. */
export async function load(kind, since, until, bucket = bucketFor(since, until)) {
  const query = new URLSearchParams({ kind, since: iso(since), until: iso(until), bucket, limit: 1000 });
  const found = [];
  let name = bucket;
  for (let next = `${api1}/readings?${query}`; next; ) {
    const page = await api("GET", next);
    found.push(...page.items);
    name = page.bucket ?? name;
    next = page.next ?? null;
  }
  const size = BUCKET_SECONDS[name] ?? (Number(name) || 0);
  return { bucket: name, size, items: found.map((one) => ({ ...one, at: Date.parse(one.start ?? one.measured_at) / 1000 })).sort((a, b) => a.at - b.at) };
}

/** Lowest, highest, and the median of the buckets' medians, each weighing as many as it holds. */
export function summary(items) {
  const full = items.filter((one) => one.count);
  if (!full.length) return { count: 0, min: null, median: null, max: null };
  const count = full.reduce((sum, one) => sum + one.count, 0);
  const ordered = [...full].sort((a, b) => a.median - b.median);
  let passed = 0;
  const middle = ordered.find((one) => (passed += one.count) * 2 >= count);
  return { count, min: Math.min(...full.map((one) => one.min)), median: middle.median, max: Math.max(...full.map((one) => one.max)) };
}
