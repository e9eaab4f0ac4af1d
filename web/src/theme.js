// Loaded before anything is painted, so that no theme flashes: data-theme always says which
// one is shown, data-chosen what the person chose ("system" follows the device).
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const apply = () => {
    let chosen = null;
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // storage is forbidden here: the device's own scheme it is
    }
    root.dataset.chosen = chosen === "light" || chosen === "dark" ? chosen : "system";
    root.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("theme-chosen", apply);
  // paper is white
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; });
  addEventListener("afterprint", apply);
}
