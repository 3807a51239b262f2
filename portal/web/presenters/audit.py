"""The audit trail: entries in a list, one entry with what speaks for it, and a check of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.domain.audit import AuditEntry, EntryProof
from portal.domain.notification import NotificationEvent
from portal.services.audit_check import Check
from portal.web.addresses import address
from portal.web.objects import kind_words, object_address
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WAIT, Badge, environment_words, epoch
from portal.web.presenters.timeline import line, sentence
from portal.web.words import Words, has_words, same, spoken_words, words

LONGEST_SHOWN = 200
_VALUES = {  # under which prefix the words of a parameter's value stand, beside those that every sentence knows
    "from": "state",
    "kind": "channel_kind",
    "language": "language",
    "level": "log_level",
    "step": "set_up.step",
}


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry in the list. `object_href` is empty where the thing has no page of its own."""

    sequence: int
    href: str
    at: float
    tone: str
    icon: str
    text: Words
    actor: Words
    is_portal: bool
    kind: Words
    target: str
    object_href: str
    environment: Words
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One parameter of an entry. A name that has no words is shown as it is, and so is a value that is no code."""

    name: Words
    value: Words
    is_known: bool


@dataclass(frozen=True, slots=True)
class AuditCard:
    """One entry with everything in it."""

    sequence: int = 0
    at: float = 0.0
    text: Words = Words()
    actor: Words = Words()
    actor_kind: Words = Words()
    action: str = ""
    kind: Words = Words()
    target: str = ""
    object_href: str = ""
    history_href: str = ""
    environment: Words = Words()
    reason: str = ""
    request_id: str = ""
    params: tuple[Pair, ...] = ()
    hash: str = ""
    previous_hash: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is checked about an entry: how it looks, what was found, and why that matters."""

    tone: str
    icon: str
    text: Words
    why: Words


@dataclass(frozen=True, slots=True)
class ProofCard:
    badge: Badge = Badge()
    claims: tuple[Claim, ...] = ()
    leaf: str = ""
    path: tuple[str, ...] = ()
    root: str = ""
    size: int = 0
    anchored_at: float = 0.0
    signature: str = ""
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class CheckCard:
    """A check of the whole trail. `percent` while it runs; `at` is when it began or ended."""

    is_running: bool = False
    badge: Badge = Badge()
    text: Words = Words()
    by: str = ""
    at: float = 0.0
    percent: float = 0.0


def audit_line(entry: AuditEntry) -> AuditLine:
    told = line(entry)
    return AuditLine(
        sequence=entry.sequence,
        href=f"/audit/{entry.sequence}",
        at=told.at,
        tone=told.tone,
        icon=told.icon,
        text=told.text,
        actor=_actor(entry),
        is_portal=entry.actor_kind == "system",
        kind=kind_words(entry.target_kind),
        target=entry.target[:LONGEST_SHOWN],
        object_href=object_address(entry.target_kind, entry.target),
        environment=environment_words(entry.environment) if entry.environment else Words(),
        reason=entry.reason[:LONGEST_SHOWN],
    )


def audit_card(entry: AuditEntry) -> AuditCard:
    shown = audit_line(entry)
    kind = f"actor_kind.{entry.actor_kind}"
    return AuditCard(
        sequence=entry.sequence,
        at=epoch(entry.at),
        text=sentence(entry),
        actor=shown.actor,
        actor_kind=words(kind) if has_words(kind) else same(entry.actor_kind),
        action=entry.action,
        kind=shown.kind,
        target=entry.target,
        object_href=shown.object_href,
        history_href=address("/audit", target_kind=entry.target_kind, target=entry.target),
        environment=shown.environment,
        reason=entry.reason,
        request_id=entry.request_id,
        params=tuple(_pairs(entry)),
        hash=entry.hash,
        previous_hash=entry.previous_hash,
    )


def _pairs(entry: AuditEntry) -> Iterator[Pair]:
    """All parameters but the object, which is shown anyway."""
    said = spoken_words(entry.params)
    for name, value in sorted(entry.params.items()):
        if name == "target" and value == entry.target:
            continue
        key = f"notifications.event.{name}" if name in tuple(NotificationEvent) else f"audit_param.{name}"
        is_known = has_words(key)
        yield Pair(words(key) if is_known else same(name), _value(name, value) or said[name], is_known)


