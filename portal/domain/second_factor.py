"""Time-based one-time passwords (RFC 6238 on RFC 4226), and the recovery codes for when the device is lost."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from urllib.parse import quote, urlencode

DIGITS, STEP_SECONDS, SECRET_BYTES = 6, 30, 20
STEPS_BESIDE = 1  # a clock may be half a minute off (RFC 6238 section 5.2)
RECOVERY_CODES = 10
_CODE = re.compile(rf"\d{{{DIGITS}}}", re.ASCII)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def made_secret() -> bytes:
    """160 bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of one step of thirty seconds since 1970."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, *, at: float, after: int) -> int | None:
    """The step to which the code belongs, of those close to the time `at` (seconds since 1970) and later than `after`;
    None if it belongs to none. Takes as long whichever it is.
    """
    now = int(at) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_BESIDE, now + STEPS_BESIDE + 1):
        if hmac.compare_digest(code_at(secret, step), code if is_code(code) else "") and step > after:
            found = step
    return found


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def cleaned(text: str) -> str:
    """What a person typed, without the spaces and hyphens that make it readable."""
    return re.sub(r"[\s-]", "", text).lower()


def written_secret(secret: bytes) -> str:
    """In base 32, groups of four, for people who cannot scan."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address_of(secret: bytes, *, account: str, issuer: str) -> str:
    """The `otpauth:` address that authenticator applications read from a picture."""
    text = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode({"secret": text, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"


def made_recovery_codes() -> tuple[str, ...]:
    """Ten codes of about 79 bits each."""
    return tuple(_grouped("".join(secrets.choice(_ALPHABET) for _ in range(16))) for _ in range(RECOVERY_CODES))


def _grouped(text: str) -> str:
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
