// Advice that comes while a patient is on some other page: told there.
import { initial, user } from "../initial.js";
import { alsoLive } from "../live.js";
import { say } from "../messages.js";

/** Say it when a doctor published something; a patient hears only of what is their own. */
export function hearNews() {
  if (user?.role !== "patient" || initial.advice) return; // the page of advice shows it itself
  alsoLive({ record: (data) => data.section === "advice" && say(`New advice from ${data.by}. It is under Health, Advice.`) });
}
