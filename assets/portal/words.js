// The reader's language and theme: kept in the browser, known before the first paint, changed without a reload.
import { useSyncExternalStore } from "react";

const listeners = new Set();
const read = (name) => document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1];
const keep = (name, value) => {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
};
const tell = () => listeners.forEach((listener) => listener());
const subscribe = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const ofBrowser = () => (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
const language = () => (typeof document === "undefined" ? "en" : document.documentElement.dataset.language || ofBrowser());
const theme = () => (typeof document === "undefined" ? "system" : document.documentElement.dataset.choice || "system");

const zone = () => {
  const kept = typeof document === "undefined" ? "" : decodeURIComponent(read("portal_zone") ?? "").replaceAll("\"", "");
  return /^[A-Za-z0-9_+/-]{1,60}$/.test(kept) ? kept : undefined;
};

// The zone in which times are shown; undefined is that of the browser.
export const useZone = () => useSyncExternalStore(subscribe, zone, () => undefined);
export const useLanguage = () => useSyncExternalStore(subscribe, language, () => "en");
export const useTheme = () => useSyncExternalStore(subscribe, theme, () => "system");

export function setLanguage(value) {
  keep("portal_language", value);
  document.documentElement.dataset.language = value;
  document.documentElement.lang = value === "zh" ? "zh-CN" : "en";
  tell();
}

export function setTheme(choice) {
  keep("portal_theme", choice);
  const root = document.documentElement;
  root.dataset.choice = choice;
  const isDark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = isDark ? "dark" : "light";
  tell();
}

export function setZone(value) {
  keep("portal_zone", value);
  tell();
}

export const locale = (value) => (value === "zh" ? "zh-CN" : "en-GB");
export { read };
