// Adding items and their reference photos: uploaded, or cut out of the cabinet's last picture.
import { html } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import { api } from "../api.js";
import { submit } from "../act.js";
import { openDialog } from "../dialogs.js";
import { say } from "../messages.js";
import { field, icon } from "../parts.js";
import { cropper } from "./crop.js";
import { encoded } from "./pictures.js";
import { api1 } from "./state.js";

const fileField = (label, name, help, required = true) => html`<div class="field">
  <label for="f-${name}">${label}</label>
  <input id="f-${name}" name=${name} type="file" accept="image/jpeg,image/png,image/webp" ?required=${required} aria-describedby="f-${name}-help f-${name}-wrong">
  <small id="f-${name}-help">${help}</small><span class="wrong" id="f-${name}-wrong" role="alert"></span></div>`;

const photosPath = (page, item) => api1(page.cabinet.id, `/items/${encodeURIComponent(item.id)}/photos`);

const actions = (close, words) => html`<p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>${words}</button></div>`;

const upload = (page, item, close) => html`<form @submit=${(event) => submit(event, async ({ image }) =>
    close(await api("POST", photosPath(page, item), { image: await encoded(image) })), "The photo is added.")}>
  ${fileField("A picture of one package, filling the frame", "image", "Front side, even light, nothing else on it. JPEG, PNG or WebP.")}
  ${actions(close, "Upload")}</form>`;

const cut = (page, item, close) => {
  let crop = null;
  const begin = (place) => {
    if (place && !crop) crop = cropper(place, page.seen.url, page.seen);
  };
  return html`<form @submit=${(event) => submit(event, async () =>
      close(await api("POST", photosPath(page, item), { picture: page.seen.picture, box: crop.box() })), "The photo is added.")}>
    <div ${ref(begin)}></div>${actions(close, "Use this part")}</form>`;
};

/** A dialog for one more photo of an item; the page is loaded anew when there is one. */
export async function addPhoto(page, item) {
  let way = null;
  if (page.seen.url) {
    way = await openDialog(`A photo of ${item.name}`, (close) => html`<p>Photos taken by the cabinet's own camera work best: they show what it will see.</p>
      <div class="actions"><button type="button" class="quiet" @click=${() => close("upload")}>${icon("upload")}Upload a picture</button>
        <button type="button" @click=${() => close("cut")}>${icon("crop")}From the last picture</button></div>`);
    if (!way) return;
  }
  const made = await openDialog(`A photo of ${item.name}`, (close) => (way === "cut" ? cut(page, item, close) : upload(page, item, close)));
  if (made) page.reload();
}

// ---- a new item

async function readBarcode(page, input) {
  const form = input.form;
  const [file] = input.files;
  const told = form.querySelector("#barcode-said");
  if (!file) return;
  told.textContent = "Reading the barcode…";
  try {
    const { items } = await api("POST", api1(page.cabinet.id, "/barcode"), { image: await encoded(file) });
    if (items.length) form.elements.barcode.value = items[0].code ?? items[0];
    const known = items[0]?.item;
    told.textContent = !items.length
      ? "No barcode was found. Take the picture from close up, or type the digits."
      : known ? `${items[0].code} is ${known.name ?? known} already.` : `Found ${items[0].code ?? items[0]}.`;
  } catch (problem) {
    told.textContent = problem.message;
  }
}

async function send(page, { name, low_at, barcode, image }) {
  const body = { name };
  if (low_at) body.low_at = Number(low_at);
  if (barcode) body.barcode = barcode;
  const picture = image?.size ? await encoded(image) : null;
  const made = await api("POST", api1(page.cabinet.id, "/items"), body);
  if (picture) {
    // the item is there by now: what is wrong with its photo must not ask for the item again
    await api("POST", photosPath(page, made), { image: picture }).catch((problem) => say(`${made.name} is added, but not its photo: ${problem.message}`));
  }
  return made;
}

const itemForm = (page, close) => html`<form @submit=${(event) =>
  submit(event, async (values) => close(await send(page, values)), (made) => `${made?.name ?? "The item"} is added.`)}>
  ${field("Name", "name", { maxlength: 60, autofocus: true, help: "As it stands on the package." })}
  <div @change=${(event) => event.target.name === "code_photo" && readBarcode(page, event.target)}>
    ${fileField("Read its barcode from a photo", "code_photo", "From close up, so that the bars are sharp.", false)}</div>
  <p class="small" id="barcode-said" role="status"></p>
  ${field("Barcode", "barcode", { required: false, inputmode: "numeric", maxlength: 64, help: "Found on the photo, or typed." })}
  ${fileField("Reference photo", "image", "One package, filling the frame: what the camera's pictures are compared with. More can be added later.", false)}
  ${field("Tell when this few are left", "low_at", { type: "number", inputmode: "numeric", required: false, help: "Empty: never." })}
  ${actions(close, "Add")}
</form>`;

/** The dialog for a new item; its barcode may be read from a photo. */
export const addItem = (page) =>
  openDialog("Add an item", (close) => itemForm(page, close)).then((made) => made && page.reload());
