// What a person does to one board: change it, give it a key, shut it out, remove it.
import { html } from "lit-html";
import { api } from "../api.js";
import { act, submit } from "../act.js";
import { confirm, openDialog } from "../dialogs.js";
import { field, icon, secret } from "../parts.js";
import { kindSelect, nameOf, path } from "./parts.js";

const end = (close, words) => html`<p class="form-error note bad" role="alert"></p>
  <div class="actions"><button type="button" class="quiet" @click=${() => close()}>Cancel</button><button>${words}</button></div>`;

async function change(button, device, fleet, rest, done) {
  const answer = await act(button, () => api("POST", path(device, rest)), done);
  if (answer !== undefined) await fleet.reload();
  return answer;
}

export async function refuse(device, button, fleet) {
  const sure = await confirm(`Refuse ${nameOf(device)}?`, "It is cut off now and turned away when it comes again, until you approve it.", { yes: "Refuse it" });
  if (sure) await change(button, device, fleet, "/revoke", `${nameOf(device)} is refused.`);
}

/** The places there are already, to choose from. */
export const placeField = (fleet, value, more = {}) => html`${field("Place", "place", {
  value, maxlength: 100, required: false, help: "Where it hangs, such as “Hall, left of the door”. Empty takes it away.", ...more,
})}`;

function rename(device, fleet) {
  return openDialog(`Change ${nameOf(device)}`, (close) => html`<form @submit=${(event) => {
    const place = event.target.elements.place.value;
    submit(event, async (values) => close(fleet.put(await api("PATCH", path(device), { ...values, place }))), "Changed.");
  }}>
    ${field("Name", "name", { value: nameOf(device), maxlength: 100, help: "What people see. The id stays.", autofocus: true })}
    ${placeField(fleet, device.place)}
    ${kindSelect(device, "kind-change")}${end(close, "Save")}
  </form>`);
}

async function revoke(device, button, fleet) {
  const sure = await confirm(`Revoke ${nameOf(device)}?`, "It is cut off at once and turned away when it comes again. Nothing that it sent is lost, and you can approve it again.", { yes: "Revoke" });
  if (sure) await change(button, device, fleet, "/revoke", `${nameOf(device)} is revoked.`);
}

async function remove(device, button, fleet) {
  const sure = await confirm(`Remove ${nameOf(device)}?`, "Its entry, its key, its history and its settings are deleted for good. If it connects again, it is a new device that waits for approval.", { yes: "Remove for good" });
  if (!sure) return;
  const done = await act(button, () => api("DELETE", path(device)), `${nameOf(device)} is removed.`);
  if (done !== undefined) fleet.gone(device.id);
}

async function makeKey(device, button, fleet) {
  const sure = await confirm(
    device.keyed ? `A new key for ${nameOf(device)}?` : `A key for ${nameOf(device)}?`,
    device.keyed
      ? "The key it has now stops working: the device stays out until the new one is on it."
      : "Only firmware that knows keys can use one. From then on this name is refused to anything without the key, also to the old firmware on the device itself.",
    { yes: "Make a key", danger: device.keyed },
  );
  if (!sure) return;
  const answer = await change(button, device, fleet, "/key", "");
  if (answer?.key) await showKey(device, answer.key);
}

/** A key for a board that was not here yet; of one that was, the key would end: that is asked. */
export const newKey = (fleet) => openDialog("New key", (close) => html`<p>For a board with firmware that knows keys: choose its id, put the key on the board, and it is let in when it connects.</p>
  <form @submit=${(event) => submit(event, async ({ id, kind }) => close(fleet.board(id) ?? await api("POST", path({ id }, "/key"), { kind })))}>
    ${field("Id", "id", { id: "f-new-id", pattern: "[a-z0-9\\-]{3,32}", maxlength: 32, autocapitalize: "none", spellcheck: "false", autofocus: true, help: "3 to 32 of a-z, 0-9 and -, as it stands on the board." })}
    ${kindSelect({ kind: "camera" }, "f-new-kind")}${end(close, "Make the key")}
  </form>`).then(async (made) => {
  if (!made) return;
  if (!made.key) {
    await makeKey(made, null, fleet);
    return;
  }
  await fleet.reload();
  await showKey(made, made.key);
});

const showKey = (device, key) => openDialog(`Key of ${nameOf(device)}`, (close) => html`
  <p><strong>It is shown only now.</strong> Put it on the device as its key, with the id <code>${device.id}</code>.
    Whoever has it can pose as this device. Lost it? Make a new one.</p>
  ${secret(key)}
  <div class="actions"><button type="button" @click=${() => close()}>Done</button></div>`);

const again = (device, fleet) =>
  device.state === "revoked"
    ? html`<button type="button" class="quiet" @click=${(event) => change(event.currentTarget, device, fleet, "/approve", `${nameOf(device)} is approved again.`)}>${icon("check")}Approve again</button>`
    : html`<button type="button" class="danger" @click=${(event) => revoke(device, event.currentTarget, fleet)}>${icon("ban")}Revoke</button>`;

/** The buttons of one board. */
export const jobs = (device, fleet) => html`<div class="row">
    <button type="button" class="quiet" @click=${() => rename(device, fleet)}>${icon("pencil")}Name and place</button>
    <button type="button" class="quiet" @click=${(event) => makeKey(device, event.currentTarget, fleet)}>${icon("key")}${device.keyed ? "New key" : "Make key"}</button>
    ${device.state === "pending" ? "" : again(device, fleet)}
    <button type="button" class="danger" @click=${(event) => remove(device, event.currentTarget, fleet)}>${icon("trash")}Remove</button>
  </div>`;
