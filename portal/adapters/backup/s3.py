"""Backups in a bucket behind an S3 interface, addressed by path so that any of the servers will do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from portal.adapters.backup.s3_signing import Credentials, Signed, canonical_query, signed_headers
from portal.domain.backup_names import check_name
from portal.domain.errors import Invalid, NotFound, Unavailable
from portal.ports.backup_store import LARGEST_OBJECT_BYTES

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS, CONNECT_SECONDS = 20.0, 5.0
TRIES = 3
LARGEST_LIST_BYTES = 8 * 1024 * 1024
_NAMESPACE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """`endpoint` without a path, `prefix` without slashes at its ends."""

    endpoint: str
    name: str
    prefix: str = ""


class S3Backups:
    """Answers of the 5xx kind and lost connections are tried three times in all."""

    def __init__(self, bucket: Bucket, credentials: Credentials) -> None:
        self._bucket, self._credentials = bucket, credentials
        self._host = urlsplit(bucket.endpoint).netloc
        self._made: httpx.Client | None = None

    @property
    def address(self) -> str:
        return f"s3://{self._bucket.name}/{self._bucket.prefix} ({self._host})"

    def put(self, name: str, content: bytes) -> None:
        if len(content) > LARGEST_OBJECT_BYTES:
            raise Invalid("backup_object_large", name=name, limit=LARGEST_OBJECT_BYTES)
        self._require(self._call("PUT", self._key(name), body=content), 200)

    def get(self, name: str) -> bytes:
        reply = self._call("GET", self._key(name))
        if reply.status_code == 404:
            raise NotFound("backup_object_missing", name=name)
        return self._require(reply, 200).content

    def names(self, prefix: str) -> Iterator[str]:
        for page in self._pages(self._listed(prefix)):
            for found in page.iter("Key"):
                yield self._without_prefix(found.text or "")

    def folders(self, prefix: str) -> list[str]:
        pages = self._pages({**self._listed(prefix), "delimiter": "/"})
        found = [part.text or "" for page in pages for part in page.findall("CommonPrefixes/Prefix")]
        return sorted(self._without_prefix(whole).removeprefix(prefix).rstrip("/") for whole in found)

    def delete(self, name: str) -> None:
        self._require(self._call("DELETE", self._key(name)), 200, 204, 404)

    def _key(self, name: str) -> str:
        return "/".join(filter(None, (self._bucket.prefix, check_name(name))))

    def _listed(self, prefix: str) -> dict[str, str]:
        whole = f"{self._bucket.prefix}/{prefix}" if self._bucket.prefix else prefix
        return {"list-type": "2", "prefix": whole}

    def _without_prefix(self, key: str) -> str:
        return key.removeprefix(f"{self._bucket.prefix}/") if self._bucket.prefix else key

    def _pages(self, query: dict[str, str]) -> Iterator[ET.Element]:
        token = ""
        while True:
            wanted = {**query, "continuation-token": token} if token else query
            page = _document(self._require(self._call("GET", "", query=wanted), 200).content, self.address)
            yield page
            token = page.findtext("NextContinuationToken") or ""
            if page.findtext("IsTruncated") != "true" or not token:
                return

    def _call(
        self, method: str, key: str, *, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        import httpx

        path = quote(f"/{self._bucket.name}/{key}".rstrip("/"))
        url = f"{self._bucket.endpoint}{path}" + (f"?{canonical_query(query)}" if query else "")
        for left in reversed(range(TRIES)):
            signed = Signed(method, self._host, path, query or {}, body)
            headers = signed_headers(self._credentials, signed, at=datetime.now(UTC))
            try:
                reply = self._client.request(method, url, headers=headers, content=body)
            except httpx.HTTPError as error:
                if not left:
                    raise self._unavailable(type(error).__name__) from error
                continue
            if reply.status_code < 500 or not left:
                return reply
        raise AssertionError

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    @property
    def _client(self) -> httpx.Client:
        import httpx

        if self._made is None:
            timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
            self._made = httpx.Client(timeout=timeout, follow_redirects=False)
        return self._made

    def _require(self, reply: httpx.Response, *statuses: int) -> httpx.Response:
        if reply.status_code not in statuses:
            code = re.search(rb"<Code>(\w{1,60})</Code>", reply.content[:4096])
            reason = f"HTTP {reply.status_code} {code[1].decode() if code else ''}".strip()
            raise self._unavailable(reason)
        return reply

    def _unavailable(self, reason: str) -> Unavailable:
        return Unavailable("backup_store_unavailable", store=self.address, reason=reason)


def _document(content: bytes, address: str) -> ET.Element:
    """Without namespaces, which servers differ in. Declarations of types are refused: they can make a text explode."""
    if len(content) > LARGEST_LIST_BYTES or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Unavailable("backup_store_unavailable", store=address, reason="XML")
    try:
        root = ET.fromstring(content)  # noqa: S314 - bounded, and without declarations
    except ET.ParseError:
        raise Unavailable("backup_store_unavailable", store=address, reason="XML") from None
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
    return root
