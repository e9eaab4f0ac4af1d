// The cabinet's picture with what was found on it drawn over it.
import { html, nothing, svg } from "lit-html";
import { plural } from "../format.js";
import { icon, when } from "../parts.js";

const points = (corners) => corners.map(([x, y]) => `${x},${y}`).join(" ");

function box(found, width) {
  const size = Math.max(12, width / 34);
  const left = Math.min(...found.corners.map(([x]) => x));
  const top = Math.min(...found.corners.map(([, y]) => y));
  const long = found.item.length * size * 0.6 + size * 0.6;
  const x = Math.max(0, Math.min(left, width - long));
  const y = Math.max(0, top - size * 1.35);
  return svg`<g><polygon class="box-edge" points=${points(found.corners)}></polygon><polygon class="box" points=${points(found.corners)}></polygon>
    <rect class="tag" x=${x} y=${y} width=${long} height=${size * 1.35}></rect>
    <text x=${x + size * 0.3} y=${y + size} font-size=${size}>${found.item}</text></g>`;
}

/** "2 × Nutella, 1 × Pepsi" of what was found. */
export function counted(boxes) {
  const counts = new Map();
  for (const { item } of boxes) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].map(([item, count]) => `${count} × ${item}`).join(", ");
}

const overlay = (seen) =>
  seen.width && seen.boxes.length
    ? svg`<svg viewBox="0 0 ${seen.width} ${seen.height}" aria-hidden="true">${seen.boxes.map((found) => box(found, seen.width))}</svg>`
    : nothing;

const NOTES = {
  "counted": (seen) => (seen.boxes.length ? `Found: ${counted(seen.boxes)}.` : "None of the known items was found on it."),
  "not counted": (seen, photos) => (photos ? "It is being counted." : "It is not counted, as no item has a reference photo yet."),
  "dark": () => "It was too dark to count.",
  "failed": () => "It could not be counted.",
};

const none = (cabinet) => html`<figure class="shelf no-picture">${icon("camera")}
  <figcaption><strong>No picture yet.</strong><br>${HELP[cabinet.camera_state] ?? ""}</figcaption></figure>`;

const HELP = {
  none: html`No camera looks into this cabinet. Approve a cabinet camera under Devices; when there is only one, it is used.`,
  several: html`There are several cabinet cameras. Choose the one of this cabinet under Devices.`,
  offline: html`Its camera is not connected. Check its power and its Wi-Fi.`,
  online: html`Press "Look now", or open and close the door.`,
};

/** `photos`: whether there is anything to compare the picture with. */
export const shelf = (cabinet, seen, shown, photos) => {
  if (!seen.url) return none(cabinet);
  const said = seen.note || (NOTES[seen.state] ?? NOTES["not counted"])(seen, photos);
  return html`<figure class="shelf"><img src=${seen.url} width=${seen.width ?? nothing} height=${seen.height ?? nothing}
      alt="Shelf of ${cabinet.name}. ${said}">${shown ? overlay(seen) : nothing}</figure>
    <p class="small shelf-note">Taken ${when(seen.taken_at)}. ${said}
      ${seen.boxes.length ? html`<span class="sr">${plural(seen.boxes.length, "package")} in all.</span>` : nothing}</p>`;
};
