"""The settings of this process, for those who may read them. They are given by the environment and not changed here."""

from __future__ import annotations

from dataclasses import replace

from portal.domain.access import Actor, Permission, demand
from portal.domain.search import Rank, rank
from portal.domain.setting import Setting, Source
from portal.i18n import LOCALES, catalogue
from portal.kit import log

LOG_LEVEL = "CODEX_LOG_LEVEL"


class SettingsBook:
    def __init__(self, settings: tuple[Setting, ...]) -> None:
        self._settings = settings

    def settings(self, actor: Actor, *, text: str = "", group: str = "", source: str = "") -> tuple[Setting, ...]:
        """Those in which all words of `text` are found: in the name, the value, or the meaning in either language.

        The one that is called just that comes first.
        """
        demand(actor, Permission.SETTINGS_READ)
        current = [_as_it_is(setting) for setting in self._settings]
        wanted = [s for s in current if group in ("", s.group) and source in ("", s.source)]
        if not text:
            return tuple(wanted)
        ranked = [(found, setting) for setting in wanted if (found := _fit(setting, text)) is not None]
        return tuple(setting for _, setting in sorted(ranked, key=lambda one: one[0]))

    def groups(self, actor: Actor) -> tuple[str, ...]:
        """In the order of the settings."""
        demand(actor, Permission.SETTINGS_READ)
        return tuple(dict.fromkeys(setting.group for setting in self._settings))


def _fit(setting: Setting, text: str) -> Rank | None:
    meanings = [catalogue(locale)[f"setting.{setting.variable}"] for locale in LOCALES]
    return rank(text, [setting.variable], more=[setting.value, setting.group, *meanings])


def _as_it_is(setting: Setting) -> Setting:
    """The log level may have been changed since the start."""
    if setting.variable != LOG_LEVEL or log.current_level() == setting.value:
        return setting
    return replace(setting, value=log.current_level(), source=Source.RUN_TIME)
