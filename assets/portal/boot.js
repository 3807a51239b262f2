// Before the first paint: language from the address (?lang=), language and theme from the cookies, else from the browser. A classic script, so that it blocks.
(() => {
  const root = document.documentElement;
  const read = (name) => (document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`)) || [])[1];
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = (["zh", "en"].includes(asked) && asked) || read("portal_language") || navigator.language;
  const language = wanted.toLowerCase().startsWith("zh") ? "zh" : "en";
  const choice = ["light", "dark"].includes(read("portal_theme")) ? read("portal_theme") : "system";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const isDark = root.dataset.choice === "dark" || (root.dataset.choice === "system" && dark.matches);
    root.dataset.theme = isDark ? "dark" : "light";
  };
  root.lang = language === "zh" ? "zh-CN" : "en";
  root.dataset.language = language;
  root.dataset.choice = choice;
  paint();
  dark.addEventListener("change", paint);
})();
