"""Settings of a service in an environment as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.domain.configuration import written
from portal.domain.configuration_changes import Change
from portal.domain.configuration_layers import LayerKind, Origin, Resolved, Scope
from portal.domain.configuration_version import Version, VersionState
from portal.domain.configuration_view import ConfigurationView, EditPreview
from portal.web.words import Words, error_words, same, words


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A key with its value, and why it has it: the layer that won, and what that one hides."""

    name: str
    value: str
    unit: str
    layer: Words
    hidden: Words
    effect: Words
    help: Words
    problem: Words
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRow:
    label: Words
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """One layer of a change that has not been made yet."""

    layer: Words
    rows: list[ChangeRow] = field(default_factory=list[ChangeRow])
    consequences: list[Words] = field(default_factory=list[Words])


@dataclass(frozen=True, slots=True)
class VersionRow:
    id: int
    layer: Words
    number: str
    author: str
    reason: str
    at: float
    state: Words
    changed: str
    is_proposed: bool
    can_return: bool


def layer_words(scope: Scope) -> Words:
    """The layer with what it is of: environment prod."""
    return words("configuration.layer_of", layer=words(f"configuration.layer.{scope.kind}"), name=same(scope.name))


def _origin(origin: Origin) -> Words:
    if not origin.version:
        return layer_words(origin.scope)
    return words("configuration.version_of", layer=layer_words(origin.scope), number=str(origin.version))


def setting_row(resolved: Resolved, waiting: frozenset[str]) -> SettingRow:
    key, origin = resolved.key, resolved.origin
    hidden = "; ".join(f"{o.scope.kind} {o.scope.name} {written(o.value)}".replace("  ", " ") for o in resolved.hidden)
    shown = written(resolved.value if resolved.problem is None else origin.value if origin else None)
    return SettingRow(
        name=key.name,
        value=shown[:200],
        unit=key.unit,
        layer=_origin(origin) if origin else words("configuration.unset"),
        hidden=words("configuration.hides", what=same(hidden[:200])) if hidden else Words(),
        effect=words(f"configuration.effect.{key.effect}"),
        help=Words(key.help_en or key.help_zh, key.help_zh or key.help_en),
        problem=error_words(resolved.problem) if resolved.problem else Words(),
        is_waiting=key.name in waiting,
    )


def setting_rows(view: ConfigurationView) -> list[SettingRow]:
    waiting = frozenset(change.name for change in view.pending)
    return [setting_row(resolved, waiting) for resolved in view.resolved]


def change_rows_of(changes: tuple[Change, ...]) -> list[ChangeRow]:
    return [
        ChangeRow(same(c.name), written(c.old)[:200], "–" if c.new is None else written(c.new)[:200]) for c in changes
    ]


def preview_part(preview: EditPreview) -> PreviewPart:
    consequences = [
        words(f"configuration.follows.{one.effect}", service=same(one.service), environment=same(one.environment))
        for one in preview.consequences
    ]
    if preview.approvals:
        consequences.append(words("configuration.needs", n=preview.approvals))
    return PreviewPart(layer_words(preview.scope), change_rows_of(preview.changes), consequences)


def version_row(version: Version) -> VersionRow:
    is_taken = version.state is VersionState.TAKEN
    return VersionRow(
        id=version.id,
        layer=layer_words(version.scope),
        number=str(version.number) if version.number else "–",
        author=version.author,
        reason=version.reason,
        at=version.at.timestamp(),
        state=words(f"configuration.state.{version.state}"),
        changed=", ".join(change.name.removeprefix("properties.") for change in version.changes)[:200],
        is_proposed=version.state is VersionState.PROPOSED,
        can_return=is_taken and version.scope.kind is not LayerKind.DEFAULT,
    )


def situation(view: ConfigurationView) -> Words:
    """In one sentence whether the containers have what they should."""
    if view.problem is not None:
        return words("configuration.is_wrong", key=same(view.problem.params.get("field", "")))
    if view.deployment is None:
        return words("configuration.is_nowhere")
    if view.behind:
        return words("configuration.is_told", n=view.behind)
    return words("configuration.is_waiting", n=len(view.pending)) if view.pending else words("configuration.is_same")
