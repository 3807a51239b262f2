"""What a page shows, as values of its state's fields: made once for many tabs, and each value encoded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MOST_MESSAGES = 8
_NOTHING: Mapping[str, object] = {}


class Sight:
    """Values by the name of the field. Nobody changes one that is shown: what is new is another sight."""

    __slots__ = ("_base", "_messages", "_texts", "values")

    def __init__(self, values: Mapping[str, object], *, base: Sight | None = None) -> None:
        """`base` has what is the same for everybody; `values` are added to it or stand in its place."""
        self.values: dict[str, object] = {**base.values, **values} if base else dict(values)
        self._base = base
        self._texts: dict[str, str] = {}
        self._messages: dict[tuple[str, ...], Any] = {}

    def following(self, former: Sight | None) -> Sight:
        """The same; what has not changed since `former` is the former's own value, encoded if that was."""
        if former is None:
            return self
        for name, value in self.values.items():
            if name in former.values and former.values[name] == value:
                self.values[name] = former.values[name]
                if name in former._texts:
                    self._texts[name] = former._texts[name]
        return self

    def is_like(self, other: Sight) -> bool:
        """Whether it shows the very values of `other`, as one that follows it does if there is no news."""
        return self.changed(other) == () and len(self.values) == len(other.values)

    def changed(self, before: Sight | None) -> tuple[str, ...]:
        """The names of the fields that somebody who sees `before` has to be told."""
        old = before.values if before else _NOTHING
        return tuple(
            name
            for name, value in self.values.items()
            if name not in old or (old[name] is not value and old[name] != value)
        )

    def text(self, name: str, encode: Callable[[object], str]) -> str:
        """The value as JSON."""
        if self._base is not None and self._base.values.get(name) is self.values[name]:
            return self._base.text(name, encode)
        if name not in self._texts:
            self._texts[name] = encode(self.values[name])
        return self._texts[name]

    def message(self, names: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """What `make` makes of the values of these fields, for many tabs once."""
        if names not in self._messages:
            if len(self._messages) >= MOST_MESSAGES:
                self._messages.clear()
            self._messages[names] = make()
        return self._messages[names]

    def __reduce__(self) -> tuple[type[Sight], tuple[Mapping[str, object]]]:
        """Kept outside of this process, what a tab shows is forgotten: it is told everything once more."""
        return Sight, (_NOTHING,)