def _value(name: str, value: str) -> Words:
    """The words of a value that only here is told in words; none for any other."""
    if name in tuple(NotificationEvent):
        return _ways(value)
    keys = (f"audit_value.{name}.{value}", f"{_VALUES.get(name)}.{value}")
    return next((words(key) for key in keys if has_words(key)), Words())


def _ways(value: str) -> Words:
    """How somebody wants to be told, as it is kept: names between commas, or a dash."""
    found = [words(f"notifications.way.{way}") for way in value.split(", ") if has_words(f"notifications.way.{way}")]
    return Words(", ".join(way.en for way in found), "、".join(way.zh for way in found)) if found else same(value)


def _actor(entry: AuditEntry) -> Words:
    return words("actor.portal") if entry.actor_kind == "system" else same(entry.actor)


def proof_card(entry: AuditEntry, proof: EntryProof, public_key: str) -> ProofCard:
    anchor, inclusion = proof.anchor, proof.inclusion
    return ProofCard(
        badge=_proof_badge(proof),
        claims=tuple(_claims(entry, proof)),
        leaf=inclusion.leaf if inclusion else "",
        path=inclusion.path if inclusion else (),
        root=anchor.root if anchor else "",
        size=anchor.size if anchor else 0,
        anchored_at=epoch(anchor.at) if anchor else 0.0,
        signature=anchor.signature if anchor else "",
        public_key=public_key,
    )


def _proof_badge(proof: EntryProof) -> Badge:
    if not proof.is_good:
        return Badge(BAD, "octagon-alert", words("proof.bad"))
    if not proof.is_anchored:
        return Badge(WAIT, "clock", words("proof.young"))
    return Badge(OK, "shield-check", words("proof.good"))


def _claims(entry: AuditEntry, proof: EntryProof) -> list[Claim]:
    before = _claim("chained", is_true=proof.is_chained, n=entry.sequence - 1)
    if entry.sequence == 1 and proof.is_chained:
        before = Claim(OK, "check", words("proof.first"), words("proof.chained_why"))
    claims = [_claim("unchanged", is_true=proof.is_unchanged), before]
    if proof.anchor is None or proof.inclusion is None:
        return [*claims, Claim(WAIT, "clock", words("proof.not_anchored"), words("proof.not_anchored_why"))]
    steps = len(proof.inclusion.path)
    included = _claim("included", is_true=proof.is_included, n=entry.sequence, of=proof.anchor.size, steps=steps)
    return [*claims, included, _claim("signed", is_true=proof.is_signed, of=proof.anchor.size)]


def _claim(name: str, *, is_true: bool, **params: object) -> Claim:
    tone, icon = (OK, "check") if is_true else (BAD, "x")
    found = words(f"proof.{name}" if is_true else f"proof.{name}_not", **params)
    return Claim(tone, icon, found, words(f"proof.{name}_why", **params))


def check_card(check: Check | None) -> CheckCard:
    if check is None:
        return CheckCard(badge=Badge(IDLE, "circle", words("check.never")), text=words("check.never_more"))
    if not check.is_over:
        return _running(check)
    if check.report is None:
        return _ended(check, Badge(BAD, "octagon-alert", words("check.failed")), words(f"error.{check.failure}"))
    report = check.report
    text = words(f"audit_report.{report.code}", entries=report.entries, broken_at=report.broken_at or "")
    if report.is_intact:
        return _ended(check, Badge(OK, "shield-check", words("check.intact")), text)
    return _ended(check, Badge(BAD, "octagon-alert", words("check.broken")), text)


def _running(check: Check) -> CheckCard:
    percent = 100.0 * check.done / max(1, check.total)
    text = words("check.running_more", done=check.done, total=check.total)
    badge = Badge(RUN, "loader", words("check.running"))
    return CheckCard(True, badge, text, check.by, epoch(check.begun_at), percent)


def _ended(check: Check, badge: Badge, text: Words) -> CheckCard:
    return CheckCard(False, badge, text, check.by, epoch(check.ended_at), 100.0)
