"""Whether GitHub takes the token: asked for its rate limit, which costs nothing."""

from __future__ import annotations

from collections.abc import Callable

from portal.domain.health import Check, CheckStatus, said

URL = "https://api.github.com"
LONGEST_SECONDS = 5.0
UNAUTHORIZED = 401


def github(token: str, url: str = URL) -> Callable[[], Check]:
    """A probe that asks once each time it is called, for five seconds at most. It follows no redirect."""

    def look() -> Check:
        import httpx

        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        try:
            answer = httpx.get(f"{url}/rate_limit", headers=headers, timeout=LONGEST_SECONDS, follow_redirects=False)
        except httpx.HTTPError as error:
            return said(CheckStatus.FAIL, "github_unreachable", why=type(error).__name__)
        if answer.status_code == UNAUTHORIZED:
            return said(CheckStatus.FAIL, "github_refuses")
        return _read(answer.status_code, answer.content)

    return look


def _read(status: int, content: bytes) -> Check:
    import json

    try:
        core = json.loads(content)["resources"]["core"]
        return said(CheckStatus.PASS, "github_left", left=int(core["remaining"]), limit=int(core["limit"]))
    except (ValueError, KeyError, TypeError):
        return said(CheckStatus.FAIL, "github_odd", status=status)
