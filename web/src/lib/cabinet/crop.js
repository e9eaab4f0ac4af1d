// Choosing a part of a picture: by dragging, or by typing where it lies.
import { html, render, svg } from "lit-html";

const LEAST = 64; // pixels each way that a reference photo needs
const NAMES = { left: "Left", top: "Top", width: "Width", height: "Height" };

/** A box inside the picture, whole pixels, never smaller than what is needed. */
export function fitted(box, size) {
  const width = Math.min(size.width, Math.max(LEAST, Math.round(box.width)));
  const height = Math.min(size.height, Math.max(LEAST, Math.round(box.height)));
  return {
    left: Math.min(Math.max(0, Math.round(box.left)), size.width - width),
    top: Math.min(Math.max(0, Math.round(box.top)), size.height - height),
    width, height,
  };
}

/** Two corners, wherever dragged to, as a box. */
export const between = (a, b) => ({
  left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y),
});

/** Draws itself into `place`; `box()` gives what is chosen. */
export function cropper(place, url, size) {
  let box = fitted({ left: size.width * 0.3, top: size.height * 0.25, width: size.width * 0.4, height: size.height * 0.5 }, size);
  let start = null;

  const at = (event) => {
    const frame = place.querySelector(".shelf").getBoundingClientRect();
    return { x: ((event.clientX - frame.left) / frame.width) * size.width, y: ((event.clientY - frame.top) / frame.height) * size.height };
  };
  const set = (next) => {
    box = fitted(next, size);
    draw();
  };
  const down = (event) => {
    event.preventDefault();
    start = at(event);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event) => start && set(between(start, at(event)));
  const up = () => (start = null);
  const typed = (name) => (event) => set({ ...box, [name]: Number(event.currentTarget.value) || 0 });

  const input = (name) => html`<div class="field"><label for="crop-${name}">${NAMES[name]}</label>
    <input id="crop-${name}" type="number" min="0" max=${name === "left" || name === "width" ? size.width : size.height} step="1" .value=${String(box[name])} @change=${typed(name)}></div>`;

  function draw() {
    render(html`<div class="shelf cropping" @pointerdown=${down} @pointermove=${move} @pointerup=${up} @pointercancel=${up}>
        <img src=${url} alt="The cabinet's last picture" width=${size.width} height=${size.height} draggable="false">
        ${svg`<svg viewBox="0 0 ${size.width} ${size.height}" aria-hidden="true"><rect class="crop" x=${box.left} y=${box.top} width=${box.width} height=${box.height}></rect></svg>`}
      </div>
      <p class="small muted">Drag over the package on the picture, from corner to corner, or type where it lies (pixels).</p>
      <div class="inline-form four">${Object.keys(NAMES).map(input)}</div>`, place);
  }
  draw();
  return { box: () => [box.left, box.top, box.width, box.height] };
}
