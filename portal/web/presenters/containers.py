"""Containers in a list and on their own page, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from portal.domain.container import ContainerHealth, ContainerState, ContainerStats
from portal.domain.container_view import ContainerAction, ContainerLine, ContainerView
from portal.domain.engine import Execution
from portal.web.addresses import address, release_address
from portal.web.presenters.marks import BAD, IDLE, OK, RUN, WARN, Badge, Option, environment_words, epoch
from portal.web.words import Words, same, words

GAP = "\N{NARROW NO-BREAK SPACE}"
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
ACTIONS = {
    ContainerAction.START: ("play", "primary"),
    ContainerAction.RESTART: ("refresh-cw", "quiet"),
    ContainerAction.STOP: ("x", "danger"),
}
_STATES = {
    ContainerState.RUNNING: (OK, "check"),
    ContainerState.CREATED: (IDLE, "circle"),
    ContainerState.PAUSED: (WARN, "pause"),
    ContainerState.RESTARTING: (WARN, "refresh-cw"),
    ContainerState.DEAD: (BAD, "x"),
}
_HEALTHS = {
    ContainerHealth.HEALTHY: (OK, "check"),
    ContainerHealth.STARTING: (RUN, "loader"),
    ContainerHealth.UNHEALTHY: (BAD, "x"),
    ContainerHealth.NONE: (IDLE, "circle"),
}


@dataclass(frozen=True, slots=True)
class ContainerRow:
    name: str = ""
    href: str = ""
    service: str = ""
    environment: Words = Words()
    version: str = ""
    release: str = ""
    host: str = ""
    state: Badge = Badge()
    health: Badge = Badge()
    cpu: str = ""
    memory: str = ""
    memory_percent: float = 0.0
    started_at: float = 0.0
    restarts: int = 0
    rollout: str = ""
    rollout_id: int = 0
    held: Words = Words()
    held_at: float = 0.0
    note: Words = Words()


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value; `code` shows the value as code."""

    name: Words
    value: Words
    code: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class CheckRun:
    at: float
    tone: str
    icon: str
    text: Words
    output: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What it uses now, and the last minutes for a picture. `cpu_line` in per cent of a core, `memory_line` in MiB."""

    cpu: str = ""
    cpu_note: Words = Words()
    memory: str = ""
    memory_note: Words = Words()
    pids: str = ""
    pids_note: Words = Words()
    network: str = ""
    cpu_line: tuple[float, ...] = ()
    memory_line: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """A button of the head."""

    code: str
    label: Words
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The question before an act; none is asked while `code` is empty."""

    code: str = ""
    title: Words = Words()
    consequence: Words = Words()
    warning: Words = Words()
    button: Words = Words()
    tone: str = "primary"
    key: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that was run: how it ended, and what it printed."""

    command: str = ""
    badge: Badge = Badge()
    note: Words = Words()
    lines: tuple[tuple[str, str], ...] = ()


def container_address(name: str) -> str:
    return f"/containers/{quote(name)}"


def container_row(line: ContainerLine) -> ContainerRow:
    found, stats = line.container, line.stats
    limit = stats.memory_limit_bytes if stats else None
    used = stats.memory_bytes if stats else None
    return ContainerRow(
        name=line.name,
        href=container_address(line.name),
        service=line.service,
        environment=environment_words(line.environment) if line.environment else Words(),
        version=line.version,
        release=release_address(line.service, line.version) if line.service and line.version else "",
        host=line.host,
        state=state_badge(line),
        health=health_badge(line),
        cpu=percent(stats.cpu_percent if stats else None),
        memory=size(used),
        memory_percent=round(100.0 * used / limit, 1) if used and limit else 0.0,
        started_at=epoch(found.started_at) if found.is_running else 0.0,
        restarts=found.restart_count,
        rollout=f"/rollouts/{line.rollout_id}" if line.rollout_id else "",
        rollout_id=line.rollout_id or 0,
        held=words("container.held", who=line.hold.by, reason=line.hold.reason) if line.hold else Words(),
        held_at=epoch(line.hold.at) if line.hold else 0.0,
        note=_note(line),
    )


def _note(line: ContainerLine) -> Words:
    if line.container.is_oom_killed:
        return words("container.out_of_memory")
    return Words() if line.is_wanted else words("container.not_wanted")


def state_badge(line: ContainerLine) -> Badge:
    found = line.container
    if found.state is ContainerState.EXITED:
        is_calm = line.hold is not None or found.exit_code in (0, 143)
        text = words("container_state.exited", code="?" if found.exit_code is None else found.exit_code)
        return Badge(IDLE, "circle", text) if is_calm else Badge(BAD, "x", text)
    tone, icon = _STATES[found.state]
    return Badge(tone, icon, words(f"container_state.{found.state}"))


def health_badge(line: ContainerLine) -> Badge:
    tone, icon = _HEALTHS[line.health]
    return Badge(tone, icon, words(f"container_health.{line.health}"))


def state_options() -> list[Option]:
    states = [(str(state), f"container_state.{state}") for state in (*_STATES,)]
    healths = [(str(h), f"container_health.{h}") for h in (ContainerHealth.HEALTHY, ContainerHealth.UNHEALTHY)]
    exited = ("exited", "container_state.ended")
    return [Option(value, words(key)) for value, key in [states[0], *healths, exited, *states[1:]]]


def presses(view: ContainerView) -> list[Press]:
    """What can be done with it now, by who may do it at all."""
    if not view.is_controllable:
        return []
    is_up = view.line.container.state in (ContainerState.RUNNING, ContainerState.RESTARTING, ContainerState.PAUSED)
    codes = (ContainerAction.RESTART, ContainerAction.STOP) if is_up else (ContainerAction.START,)
    return [Press(code, words(f"container.do.{code}"), *ACTIONS[code]) for code in codes]


def asked(view: ContainerView, code: ContainerAction, *, key: str) -> Asked:
    line = view.line
    warning = Words()
    if line.rollout_id:
        warning = words("container.rollout_at_work", id=line.rollout_id)
    elif line.is_wanted and code is ContainerAction.STOP:
        warning = words("container.serves", service=line.service, environment=environment_words(line.environment))
    return Asked(
        code=code,
        title=words(f"container.ask.{code}", name=line.name),
        consequence=words(f"container.ask.{code}_more"),
        warning=warning,
        button=words(f"container.do.{code}"),
        tone="danger" if code is ContainerAction.STOP else "primary",
        key=key,
    )


def facts(view: ContainerView) -> list[Pair]:
    line, details = view.line, view.details
    found, limits = details.container, details.limits
    pairs = [
        ("image", line.image_name or found.image.removeprefix("sha256:")[:12], ""),
        ("command", " ".join(details.command), "code"),
        ("user", details.user, "code"),
        ("address", found.address, "code"),
        ("networks", ", ".join(found.networks), ""),
        ("cpu_limit", f"{limits.cpu_cores:g}" if limits.cpu_cores else "", ""),
        ("memory_limit", size(limits.memory_bytes) if limits.memory_bytes else "", ""),
        ("restart_policy", details.restart_policy, "code"),
        ("host", line.host, ""),
        ("id", found.id[:12], "code"),
    ]
    return [
        Pair(words(f"container.fact.{name}"), Words() if kind else same(value), value if kind else "")
        for name, value, kind in pairs
        if value
    ]


def mounts(view: ContainerView) -> list[Pair]:
    return [
        Pair(same(mount.target), words("container.read_only") if mount.is_read_only else Words(), mount.source)
        for mount in view.details.mounts
    ]


def variables(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(environment.items())


def checks(view: ContainerView) -> list[CheckRun]:
    """The newest first."""
    return [
        CheckRun(
            epoch(check.at),
            OK if check.exit_code == 0 else BAD,
            "check" if check.exit_code == 0 else "x",
            words("container.check", code=check.exit_code, ms=round(check.seconds * 1000)),
            check.output.strip()[:400],
        )
        for check in reversed(view.details.checks)
    ]


def usage(readings: Sequence[ContainerStats]) -> Usage:
    if not readings:
        return Usage()
    last = readings[-1]
    limit, used = last.memory_limit_bytes, last.memory_bytes
    shares = [r.memory_bytes / 1_048_576 for r in readings if r.memory_bytes is not None]
    received, sent = last.network_received_bytes, last.network_sent_bytes
    return Usage(
        cpu=percent(last.cpu_percent) or "–",
        cpu_note=words("container.of_a_core"),
        memory=size(used) or "–",
        memory_note=words("container.of_limit", limit=size(limit)) if limit else Words(),
        pids=str(last.pids) if last.pids is not None else "–",
        network=f"↓ {size(received)}  ↑ {size(sent)}" if received is not None and sent is not None else "–",
        cpu_line=tuple(round(r.cpu_percent, 2) for r in readings if r.cpu_percent is not None),
        memory_line=tuple(round(share, 2) for share in shares),
    )


def ran(done: Execution, command: str) -> Ran:
    if done.is_timed_out:
        badge = Badge(WARN, "clock", words("container.ran.timed_out"))
    else:
        tone, icon = (OK, "check") if done.exit_code == 0 else (BAD, "x")
        badge = Badge(tone, icon, words("container.ran.ended", code=done.exit_code))
    notes = [words("container.ran.still_running")] if done.is_timed_out else []
    notes += [words("container.ran.cut")] if done.is_cut else []
    note = Words(" ".join(n.en for n in notes), "".join(n.zh for n in notes))
    return Ran(command, badge, note, tuple((line.stream, line.text) for line in done.lines))


def tab_address(name: str, tab: str) -> str:
    return address(container_address(name), tab="" if tab == "overview" else tab)


def percent(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}{GAP}%" if value < 10 else f"{value:.0f}{GAP}%"


def size(count: int | None) -> str:
    """A number of bytes with three digits at most."""
    if count is None:
        return ""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f}{GAP}{UNITS[unit]}" if unit and value < 100 else f"{value:.0f}{GAP}{UNITS[unit]}"
