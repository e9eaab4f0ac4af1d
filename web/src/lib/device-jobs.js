// What a device of Health Plus is for: whose it is, which camera looks into it, and trying it out.
import { html, nothing } from "lit-html";
import { api } from "./api.js";
import { act, submit } from "./act.js";
import { openDialog } from "./dialogs.js";
import { user } from "./initial.js";
import { icon } from "./parts.js";

export const KEPT_BY = ["watch", "cabinet", "cabinet_camera"];
const path = (device, rest = "") => `/api/v1/devices/${encodeURIComponent(device.id)}${rest}`;
const nameOf = (device) => device.name || device.id;

/** Whose it is, in words; operators learn only that it is somebody's. */
export function ownerWords(device, patients) {
  if (!["watch", "cabinet"].includes(device.kind)) return null;
  if (!device.patient) return "nobody yet";
  if (user.role !== "admin") return "a patient";
  const patient = patients.find((one) => one.id === device.patient);
  return html`<a href="/health/${encodeURIComponent(device.patient)}">${patient?.name ?? device.patient}</a>`;
}

/** The camera of a cabinet, in words. */
export function cameraWords(device, devices) {
  if (device.kind !== "cabinet") return null;
  if (device.camera) return nameOf(devices.find((one) => one.id === device.camera) ?? { id: device.camera });
  const cameras = devices.filter((one) => one.kind === "cabinet_camera" && !["pending", "revoked"].includes(one.state));
  if (cameras.length === 1) return `${nameOf(cameras[0])} (the only one)`;
  return cameras.length ? "not chosen yet" : "none yet";
}

const select = (id, name, label, help, choices, chosen) => html`<div class="field"><label for=${id}>${label}</label>
  <select id=${id} name=${name} aria-describedby="${id}-help ${id}-wrong">${choices.map(([value, words]) => html`<option value=${value} ?selected=${value === (chosen ?? "")}>${words}</option>`)}</select>
  <small id="${id}-help">${help}</small><span class="wrong" id="${id}-wrong" role="alert"></span></div>`;

const patientSelect = (device, patients) => select("f-patient", "patient", "Whose is it?", "Its values, and what it holds, are shown to this person and those who care.",
  [["", "nobody's yet"], ...patients.map((one) => [one.id, one.birth_date ? `${one.name}, born ${one.birth_date}` : one.name])], device.patient);

const cameraSelect = (device, devices) => select("f-camera", "camera", "Which camera looks into it?", "It takes a picture whenever the door was closed.",
  [["", "the only one there is"], ...devices.filter((one) => one.kind === "cabinet_camera" && one.state !== "pending").map((one) => [one.id, nameOf(one)])], device.camera);

const mayAssign = (device) => (user.role === "admin" && ["watch", "cabinet"].includes(device.kind)) || device.kind === "cabinet";

function assign(device, devices, patients, put) {
  return openDialog(`Assign ${nameOf(device)}`, (close) => html`<form @submit=${(event) => submit(event, async () => {
    const fields = Object.fromEntries(["patient", "camera"].filter((name) => event.target.elements[name]).map((name) => [name, event.target.elements[name].value || null]));
    close(put(await api("PATCH", path(device), fields)));
  }, "Stored.")}>
    ${user.role === "admin" ? patientSelect(device, patients) : nothing}
    ${user.role === "admin" && !patients.length ? html`<p class="muted">There is no patient yet: <a href="/health?all=1">add one under Health</a>.</p>` : nothing}
    ${device.kind === "cabinet" ? cameraSelect(device, devices) : nothing}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>Store</button></div></form>`);
}

const TESTS = {
  watch: [["bpm", "heart", "Measure now", "The watch was asked; its values come in about 15 seconds."]],
  cabinet: [["lon", "bulb", "Lights on", "The cabinet was told to switch its lights on."], ["lof", "bulb-off", "Lights off", "The cabinet was told to switch its lights off."]],
  cabinet_camera: [["img", "look", "Take a picture", "The camera was asked for a picture."]],
};

const test = (device) => ([command, picture, words, done]) => html`<button type="button" class="quiet" ?disabled=${device.state !== "online"}
  @click=${(event) => act(event.currentTarget, () => api("POST", path(device, "/commands"), { command }), done)}>${icon(picture)}${words}<span class="sr"> on ${nameOf(device)}</span></button>`;

/** Buttons of a known device of Health Plus: assign it, try it. */
export function jobButtons(device, devices, patients, put) {
  if (!KEPT_BY.includes(device.kind) || device.state === "revoked") return nothing;
  return html`<div class="row">
    ${mayAssign(device) ? html`<button type="button" class="quiet" @click=${() => assign(device, devices, patients, put)}>${icon("user")}Assign<span class="sr"> ${nameOf(device)}</span></button>` : nothing}
    ${TESTS[device.kind].map(test(device))}</div>`;
}
