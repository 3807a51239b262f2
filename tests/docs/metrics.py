"""What /metrics tells, from the one list of measures: the page that bin/docs writes."""

from __future__ import annotations

from portal.i18n import t
from portal.services.measures import KNOWN

_WORDS = {
    "en": (
        "# Metrics",
        ("name", "type", "meaning"),
    ),
    "zh": (
        "# 指标",
        ("名称", "类型", "含义"),
    ),
}


def page(locale: str) -> str:
    title, columns = _WORDS[locale]
    rows = [f"| `{name}` | {kind} | {t(locale, f'metric.{name}')} |" for name, (kind, _) in KNOWN.items()]
    return "\n".join(
        [
            title,
            "",
            t(locale, "metrics_page.introduction"),
            "",
            f"| {' | '.join(columns)} |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
