"""The one tree of errors.

PortalError
├── NotFound      the thing named does not exist, or is not yours to see
├── Conflict      it exists, or somebody else changed it meanwhile
├── Refused       you may not, or it makes no sense now
├── Invalid       the input is wrong; `field` in the parameters names where
└── Unavailable   a dependency did not answer; `is_transient` says whether to try again

Words are not here: `code` is looked up as `error.<code>` in the catalogue of `portal.i18n`, with `params` filled in.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


class PortalError(Exception):
    """Something went wrong that a person can be told about in words."""

    kind: Kind

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = {name: str(value) for name, value in params.items()}

    def __str__(self) -> str:
        detail = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({detail})" if detail else self.code


class NotFound(PortalError):
    kind = Kind.NOT_FOUND


class Conflict(PortalError):
    kind = Kind.CONFLICT


class Refused(PortalError):
    kind = Kind.REFUSED


class Invalid(PortalError):
    kind = Kind.INVALID


class Unavailable(PortalError):
    kind = Kind.UNAVAILABLE
    is_transient = True


class Unsupported(Unavailable):
    """The engine or proxy cannot do this at all; trying again will not help."""

    is_transient = False
