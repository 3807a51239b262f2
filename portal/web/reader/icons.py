"""The few Lucide icons of the documents, as markup."""

from __future__ import annotations

_SHAPES = {
    "search": '<circle cx="11" cy="11" r="8"/><path d="m21 21-4.3-4.3"/>',
    "menu": '<path d="M4 6h16M4 12h16M4 18h16"/>',
    "monitor": '<rect width="20" height="14" x="2" y="3" rx="2"/><path d="M8 21h8M12 17v4"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2'
    'M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4"/>',
    "moon": '<path d="M12 3a6 6 0 0 0 9 9 9 9 0 1 1-9-9Z"/>',
    "arrow-left": '<path d="m12 19-7-7 7-7M19 12H5"/>',
    "arrow-right": '<path d="M5 12h14M12 5l7 7-7 7"/>',
    "triangle-alert": '<path d="m21.7 18-8-14a2 2 0 0 0-3.4 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.7-3M12 9v4"/>'
    '<path d="M12 17h.01"/>',
    "check": '<path d="M20 6 9 17l-5-5"/>',
}


def icon(name: str, class_name: str = "icon") -> str:
    """It says nothing to a screen reader: the word beside it does."""
    return (
        f'<svg class="{class_name}" width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{_SHAPES[name]}</svg>'
    )
