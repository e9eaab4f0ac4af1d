// The bar of every page: theme, menu, signing out.
import { api } from "./api.js";
import { act } from "./act.js";
import { hearNews } from "./health/news.js";
import { keep } from "./keep.js";

const THEMES = {
  system: ["auto", "Theme: as on this device. Change to light.", "light"],
  light: ["sun", "Theme: light. Change to dark.", "dark"],
  dark: ["moon", "Theme: dark. Change to that of this device.", "system"],
};

function themeButton() {
  const button = document.getElementById("theme");
  const [picture, words] = THEMES[document.documentElement.dataset.chosen];
  button.hidden = false;
  button.setAttribute("aria-label", words);
  button.title = words;
  button.firstElementChild.className = `icon i-${picture}`;
}

function nextTheme() {
  keep("theme", THEMES[document.documentElement.dataset.chosen][2]);
  dispatchEvent(new Event("theme-chosen"));
  themeButton();
}

function menu() {
  const details = document.getElementById("person");
  if (!details) return;
  const outside = (event) => details.contains(event.target) || details.removeAttribute("open");
  document.addEventListener("click", outside);
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  document.getElementById("sign-out").addEventListener("click", async (event) => {
    const done = await act(event.currentTarget, () => api("DELETE", "/api/v1/session"));
    if (done !== undefined) location.assign("/login");
  });
}

document.getElementById("theme").addEventListener("click", nextTheme);
addEventListener("storage", themeButton);
// a page restored by the back button shows old data and holds closed streams
addEventListener("pageshow", (event) => event.persisted && location.reload());
themeButton();
menu();
hearNews();
