// Which advice this browser has shown before: what is newer is marked as new.
import { keep, kept } from "../../keep.js";

const nameOf = (patient) => `advice-seen-${patient}`;

/** The versions that were seen, by section. */
export function seenVersions(patient, read = kept) {
  try {
    const found = JSON.parse(read(nameOf(patient)) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/** The sections whose text is newer than what was seen. */
export const unseen = (advice, seen) => Object.entries(advice.about)
  .filter(([key, about]) => about && advice[key] && !(about.version <= seen[key]))
  .map(([key]) => key);

/** From now on all of this is seen. */
export function keepSeen(patient, advice, write = keep) {
  const versions = Object.entries(advice.about).filter(([, about]) => about).map(([key, about]) => [key, about.version]);
  write(nameOf(patient), JSON.stringify(Object.fromEntries(versions)));
}
