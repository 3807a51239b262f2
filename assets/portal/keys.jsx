// The keyboard: / searches, g and a letter goes, ? helps. Quiet while somebody types or a dialog is open.
import { useEffect } from "react";
import { useNavigate } from "react-router";

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable]");

export function Shortcuts({ places, helpId }) {
  const navigate = useNavigate();
  useEffect(() => {
    let goUntil = 0;
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "Escape") delete document.documentElement.dataset.drawer;
      if (document.querySelector("dialog[open]")) return;
      const place = Date.now() < goUntil ? places[event.key] : undefined;
      goUntil = event.key === "g" ? Date.now() + 1500 : 0;
      const search = document.querySelector("[data-search]");
      if (place) navigate(place);
      else if (event.key === "?") document.getElementById(helpId)?.showModal();
      else if (event.key === "/" && search) search.focus();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [places, helpId, navigate]);
  return null;
}

export function Opens({ target, label, className, children }) {
  return (
    <button
      type="button"
      className={className}
      aria-label={label}
      title={label}
      onClick={() => document.getElementById(target)?.showModal()}
    >
      {children}
    </button>
  );
}
