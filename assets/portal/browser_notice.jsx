// Shows the newest notification outside the page, for those who chose so and whose browser lets it; asks for that once.
import { useEffect, useRef } from "react";
import { useLanguage } from "$/public/portal/words.js";

export function BrowserNotice({ newest, title }) {
  const language = useLanguage();
  const told = useRef(null);
  useEffect(() => {
    if (!newest?.id || typeof Notification === "undefined") return;
    const isFirst = told.current === null;
    const isNew = newest.id > (told.current ?? 0);
    told.current = Math.max(newest.id, told.current ?? 0);
    if (isFirst || !isNew || Notification.permission !== "granted") return;
    const notice = new Notification(title, { body: newest.text[language], tag: `portal-${newest.id}` });
    notice.onclick = () => {
      window.focus();
      if (newest.href) location.assign(newest.href);
    };
  }, [newest?.id]);
  return null;
}

export function BrowserPermission({ label, done, denied }) {
  if (typeof Notification === "undefined") return null;
  if (Notification.permission === "granted") return <span className="small">{done}</span>;
  if (Notification.permission === "denied") return <span className="small">{denied}</span>;
  const ask = (event) => {
    const button = event.currentTarget;
    Notification.requestPermission().then((answer) => {
      button.disabled = true;
      button.textContent = answer === "granted" ? done : denied;
    });
  };
  return <button type="button" className="button quiet compact" onClick={ask}>{label}</button>;
}
