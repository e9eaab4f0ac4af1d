// Modal dialogs on the browser's own <dialog>: focus is kept inside and given back.
import { html, render } from "lit-html";

/** Show a dialog; `content(close)` is its inside. Resolves with what close(value) was given. */
export function openDialog(title, content) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "dialog-title");
  document.body.append(dialog);
  // what lies outside a modal dialog is neither seen nor read out: messages come along
  const messages = document.querySelector(".messages");
  const inside = document.createElement("article");
  dialog.append(inside, messages);
  return new Promise((resolve) => {
    let result;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    render(frame(title, content(close), close), inside);
    dialog.addEventListener("close", () => {
      (document.querySelector("dialog[open]") ?? document.body).append(messages);
      document.documentElement.classList.remove("modal-is-open");
      dialog.remove();
      resolve(result);
    });
    document.documentElement.classList.add("modal-is-open");
    dialog.showModal();
  });
}

const frame = (title, content, close) => html`<header class="row between"><h2 id="dialog-title">${title}</h2>
    <button type="button" class="plain-button" aria-label="Close" @click=${() => close()}>
      <span class="icon i-close" aria-hidden="true"></span></button></header>
  ${content}`;

/** Ask before something that can't be taken back; true when the person said yes. */
export function confirm(title, text, { yes, danger = true } = {}) {
  return openDialog(title, (close) => html`<p>${text}</p>
    <div class="actions">
      <button type="button" class="quiet" autofocus @click=${() => close(false)}>Cancel</button>
      <button type="button" class=${danger ? "danger" : ""} @click=${() => close(true)}>${yes}</button>
    </div>`).then(Boolean);
}
