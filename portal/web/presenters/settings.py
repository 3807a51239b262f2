"""Settings and integrations as they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from portal.domain.health import Check, CheckStatus
from portal.domain.setting import Setting, Source
from portal.services.integrations import Integration
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WAIT, WARN, Badge
from portal.web.words import Words, same, words

_SOURCES = {
    Source.DEFAULT: Badge(IDLE, "circle", words("setting_source.default")),
    Source.ENVIRONMENT: Badge(RUN, "dot", words("setting_source.environment")),
    Source.FILE: Badge(RUN, "dot", words("setting_source.file")),
    Source.RUN_TIME: Badge(WAIT, "clock", words("setting_source.run_time")),
}
_STATUSES = {
    CheckStatus.PASS: Badge(OK, "check", words("integration_status.pass")),
    CheckStatus.WARN: Badge(WARN, "triangle-alert", words("integration_status.warn")),
    CheckStatus.FAIL: Badge(BAD, "x", words("integration_status.fail")),
}
ICONS = {
    "engine": "container",
    "proxy": "route",
    "database": "database",
    "git": "git-commit-horizontal",
    "github": "git-pull-request",
    "mcp_server": "plug",
}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """`value` is empty if it is not set."""

    variable: str
    group: Words
    meaning: Words
    expected: Words
    value: str
    default: str
    source: Badge
    file: str
    is_secret: bool
    is_read_once: bool


@dataclass(frozen=True, slots=True)
class IntegrationCard:
    """`at` is when it was looked at last, in seconds since 1970; 0 for never."""

    name: str = ""
    title: Words = Words()
    about: Words = Words()
    set_up: Words = Words()
    badge: Badge = Badge()
    answer: Words = Words()
    took: str = ""
    at: float = 0.0
    is_on: bool = False
    variables: tuple[str, ...] = ()


def setting_line(setting: Setting) -> SettingLine:
    meaning = words(f"setting.{setting.variable}")
    return SettingLine(
        variable=setting.variable,
        group=words(f"setting_group.{setting.group}"),
        meaning=Words(_plain(meaning.en), _plain(meaning.zh)),
        expected=Words(_plain(setting.expected_en), _plain(setting.expected_zh)),
        value=setting.value,
        default=setting.default,
        source=_SOURCES[setting.source],
        file=setting.file,
        is_secret=setting.is_secret,
        is_read_once=setting.is_read_once,
    )


def integration_card(integration: Integration, now: float) -> IntegrationCard:
    name, check = integration.name, integration.check
    return IntegrationCard(
        name=name,
        title=words(f"integration.{name}"),
        about=words(f"integration_about.{name}"),
        set_up=words(f"integration_set_up.{name}"),
        badge=_badge(integration),
        answer=_answer(check),
        took=f"{check.duration_ms:.0f} ms" if check and check.duration_ms is not None else "",
        at=now - integration.age_seconds if check else 0.0,
        is_on=integration.is_on,
        variables=integration.variables,
    )


def _answer(check: Check | None) -> Words:
    """What was seen, in the reader's language where the probe says it so."""
    if check is None:
        return Words()
    return words(check.key, **check.params) if check.key else same(check.output)


def _badge(integration: Integration) -> Badge:
    if not integration.is_on:
        return Badge(IDLE, "circle", words("integration_status.off"))
    check = integration.check
    return _STATUSES[check.status] if check else Badge(WAIT, "clock", words("integration_status.unknown"))


def _plain(text: str) -> str:
    """Without the marks of Markdown."""
    return text.replace("`", "")
