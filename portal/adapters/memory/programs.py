"""The few programs that a container of the memory world knows, for commands that are run inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from portal.adapters.memory.world import WorldContainer

Outcome = tuple[int, tuple[str, ...]]
MISSING = 127


def run(container: WorldContainer, command: Sequence[str]) -> Outcome:
    """Exit status and printed lines; what is not known is not found, as in any image without it."""
    program = _PROGRAMS.get(command[0].rpartition("/")[2])
    if program is None:
        return MISSING, (f"{command[0]}: not found (containers in memory know {', '.join(sorted(_PROGRAMS))})",)
    return program(container, command[1:])


def _shell(container: WorldContainer, arguments: Sequence[str]) -> Outcome:
    """`sh -c` with one simple command, or with `exit N`."""
    if len(arguments) != 2 or arguments[0] != "-c" or not (words := arguments[1].split()):
        return 2, ("sh: only -c with one command",)
    if words[0] == "exit":
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0) % 256, ()
    return run(container, words)


def _environment(container: WorldContainer, _: Sequence[str]) -> Outcome:
    return 0, tuple(f"{name}={value}" for name, value in sorted(container.spec.environment.items()))


def _echo(_: WorldContainer, arguments: Sequence[str]) -> Outcome:
    return 0, (" ".join(arguments),)


def _hostname(container: WorldContainer, _: Sequence[str]) -> Outcome:
    return 0, (container.id[:12],)


def _identity(container: WorldContainer, _: Sequence[str]) -> Outcome:
    return 0, (f"uid={(container.spec.user or container.image.user or '10001').partition(':')[0]}",)


def _succeed(_: WorldContainer, __: Sequence[str]) -> Outcome:
    return 0, ()


def _fail(_: WorldContainer, __: Sequence[str]) -> Outcome:
    return 1, ()


_PROGRAMS: Mapping[str, Callable[[WorldContainer, Sequence[str]], Outcome]] = {
    "echo": _echo,
    "env": _environment,
    "false": _fail,
    "hostname": _hostname,
    "id": _identity,
    "sh": _shell,
    "true": _succeed,
}
