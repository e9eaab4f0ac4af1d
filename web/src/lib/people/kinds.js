// The two kinds of people at the door, each with a tab: remembered, and opened by #doctors.
import { keep, kept } from "../keep.js";

const KEY = "door";
export const KINDS = { users: ["Users", "user"], doctors: ["Doctors", "health"] };

const known = (id) => (Object.hasOwn(KINDS, id) ? id : null);

/** The tab of the address, which is remembered, else the one used last here. */
export function kindShown() {
  const asked = known(location.hash.slice(1));
  if (asked) keep(KEY, asked);
  return asked ?? known(kept(KEY)) ?? "users";
}

/** Remember a choice; the address says it too, so that it survives a reload. */
export function choose(id) {
  keep(KEY, id);
  history.replaceState(history.state, "", `${location.pathname}${location.search}#${id}`);
}

/** Call `draw` when somebody follows a link to the other tab. */
export const onKind = (draw) => addEventListener("hashchange", draw);
