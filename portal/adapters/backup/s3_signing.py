"""Signatures of requests to S3: AWS Signature Version 4, in the Authorization header."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    key_id: str
    secret: str = field(repr=False)
    region: str = "us-east-1"
    service: str = "s3"


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed of a request. `path` is quoted already."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    body: bytes = b""


def canonical_query(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))


def signed_headers(credentials: Credentials, request: Signed, *, at: datetime) -> dict[str, str]:
    """The headers to send with it; `at` in UTC."""
    digest, stamp = hashlib.sha256(request.body).hexdigest(), at.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": request.host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join((request.method, request.path, canonical_query(request.query), lines, names, digest))
    scope = f"{stamp[:8]}/{credentials.region}/{credentials.service}/aws4_request"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_key(credentials, stamp[:8]), text.encode(), hashlib.sha256).hexdigest()
    authorization = f"{ALGORITHM} Credential={credentials.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": authorization}


def _key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, credentials.region, credentials.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
