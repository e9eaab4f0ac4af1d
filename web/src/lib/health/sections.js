// The sections of a record in words, and which of them whoever looks may see.
import { initial, user } from "../initial.js";

export const SECTIONS = {
  readings: { name: "Vitals", help: "Heart rate, temperature, blood oxygen, blood pressure, and alerts about them", icon: "heart" },
  labs: { name: "Blood results", help: "Values of laboratories, with ranges", icon: "report" },
  advice: { name: "Doctor's advice", help: "What doctors wrote in the nine sections", icon: "shield" },
  questionnaire: { name: "Questionnaire", help: "Your answers: medicines, sleep, exercise and more", icon: "pencil" },
  notes: { name: "Notes", help: "Free notes of you and your doctors", icon: "queue" },
  habits: { name: "Habits", help: "Habits, the cabinet, and what was eaten", icon: "habits" },
};

/** Whether this one may see a section of the patient, or one of several; "own": what only owners
    and admins see. */
export const sees = (section, patient = initial.patient) =>
  Array.isArray(section) ? section.some((one) => sees(one, patient))
    : section === "own" ? user?.role !== "doctor" : !section || (patient?.sections ?? Object.keys(SECTIONS)).includes(section);

/** "vitals, blood results and notes" */
export function named(sections) {
  const names = sections.map((one) => SECTIONS[one]?.name ?? one).map((name, at) => (at ? name.toLowerCase() : name));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const day = new Intl.DateTimeFormat(globalThis.navigator?.language, { dateStyle: "long" });

/** "until 3 March 2027", or until it is taken back. */
export const until = (text, never = "until it is taken back") => (text ? `until ${day.format(new Date(text))}` : never);
