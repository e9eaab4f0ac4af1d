// Advice that comes while some other page is open: told where the patient is.
import { initial, user } from "../initial.js";
import { live } from "../live.js";
import { say } from "../messages.js";
import { patient } from "./patient.js";

/** Say it when a doctor published something about this page's patient. */
export function hearNews() {
  if (user?.role !== "patient" || !patient || initial.advice) return;
  live({
    record(data) {
      if (data.patient === patient.id && data.section === "advice") say(`New advice from ${data.by}. You find it under Advice.`);
    },
  });
}
