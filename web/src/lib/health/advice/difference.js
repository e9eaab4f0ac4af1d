// What one text has that another has not, word by word.
import { diffLines, diffWordsWithSpace } from "diff";
import { html } from "lit-html";

const PATIENCE_MS = 300; // two long texts that share nothing would take seconds

/** Parts of both texts in order: {value, added, removed}. */
export function difference(before, after) {
  return diffWordsWithSpace(before, after, { timeout: PATIENCE_MS })
    ?? diffLines(before, after, { timeout: PATIENCE_MS })
    ?? [{ value: before, removed: true }, { value: after, added: true }];
}

const part = ({ value, added, removed }) => {
  if (added) return html`<ins>${value}</ins>`;
  return removed ? html`<del>${value}</del>` : value;
};

/** Both texts in one, what is new and what is gone marked. */
export const marked = (before, after) => html`<p class="words difference">${difference(before, after).map(part)}</p>`;
