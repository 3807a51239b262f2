// A page of the documents: theme, language, navigation of a phone, copying, where one is, and the search. Everything
// else works without it.
(() => {
  const root = document.documentElement;
  const at = (id) => document.getElementById(`reader-${id}`);
  const make = (tag, given = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), given);
    element.append(...children);
    return element;
  };
  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  };
  const words = at("search").dataset;

  const NEXT = { system: "light", light: "dark", dark: "system" };
  at("theme").addEventListener("click", () => {
    root.dataset.choice = NEXT[root.dataset.choice] ?? "system";
    keep("portal_theme", root.dataset.choice);
  });
  at("language").addEventListener("click", (event) => {
    keep("portal_language", event.currentTarget.dataset.language);
    event.currentTarget.hash = location.hash; // twins have the same anchors
  });

  const drawer = at("drawer");
  const pull = (isOpen) => {
    root.toggleAttribute("data-drawer", isOpen);
    drawer.setAttribute("aria-expanded", String(isOpen));
  };
  document.addEventListener("click", (event) => {
    if (drawer.contains(event.target)) pull(!root.hasAttribute("data-drawer"));
    else if (root.hasAttribute("data-drawer") && !event.target.closest(".reader-side")) pull(false);
  });
  document.querySelector('.reader-side [aria-current="page"]')?.scrollIntoView({ block: "nearest" });

  for (const block of document.querySelectorAll(".code")) {
    const text = block.querySelector("code");
    const told = make("span", { textContent: words.copy });
    const button = make("button", { type: "button", className: "copy" }, told);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent.trimEnd());
      told.textContent = words.copied;
      setTimeout(() => (told.textContent = words.copy), 1500);
    });
    if (navigator.clipboard) block.append(button);
  }

  const links = new Map([...document.querySelectorAll(".reader-contents a")].map((link) => [link.hash.slice(1), link]));
  const heads = [...document.querySelectorAll("article :is(h2, h3)[id]")];
  const follow = () => {
    const passed = heads.filter((head) => head.getBoundingClientRect().top < 120).at(-1) ?? heads[0];
    for (const [id, link] of links) {
      if (id === passed?.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  let isWaiting = false;
  const scrolled = () => {
    if (!isWaiting) requestAnimationFrame(() => ((isWaiting = false), follow()));
    isWaiting = true;
  };
  if (links.size) addEventListener("scroll", scrolled, { passive: true });
  if (links.size) follow();

  const [box, input, list, told] = ["search", "search-text", "search-rows", "search-told"].map(at);
  let [timer, here, asked] = [0, 0, ""];
  const open = () => {
    if (!box.open) box.showModal();
    input.select();
    input.focus();
  };
  const choose = (number) => {
    const rows = [...list.children];
    here = rows.length ? (number + rows.length) % rows.length : 0;
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === here)));
    input.setAttribute("aria-activedescendant", rows.length ? `reader-found-${here}` : "");
    rows[here]?.scrollIntoView({ block: "nearest" });
  };
  const row = (found, number) => {
    const pieces = found.excerpt.map((piece) => make(piece.is_match ? "mark" : "span", { textContent: piece.text }));
    const where = make("span", { className: "small", textContent: found.page_title });
    const title = make("strong", { textContent: found.title });
    const link = make("a", { href: found.path, tabIndex: -1 }, make("span", { className: "found-title" }, title, where), make("span", { className: "excerpt" }, ...pieces));
    const item = make("li", { id: `reader-found-${number}` }, link);
    item.setAttribute("role", "option");
    item.addEventListener("mousemove", () => here !== number && choose(number));
    item.addEventListener("click", () => box.close());
    return item;
  };
  const show = (rows, text) => {
    list.replaceChildren(...rows.map(row));
    input.setAttribute("aria-expanded", String(rows.length > 0));
    told.textContent = rows.length || !text ? "" : words.nothing;
    choose(0);
  };
  const ask = async () => {
    const text = input.value.trim();
    asked = text;
    if (!text) return show([], "");
    const address = `/docs/search?${new URLSearchParams({ language: root.dataset.language, text })}`;
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) throw new Error(answer.status);
      const rows = await answer.json();
      if (asked === text) show(rows, text);
    } catch {
      if (asked === text) told.textContent = words.failed;
    }
  };
  at("find").addEventListener("click", open);
  at("search-close").addEventListener("click", () => box.close());
  box.addEventListener("mousedown", (event) => event.target === box && box.close());
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 100);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && !event.isComposing) list.children[here]?.querySelector("a").click();
    else if (step) choose(here + step);
    else return;
    event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    const isSearch = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const isTyping = event.target.closest?.("input, textarea, select");
    if (event.key === "Escape") pull(false);
    if (!isSearch && (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey)) return;
    event.preventDefault();
    open();
  });
})();
