"""The few programs that a container of the memory world knows, for commands that are run inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from portal.adapters.memory.world import WorldContainer

Outcome = tuple[int, tuple[str, ...]]
MISSING = 127


def run(container: WorldContainer, command: Sequence[str], *, held: Mapping[tuple[str, str], bytes]) -> Outcome:
    """Exit status and printed lines; what is not known is not found, as in any image without it.

    `held` are the files in volumes in memory, by volume and path.
    """
    name = command[0].rpartition("/")[2]
    if name == "cat":
        return _cat(container, command[1:], held)
    if name == "sh":
        return _shell(container, command[1:], held)
    program = _PROGRAMS.get(name)
    if program is None:
        return MISSING, (
            f"{command[0]}: not found (containers in memory know {', '.join(sorted({*_PROGRAMS, 'cat', 'sh'}))})",
        )
    return program(container, command[1:])


def _cat(container: WorldContainer, arguments: Sequence[str], held: Mapping[tuple[str, str], bytes]) -> Outcome:
    mounted = {mount.volume for mount in container.spec.volumes}
    files = {file.target: file.content for file in container.spec.files}
    files |= {path: content for (volume, path), content in held.items() if volume in mounted}
    missing = next((path for path in arguments if path not in files), None)
    if missing is not None:
        return 1, (f"cat: {missing}: No such file or directory",)
    return 0, tuple(line for path in arguments for line in files[path].decode("utf-8", "replace").split("\n"))


def _shell(container: WorldContainer, arguments: Sequence[str], held: Mapping[tuple[str, str], bytes]) -> Outcome:
    """`sh -c` with one simple command, or with `exit N`."""
    if len(arguments) != 2 or arguments[0] != "-c" or not (words := arguments[1].split()):
        return 2, ("sh: only -c with one command",)
    if words[0] == "exit":
        return (int(words[1]) if len(words) > 1 and words[1].isdigit() else 0) % 256, ()
    return run(container, words, held=held)


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
    "true": _succeed,
}
