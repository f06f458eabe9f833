// Runs before the first paint, so that a dark page never flashes white. Everything else is in app.js.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("pimhub-theme");
    } catch {
      return null; // storage may be forbidden; the system's choice is then all there is
    }
  };
  const apply = () => {
    root.dataset.bsTheme = chosen() ?? (system.matches ? "dark" : "light");
  };
  root.classList.add("js");
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab switched
  apply();
})();
