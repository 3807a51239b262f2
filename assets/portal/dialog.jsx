// A modal dialog of the browser: it keeps the focus, makes the rest inert and closes on Escape.
import { useEffect, useRef } from "react";

export function Dialog({ open, onClose, labelledBy, kind = "", children }) {
  const box = useRef(null);
  useEffect(() => {
    const dialog = box.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  const dismiss = (event) => {
    event.preventDefault();
    onClose?.();
  };
  return (
    <dialog
      ref={box}
      className={`dialog ${kind}`}
      aria-labelledby={labelledBy}
      onCancel={dismiss}
      onMouseDown={(event) => event.target === box.current && dismiss(event)}
    >
      {open ? <div className="dialog-body">{children}</div> : null}
    </dialog>
  );
}
