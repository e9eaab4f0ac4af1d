// Buttons and forms that say what happens: busy while it does, a message when it did.
import { clearWarnings, say, warn } from "./messages.js";

const isBusy = (button) => button?.getAttribute("aria-busy") === "true";

/** Run `work` for a button; the result, or undefined when it failed (and was told). */
export async function act(button, work, done = "") {
  if (isBusy(button)) return undefined;
  button?.setAttribute("aria-busy", "true");
  try {
    const result = await work();
    clearWarnings();
    if (done) say(typeof done === "function" ? done(result) : done);
    return result ?? null;
  } catch (problem) {
    warn(problem.message);
    return undefined;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

/** Values of a form by name; what is empty and optional is left out. */
export function values(form) {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    const wanted = form.elements[name]?.required;
    if (value !== "" || wanted) found[name] = value;
  }
  return found;
}

/** Run `work(values)` for a submitted form; a problem lands beside the field it names. */
export async function submit(event, work, done = "") {
  event.preventDefault();
  const form = event.currentTarget ?? event.target;
  const button = event.submitter ?? form.querySelector("[type=submit], button:not([type=button])");
  if (isBusy(button)) return undefined;
  clear(form);
  button?.setAttribute("aria-busy", "true");
  try {
    const result = await work(values(form));
    clearWarnings();
    if (done) say(typeof done === "function" ? done(result) : done);
    return result ?? null;
  } catch (problem) {
    blame(form, problem);
    return undefined;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

function clear(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const text of form.querySelectorAll(".wrong, .form-error")) text.textContent = "";
}

function blame(form, problem) {
  const input = problem.field ? form.elements[problem.field] : null;
  const place = input?.closest?.(".field")?.querySelector(".wrong");
  if (place) {
    place.textContent = problem.message;
    input.setAttribute("aria-invalid", "true");
    input.focus();
    return;
  }
  const general = form.querySelector(".form-error");
  if (general) general.textContent = problem.message;
  else warn(problem.message);
}
