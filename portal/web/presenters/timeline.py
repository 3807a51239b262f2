"""Entries of the audit trail as sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.domain.audit import AuditEntry
from portal.web.objects import object_address
from portal.web.presenters.marks import BAD, IDLE, OK, WAIT, environment_words, epoch
from portal.web.words import Words, has_words, same, words

_LOOKS: dict[str, tuple[str, str]] = {
    "rollout.started": (IDLE, "play"),
    "rollout.return_started": (IDLE, "undo"),
    "rollout.shifted": (IDLE, "arrow-left-right"),
    "rollout.step_done": (OK, "check"),
    "rollout.step_skipped": (IDLE, "skip-forward"),
    "rollout.promoted": (OK, "check"),
    "rollout.approve": (OK, "user-check"),
    "rollout.reject": (BAD, "x"),
    "rollout.abort": (BAD, "undo"),
    "rollout.pause": (IDLE, "pause"),
    "rollout.resume": (IDLE, "play"),
    "rollout.awaiting_approval": (WAIT, "user-check"),
    "rollout.rolling_back": (BAD, "undo"),
    "rollout.halted": (BAD, "octagon-alert"),
    "rollout.paused": (IDLE, "pause"),
    "rollout.aborted": (IDLE, "undo"),
    "rollout.succeeded": (OK, "check"),
    "rollout.baking": (OK, "flame"),
    "rollout.approvals_void": (WAIT, "triangle-alert"),
    "rollout.glass_broken": (BAD, "octagon-alert"),
    "release.created": (IDLE, "package"),
    "container.healed": (OK, "heart-pulse"),
    "container.not_healed": (BAD, "heart-pulse"),
    "container.replaced": (IDLE, "repeat"),
    "proxy.healed": (OK, "heart-pulse"),
    "engine.healed": (OK, "heart-pulse"),
    "rollout.healed": (BAD, "heart-pulse"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `reason` is what the person typed; `href` leads to the thing, if it has a page."""

    at: float
    tone: str
    icon: str
    text: Words
    reason: str = ""
    href: str = ""


def lines(entries: Iterable[AuditEntry]) -> list[Line]:
    """The newest first, without what another entry says better."""
    return [line(entry) for entry in entries if not _is_said_elsewhere(entry)]


def _is_said_elsewhere(entry: AuditEntry) -> bool:
    """A step of shifting is told by the shift itself; who comes and goes is for the page of the trail."""
    is_told = entry.action == "rollout.step_done" and entry.params.get("kind") in ("shift", "finalise")
    return is_told or entry.action in ("user.signed_in", "user.signed_out")


def line(entry: AuditEntry) -> Line:
    tone, icon = _LOOKS.get(entry.action, (IDLE, "dot"))
    return Line(
        epoch(entry.at), tone, icon, sentence(entry), entry.reason, object_address(entry.target_kind, entry.target)
    )


def sentence(entry: AuditEntry) -> Words:
    """`audit.<action>` with the entry's own parameters, its target and its actor filled in."""
    detail = entry.params.get("kind") or entry.params.get("cause", "")
    detailed = f"audit.{entry.action}.{detail}"
    key = detailed if has_words(detailed) else f"audit.{entry.action}"
    actor = words("actor.portal") if entry.actor_kind == "system" else same(entry.actor)
    filled: dict[str, object] = {
        "actor": actor,
        "target": entry.target,
        "environment": environment_words(entry.environment),
        "reason": entry.reason,
        **entry.params,
    }
    said = words(key, **filled) if has_words(key) else words("audit.other", action=entry.action, **filled)
    begins_with_portal = entry.actor_kind == "system" and said.en.startswith(words("actor.portal").en)
    return Words(said.en[0].upper() + said.en[1:], said.zh) if begins_with_portal else said
