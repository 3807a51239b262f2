"""The edge where the errors of the SDK, of HTTP and of the engine become the portal's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException

from portal.domain.container import ContainerSpec
from portal.domain.errors import Conflict, Invalid, NotFound, PortalError, Refused, Unavailable

REASON_KEPT = 300
Wording = Callable[[str], PortalError]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call was about: `missing` is said when the engine does not know it, `failed` when it could not do it."""

    missing: Wording | None = None
    failed: Wording | None = None
    address: str = ""


def container(name: str) -> Subject:
    return Subject(missing=lambda _: NotFound("container_missing", name=name))


def limits(name: str) -> Subject:
    return Subject(
        missing=lambda _: NotFound("container_missing", name=name),
        failed=lambda reason: Refused("limits_refused", name=name, reason=reason),
    )


def live(name: str) -> Subject:
    """A call that needs the container to run."""
    return Subject(
        lambda _: NotFound("container_missing", name=name),
        lambda reason: Refused("live_file_refused", name=name, reason=reason),
    )


def image(reference: str) -> Subject:
    return Subject(missing=lambda _: NotFound("image_missing", image=reference))


def absent_at_start(name: str, reason: str) -> PortalError:
    """The engine also says 404 of a container whose network was removed."""
    if "network" in reason.lower():
        return Refused("container_start_failed", name=name, reason=reason)
    return NotFound("container_missing", name=name)


@contextmanager
def edge(subject: Subject | None = None) -> Generator[None]:
    """Lets no foreign error out: PortalError passes, everything an engine call can raise is translated."""
    from docker.errors import DockerException, StreamParseError
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    foreign = (
        DockerException,
        StreamParseError,
        RequestException,
        HTTPError,
        HTTPException,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    )
    try:
        yield
    except PortalError:
        raise
    except foreign as error:
        raise translate(error, subject or Subject()) from error


def translate(error: Exception, subject: Subject) -> PortalError:
    """The portal's error for a foreign one."""
    from docker.errors import APIError

    if not isinstance(error, APIError):
        return _unanswered(error, subject)
    status = error.status_code or 0
    reason = str(error.explanation or error)[:REASON_KEPT]
    return _by_reason(reason, subject) or _by_status(status, reason, subject=subject)


def _unanswered(error: Exception, subject: Subject) -> PortalError:
    from docker.errors import DockerException
    from requests.exceptions import InvalidJSONError, RequestException
    from urllib3.exceptions import HTTPError

    reason = f"{type(error).__name__}: {error}"[:REASON_KEPT]
    is_silence = isinstance(error, (RequestException, HTTPError, HTTPException, OSError))
    if isinstance(error, DockerException) and not is_silence and subject.failed:
        return subject.failed(reason)
    is_nonsense = isinstance(error, InvalidJSONError)
    return Unavailable("engine_unreachable" if is_silence and not is_nonsense else "engine_failed", reason=reason)


def _by_reason(reason: str, subject: Subject) -> PortalError | None:
    lower = reason.lower()
    if "no space left on device" in lower:
        return Unavailable("engine_disk_full", reason=reason)
    if re.search(r"address already in use|requested ip address .* is already allocated", lower):
        return Conflict("address_taken", address=subject.address or "?")
    if "no such image" in lower or "image not known" in lower:
        named = re.search(r"no such image:? ([^\s\"]+)", reason, re.IGNORECASE)
        return NotFound("image_missing", image=named[1] if named else "?") if not subject.missing else None
    return None


def _by_status(status: int, reason: str, *, subject: Subject) -> PortalError:
    if status in (502, 503, 504) and reason.startswith("gate: "):
        return Unavailable("engine_unreachable", reason=reason)
    if status == 404 and subject.missing:
        return subject.missing(reason)
    if reason.startswith("gate: "):
        return Refused("engine_refused", reason=reason)
    if subject.failed:
        return subject.failed(reason)
    if status == 400:
        return Invalid("engine_invalid", reason=reason)
    return Unavailable("engine_failed", reason=reason)


def missing(spec: ContainerSpec, reason: str) -> PortalError:
    if "network" in reason.lower():
        return NotFound("network_missing", name=spec.network)
    return NotFound("image_missing", image=spec.image)


def uncreated(spec: ContainerSpec, reason: str) -> PortalError:
    if "already in use" in reason and "name" in reason:
        return Conflict("container_differs", name=spec.name)
    return Refused("container_create_failed", name=spec.name, reason=reason)
