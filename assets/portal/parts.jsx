// Small parts that only the browser can do: shares as widths, the switches of language and theme, the drawer of a phone.
import { useEffect, useState } from "react";
import { ChevronDown, Monitor, Moon, Sun } from "lucide-react";
import { useLocation } from "react-router";
import { setLanguage, setTheme, useLanguage, useTheme } from "$/public/portal/words.js";

export function Share({ percent, className = "", children }) {
  return (
    <div className={`share ${className}`} style={{ flexGrow: percent, display: percent > 0 ? undefined : "none" }}>
      {children}
    </div>
  );
}

export function Filled({ percent, className = "" }) {
  return (
    <span className={`meter ${className}`}>
      <span style={{ width: `${Math.max(0, Math.min(100, percent))}%` }} />
    </span>
  );
}

export function LanguageSwitch() {
  const language = useLanguage();
  const other = language === "zh" ? "en" : "zh";
  return (
    <button type="button" className="tool" lang={other === "zh" ? "zh-CN" : "en"} onClick={() => setLanguage(other)}>
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}

const NEXT = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function ThemeSwitch({ labels }) {
  const theme = useTheme();
  const Icon = ICONS[theme];
  return (
    <button
      type="button"
      className="tool"
      aria-label={labels[theme]}
      title={labels[theme]}
      onClick={() => setTheme(NEXT[theme])}
    >
      <Icon size={16} strokeWidth={1.5} aria-hidden="true" />
    </button>
  );
}

export function Ready() {
  const root = typeof document === "undefined" ? null : document.documentElement;
  const { pathname } = useLocation();
  useEffect(() => {
    root.dataset.ready = "";
  }, [root]);
  useEffect(() => {
    delete root.dataset.drawer;
  }, [root, pathname]);
  return null;
}

export function Reload({ className, children }) {
  return (
    <button type="button" className={className} onClick={() => location.reload()}>
      {children}
    </button>
  );
}

// A group of the navigation that can be folded; on a phone only the group of this page is open at first.
export function Fold({ name, title, isCurrent = false, children }) {
  const [isOpen, setOpen] = useState(true);
  useEffect(() => {
    const kept = localStorage.getItem(`nav.${name}`);
    const isWide = matchMedia("(min-width: 901px)").matches;
    setOpen(isCurrent || (isWide ? kept !== "folded" : kept === "open"));
  }, [name, isCurrent]);
  const turn = () => {
    localStorage.setItem(`nav.${name}`, isOpen ? "folded" : "open");
    setOpen(!isOpen);
  };
  return (
    <div className="group">
      <h2>
        <button type="button" className="fold" aria-expanded={isOpen} onClick={turn}>
          <span>{title}</span>
          <ChevronDown size={14} strokeWidth={1.5} aria-hidden="true" />
        </button>
      </h2>
      <div hidden={!isOpen}>{children}</div>
    </div>
  );
}

export function Drawer({ label, children }) {
  useEffect(() => {
    const leave = (event) => {
      const { dataset } = document.documentElement;
      if ("drawer" in dataset && !event.target.closest(".side, .tool.menu")) delete dataset.drawer;
    };
    document.addEventListener("click", leave);
    return () => document.removeEventListener("click", leave);
  }, []);
  const toggle = () => {
    const { dataset } = document.documentElement;
    if ("drawer" in dataset) delete dataset.drawer;
    else dataset.drawer = "";
  };
  return (
    <button type="button" className="tool menu" aria-label={label} onClick={toggle}>
      {children}
    </button>
  );
}
