// Fields that the pages of accounts share.
import { field } from "../parts.js";

const typed = { autocapitalize: "none", spellcheck: "false" };

export const userName = (label, more = {}) => field(label, "username", { autocomplete: "username", maxlength: 60, ...typed, ...more });
export const email = (more = {}) => field("E-mail", "email", { type: "email", autocomplete: "email", maxlength: 254, ...typed, ...more });
export const fullName = (label, more = {}) => field(label, "full_name", { autocomplete: "name", maxlength: 100, spellcheck: "false", ...more });
export const password = (more = {}) => field("Password", "password", { type: "password", autocomplete: "current-password", ...more });

/** A new password, typed twice; `same()` says when they differ. */
export const newPassword = (label = "Password") => [
  field(label, "password", { type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128, help: "8 characters or more; any kind. A few unrelated words are easy to remember and hard to guess." }),
  field(`${label} again`, "again", { type: "password", autocomplete: "new-password" }),
];

export function same({ password: first, again }) {
  if (first !== again) throw Object.assign(new Error("The two passwords differ."), { field: "again" });
}
