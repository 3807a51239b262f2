"""Keeps libraries that others import and nobody here uses out of the memory."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType


class AbsentModule(ModuleType):
    """Gives whatever is imported from it: a class that says so when it is used."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # so that what is below it can be imported too

    def __getattr__(self, name: str) -> type[Exception]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {"__module__": self.__name__, "__init__": _refuse})


def _refuse(self: object, *_: object, **__: object) -> None:
    raise RuntimeError(f"{type(self).__module__} is not loaded in this process")


def stand_in_for(*names: str) -> None:
    """Whoever imports these modules afterwards gets a stand-in; one that is loaded already stays."""
    for name in names:
        sys.modules.setdefault(name, AbsentModule(name))


def do_without(*names: str) -> None:
    """As if these modules were not installed, for those who can do without them; one that is loaded already stays."""
    warnings.filterwarnings("ignore", message="Unable to find acceptable character detection dependency")
    for name in names:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type] - so an import says that it is not there
