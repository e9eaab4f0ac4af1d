import { html, render } from "lit-html";
import "./lib/shell.js";
import { items } from "./lib/api.js";
import { accessCard } from "./lib/health/accesses.js";
import { api1, heading, patient } from "./lib/health/patient.js";
import { doctorForm, linkForm, loadDoctors } from "./lib/health/sharing/forms.js";
import { shareLists } from "./lib/health/sharing/list.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { say } from "./lib/messages.js";

const place = document.getElementById("app");
let shares = initial.shares ?? [];

function made(share) {
  say(share.kind === "doctor" ? `${share.doctor_name || share.doctor} can see it now.` : "The link is made.");
  reload();
}

function draw() {
  render(html`${heading("sharing", "Sharing", `Who may see what of ${patient.name}, until when, and who looked.`)}
    ${shareLists(shares, reload)}
    <div class="share-forms">${doctorForm(made)}${linkForm(made)}</div>
    ${accessCard(draw)}`, place);
}

async function reload() {
  shares = await items(`${api1}/shares?limit=1000`);
  draw();
}

draw();
loadDoctors(draw);
live({ record: (data) => data.patient === patient.id && data.section === "shares" && reload(), resync: reload, reconnected: reload });
setInterval(draw, 30000);
