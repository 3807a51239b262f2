"""How a value stands in a sentence: as it is, as a number with its thousands apart, or as a choice of words by number.

`{n:,}` writes 12,345. `{n:entry|entries}` says the first word for 1 and the second for any other number; Chinese needs
none of that and leaves it out.
"""

from __future__ import annotations

import re

GROUPED, CHOICE = ",", "|"
PLACE = re.compile(r"\{(\w+)(?::([^{}]*))?\}")


def formed(value: object, form: str) -> str:
    """The value in this form; one that is no whole number stays as it is, and its words are those for many."""
    text = str(value)
    is_whole = text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
    if form == GROUPED:
        return f"{int(text):,}" if is_whole and len(text) < 20 else text
    if CHOICE in form:
        one, _, many = form.partition(CHOICE)
        return one if text == "1" else many
    return text
