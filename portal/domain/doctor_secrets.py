"""Whether tokens are what they should be. Neither they nor any part of them ever is in a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.domain.doctor import Finding, failed, passed, skipped, warned

FORMS = {
    "github": re.compile(r"gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,}|[0-9a-f]{40}|ghs_[\w.-]{36,}"),
    "portal": re.compile(r"cfp_[\w-]{20,}"),
}
READ_BY_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Token:
    """`variable`: where it is looked for; `form`: a name of FORMS; `others`: variables that will do as well."""

    variable: str
    form: str
    others: tuple[str, ...] = ()


TOKENS = {
    "github_token": Token("GITHUB_TOKEN", "github", ("GH_TOKEN",)),
    "portal_token": Token("CODEX_PORTAL_TOKEN", "portal"),
}


def token(about: Token, value: str) -> Finding:
    """`value`: the token, empty if there is none. The finding says whether it is there and well formed, no more."""
    if not value:
        return skipped(f"token_none_{about.form}", variable=about.variable)
    if value != value.strip():
        return failed("token_blank", remedy="token_blank", variable=about.variable)
    if not FORMS[about.form].fullmatch(value):
        return failed("token_bad", remedy=f"token_{about.form}", variable=about.variable)
    return passed("token_fine", variable=about.variable)


def secret_file(path: str, mode: int) -> Finding:
    """A file that holds a secret, by its permissions."""
    if mode & READ_BY_OTHERS:
        return warned("secret_exposed", remedy="secret_exposed", repair="close_file", path=path, mode=f"{mode:04o}")
    return passed("secret_closed", path=path)
