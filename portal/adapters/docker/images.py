"""Images of the engine: looked up, pulled from a registry, loaded from an archive."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from urllib.parse import quote

from portal.adapters.docker import failures, lines, reports
from portal.adapters.docker.calls import EngineCall, EngineCalls
from portal.adapters.docker.failures import Subject, Wording, edge
from portal.domain.container import Image
from portal.domain.errors import Invalid, PortalError, Unavailable

IMAGE_SECONDS = 600.0
REMEMBERED = 512


class EngineImages:
    """The part of the port that is about images. Raises only errors of the portal."""

    def __init__(self, calls: EngineCalls) -> None:
        self._calls = calls
        self._seen: OrderedDict[str, Image] = OrderedDict()
        self._lock = Lock()

    def image(self, reference: str) -> Image:
        with edge(failures.image(reference)):
            return reports.image(self._calls.get(f"/images/{quote(reference, safe='/:@')}/json"))

    def images(self) -> tuple[Image, ...]:
        with edge():
            return tuple(reports.image(found) for found in self._calls.get("/images/json"))

    def pull(self, reference: str) -> Image:
        def failed(reason: str) -> PortalError:
            return Unavailable("image_pull_failed", image=reference, reason=reason)

        with edge(Subject(failed, failed)):
            call = EngineCall("POST", "/images/create", _source(reference), headers=self._credentials(reference))
            self._progress(call, failed)
        return self.image(reference)

    def load(self, archive: bytes) -> tuple[Image, ...]:
        def failed(reason: str) -> PortalError:
            return Invalid("image_archive_bad", field="archive", reason=reason)

        with edge(Subject(failed, failed)):
            call = EngineCall("POST", "/images/load", data=archive, content_type="application/x-tar")
            told = self._progress(call, failed)
        names = [name.strip() for text in told.splitlines() if (name := _loaded(text))]
        if not names:
            raise failed(told.strip() or "nothing was loaded")
        return tuple(self.image(name) for name in names)

    def _progress(self, call: EngineCall, failed: Wording) -> str:
        """What the engine said while it worked. The error it reported in its words."""
        response = self._calls.send(replace(call, timeout_seconds=IMAGE_SECONDS, is_stream=True))
        told: list[str] = []
        with response:
            for document in lines.documents(response.iter_content(None)):
                if reason := document.get("error"):
                    raise failed(str(reason))
                told.append(str(document.get("stream", "")))
        return "".join(told)

    def _credentials(self, reference: str) -> dict[str, str]:
        from docker import auth

        registry, _ = auth.resolve_repository_name(_source(reference)["fromImage"])
        header: bytes | None = auth.get_config_header(  # pyright: ignore[reportUnknownMemberType]
            self._calls.client, registry
        )
        return {"X-Registry-Auth": header.decode()} if header else {}

    def known(self, reference: str) -> Image:
        """The image by its id. It never changes, so that one look is enough as long as it is there."""
        with self._lock:
            if found := self._seen.get(reference):
                return found
        image = self.image(reference)
        with self._lock:
            self._seen[reference] = image
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return image

    def forget(self, reference: str) -> None:
        with self._lock:
            self._seen.pop(reference, None)


def _source(reference: str) -> dict[str, str]:
    """Repository and tag (or digest) of a reference; `latest` where it names none."""
    from docker import utils

    repository, tag = utils.parse_repository_tag(reference)
    return {"fromImage": repository, "tag": tag or "latest"}


def _loaded(text: str) -> str:
    """The image that a line of the engine's report names."""
    found = re.search(r"Loaded image(?:\(s\)| ID)?: *(\S+)", text)
    return found[1] if found else ""
