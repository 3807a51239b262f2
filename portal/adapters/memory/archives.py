"""Reads a `docker save` archive as far as the memory engine needs it: which images are in it and their names."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

from portal.domain.container import Image
from portal.domain.errors import Invalid

JSON_MAX = 4 * 1024 * 1024


def images(archive: bytes) -> tuple[Image, ...]:
    """Invalid("image_archive_bad", reason=…)."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as tar:
            return tuple(_image(tar, entry) for entry in _document(tar, "manifest.json"))
    except (tarfile.TarError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Invalid("image_archive_bad", field="archive", reason=f"{type(error).__name__}: {error}") from error


def _document(tar: tarfile.TarFile, name: str) -> Any:
    member = tar.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is not a file")
    return json.loads(member.read(JSON_MAX))


def _image(tar: tarfile.TarFile, entry: dict[str, Any]) -> Image:
    path = str(entry["Config"])
    config: dict[str, Any] = _document(tar, path).get("config") or {}
    identity = path.removesuffix(".json").rpartition("/")[2]
    return Image(
        f"sha256:{identity}",
        tuple(entry.get("RepoTags") or ()),
        labels=config.get("Labels") or {},
        user=config.get("User") or "",
    )
