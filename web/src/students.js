import { html, render } from "lit-html";
import "./lib/shell.js";
import { heading } from "./lib/campus/head.js";
import { importView } from "./lib/campus/students/import.js";
import { add, reset } from "./lib/campus/students/jobs.js";
import { studentList } from "./lib/campus/students/list.js";
import { pageOf } from "./lib/campus/students/parts.js";
import { studentView } from "./lib/campus/students/student.js";
import { initial } from "./lib/initial.js";
import { live } from "./lib/live.js";
import { icon } from "./lib/parts.js";

const place = document.getElementById("app");
const categories = initial.categories ?? {};
const asked = new URLSearchParams(location.search);

const view = asked.has("student") ? studentView(asked.get("student"), { ...initial, categories }, draw)
  : asked.has("import") ? importView(draw)
    : studentList(categories, draw);

const added = (made) => made && location.assign(pageOf(made.rollno));

const actions = () => (view.title ? "" : html`<a class="button quiet" href="/campus/students?import=1">${icon("upload")}Import a file</a>
  <button type="button" class="quiet" @click=${() => reset().then((done) => done && view.load())}>${icon("undo")}Everybody out</button>
  <button type="button" @click=${() => add(categories).then(added)}>${icon("plus")}Add a student</button>`);

function draw() {
  render(html`${heading("students", view.title ?? "Students", view.title ? "" : "Who is registered, by what gates know them, and where they are.", actions())}
    ${view.template()}`, place);
}

draw();
view.load();
live({ movement: view.moved, resync: view.load, reconnected: view.load });
