// Before the first paint of a document: the theme from the cookie, else from the browser. A classic script, so that it blocks.
(() => {
  const root = document.documentElement;
  const kept = (document.cookie.match(/(?:^|; )portal_theme=([^;]*)/) || [])[1];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const isDark = root.dataset.choice === "dark" || (root.dataset.choice === "system" && dark.matches);
    root.dataset.theme = isDark ? "dark" : "light";
  };
  root.dataset.choice = ["light", "dark"].includes(kept) ? kept : "system";
  new MutationObserver(paint).observe(root, { attributes: true, attributeFilter: ["data-choice"] });
  dark.addEventListener("change", paint);
  paint();
})();
