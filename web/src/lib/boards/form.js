// The first step: what the board is, what it is called, and its Wi-Fi.
import { html, nothing } from "lit-html";
import { api } from "../api.js";
import { submit } from "../act.js";
import { field, icon } from "../parts.js";
import { changes, isTable, misplaced } from "./upload.js";

const HERE = /^(localhost|127\.|\[?::1)|\.local$/;

/** Where a board finds the daemon: as this page did, unless that means "this machine". */
export function usualHost(hosts, hostname = location.hostname) {
  return HERE.test(hostname) ? hosts[0] ?? "" : hostname;
}

/** What the form begins with. */
export function newWish(kinds) {
  const kind = kinds.kinds[0].kind;
  return { kind, preset: null, id: kinds.ids[kind], name: "", place: "", ssid: "", password: "", host: "", port: "", edited: null, again: false, known: false, plain: false };
}

const kindOf = (state) => state.kinds.kinds.find((each) => each.kind === state.wish.kind);
export const presetOf = (state) => kindOf(state).presets.find((each) => each.name === state.wish.preset) ?? kindOf(state).presets[0];

function choice(label, name, choices, chosen, change, help) {
  return html`<div class="field"><label for="f-${name}">${label}</label>
    <select id="f-${name}" name=${name} aria-describedby="f-${name}-help" @change=${(event) => change(event.target.value)}>
      ${choices.map(([value, words]) => html`<option value=${value} ?selected=${value === chosen}>${words}</option>`)}</select>
    <small id="f-${name}-help">${help}</small></div>`;
}

/** The form; `go(wish)` is called with what a person wants, once it can be. */
export function formView(state, draw, go) {
  const { wish, kinds } = state;
  const wire = kinds.wires[wish.kind];
  const set = (more) => {
    Object.assign(wish, more);
    draw();
  };
  const turn = (kind) => set({ kind, preset: null, edited: null, id: wish.typed ? wish.id : kinds.ids[kind] });
  return html`<form @submit=${(event) => submit(event, (values) => check(state, values, draw, go))}>
    ${choice("What is it?", "kind", kinds.kinds.map((each) => [each.kind, each.title]), wish.kind, turn, kindOf(state).about)}
    ${choice("Which board?", "preset", kindOf(state).presets.map((each) => [each.name, each.title]), presetOf(state).name, (preset) => set({ preset, edited: null }), presetOf(state).about)}
    ${pins(state, set)}
    <div class="pair">
      <div @input=${(event) => Object.assign(wish, { id: event.target.value, typed: true })}>
        ${field("Id", "id", { value: wish.id, pattern: "[a-z0-9\\-]{3,32}", maxlength: 32, autocapitalize: "none", spellcheck: "false", help: "3 to 32 of a-z, 0-9 and -. It stays." })}</div>
      ${field("Name", "name", { value: wish.name, maxlength: 100, required: false, help: "What people see. Can be changed." })}
    </div>
    ${wish.known ? again(wish) : nothing}
    ${field("Place", "place", { value: wish.place, maxlength: 100, required: false, help: "Where it will hang, such as: kitchen, left of the door." })}
    <fieldset><legend>Its Wi-Fi</legend>
      <div class="pair">${field("Network name", "ssid", { value: wish.ssid, maxlength: 32, autocapitalize: "none", spellcheck: "false" })}
        ${field("Password", "password", { type: "password", value: wish.password, maxlength: 64, required: false, autocomplete: "off", help: "Empty for an open network. ESP32 boards know 2.4 GHz only." })}</div>
      <p class="note">${icon("shield")}<span>Name and password go from this page over the cable onto the board. The server never gets them.</span></p>
    </fieldset>
    <div class="pair">
      ${field("Server", "host", { value: wish.host || wire.host || usualHost(kinds.hosts), maxlength: 253, autocapitalize: "none", spellcheck: "false", help: "Name or address of this server, as the board reaches it." })}
      ${wire.port ? nothing : field("Port", "port", { value: wish.port, inputmode: "numeric", pattern: "[0-9]{1,5}", help: "The server has no listener of its own for these boards." })}
    </div>
    ${wire.tls ? encrypt(wish) : nothing}
    <p class="form-error note bad" role="alert"></p>
    <div class="actions"><button>${icon("check")}Go on to the cable</button></div>
  </form>`;
}

const again = (wish) => html`<label class="choice"><input type="checkbox" name="again" ?checked=${wish.again}>
  <span>It is that very board<small>It gets a new key; the one it has ends at once.</small></span></label>`;

const encrypt = (wish) => html`<label class="choice"><input type="checkbox" name="encrypt" ?checked=${!wish.plain}>
  <span>Encrypt the link to the server<small>The board gets the certificate that it checks the server by.</small></span></label>`;

function pins(state, set) {
  const text = state.wish.edited ?? JSON.stringify(presetOf(state).settings, null, 1);
  return html`<details class="more"><summary>Pins and parts</summary>
    <div class="field"><label for="f-edited">Settings of this board</label>
      <textarea id="f-edited" name="edited" rows="10" spellcheck="false" class="code" aria-describedby="f-edited-help f-edited-wrong"
        .value=${text} @change=${(event) => set({ edited: event.target.value })}></textarea>
      <small id="f-edited-help">As in settings.json, without id, key, Wi-Fi and server. What each key means is in firmware/README.md.</small>
      <span class="wrong" id="f-edited-wrong" role="alert"></span></div></details>`;
}

class Wrong extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

async function check(state, values, draw, go) {
  const wish = state.wish;
  Object.assign(wish, { name: "", place: "", password: "", port: "" }, values, {
    again: values.again === "on",
    plain: state.kinds.wires[wish.kind].tls && values.encrypt !== "on",
  });
  const told = edits(state);
  const bytes = new TextEncoder().encode(wish.ssid).length;
  if (bytes > 32) throw new Wrong("ssid", "A network's name has up to 32 bytes.");
  if (wish.password && wish.password.length < 8) throw new Wrong("password", "A Wi-Fi password has 8 to 63 characters.");
  await freeId(wish, draw);
  go(told);
}

function edits(state) {
  if (state.wish.edited === null) return {};
  const edited = parsed(state.wish.edited);
  // a Wi-Fi that is written here would go to the server
  const apart = misplaced(edited);
  if (apart) throw new Wrong("edited", `Leave out ${apart}: it has a place of its own in this form.`);
  return changes(presetOf(state).settings, edited);
}

function parsed(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch (problem) {
    throw new Wrong("edited", `This is no JSON: ${problem.message}`);
  }
  if (!isTable(found)) throw new Wrong("edited", "It must be one object: {…}");
  return found;
}

async function freeId(wish, draw) {
  const known = await api("GET", `/api/v1/devices/${encodeURIComponent(wish.id)}`).catch((problem) => {
    if (problem.status === 404) return null;
    throw problem;
  });
  wish.known = known !== null;
  draw();
  if (known && !wish.again) throw new Wrong("id", `${wish.id} is there already: choose another id, or say below that it is that very board.`);
}
