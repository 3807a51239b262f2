"""Stands for a library that others import and nobody here uses, so that it takes no memory."""

from __future__ import annotations

import sys
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


def leave_out(*names: str) -> None:
    """Whoever imports these modules afterwards gets a stand-in; one that is loaded already stays."""
    for name in names:
        sys.modules.setdefault(name, AbsentModule(name))
