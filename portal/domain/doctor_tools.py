"""The programs that work on the portal needs, their least versions, and the judgement on what they answered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.domain.doctor import Finding, Grade, failed, passed, warned

_VERSION = re.compile(r"(?<![\w.])v?(\d{1,5}(?:\.\d{1,5}){1,3})|(?<![\w.])v(\d{1,5})\b|-(\d{1,5}(?:\.\d{1,5})+)")


@dataclass(frozen=True, slots=True)
class Tool:
    """`commands`: how it may be asked for its version, tried in turn until one answers; `least`: the oldest version
    that will do, empty for any; `package`: what brings it on Debian and Ubuntu.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    package: str
    least: tuple[int, ...] = ()
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said. `program`: empty if it is not on the PATH; `is_late`: it was ended because it took long."""

    program: str = ""
    text: str = ""
    exit_status: int = 0
    is_late: bool = False

    @property
    def is_good(self) -> bool:
        return bool(self.program) and not self.is_late and self.exit_status == 0


def _tool(name: str, package: str = "", *, least: str = "", is_needed: bool = True, program: str = "") -> Tool:
    names = (program or name).split()
    commands = tuple((each, "--version") for each in names)
    return Tool(name, commands, package or name, numbers(least) if least else (), is_needed)


def numbers(version: str) -> tuple[int, ...]:
    """`2.35.1` as numbers."""
    return tuple(int(part) for part in version.split("."))


TOOLS = (
    _tool("git", least="2.35"),
    _tool("node", "nodejs", least="18", program="node nodejs"),
    _tool("npm", least="8"),
    _tool("yarn", "yarnpkg", is_needed=False, program="yarn yarnpkg"),
    _tool("gh", least="2"),
    _tool("bats", least="1.2"),
    _tool("jq", least="1.5"),
    _tool("bc"),
    _tool("curl", least="7"),
    _tool("shellcheck", least="0.7"),
    _tool("python", "python3 python3-venv", least="3.11", program="python3 python"),
    _tool("docker", "docker.io docker-cli", least="20.10", is_needed=False),
    Tool(
        "compose",
        (("docker", "compose", "version"), ("docker-compose", "--version"), ("podman-compose", "--version")),
        "docker-compose",
        (1, 29),
        is_needed=False,
    ),
)
HAPROXY = Tool("haproxy", (("haproxy", "-v"), ("/usr/sbin/haproxy", "-v")), "haproxy", (2, 4))


def version_in(text: str) -> str:
    """The first version that a text names, as in `git version 2.39.5` or `jq-1.6`; empty if it names none."""
    found = _VERSION.search(text)
    return next(filter(None, found.groups()), "") if found else ""


def judged(tool: Tool, answer: Answer) -> Finding:
    """What is missing, old or broken; only a warning if the tool is good to have and no more."""
    names = {"tool": tool.name, "package": tool.package, "least": ".".join(map(str, tool.least))}
    finding = _broken(answer, names) or _old(tool, answer, names)
    if finding.grade is Grade.FAIL and not tool.is_needed:
        return Finding(Grade.WARN, finding.code, finding.params, finding.remedy)
    return finding


def _broken(answer: Answer, names: dict[str, str]) -> Finding | None:
    if not answer.program:
        return failed("tool_missing", remedy="install", **names)
    if answer.is_late:
        return failed("tool_late", remedy="reinstall", program=answer.program, **names)
    if answer.exit_status != 0:
        return failed("tool_broken", remedy="reinstall", program=answer.program, status=answer.exit_status, **names)
    return None


def _old(tool: Tool, answer: Answer, names: dict[str, str]) -> Finding:
    version = version_in(answer.text)
    if not version:
        if not tool.least:
            return passed("tool_answers", tool=tool.name)
        return warned("tool_unclear", remedy="reinstall", program=answer.program, **names)
    if numbers(version) < tool.least:
        return failed("tool_old", remedy="upgrade", version=version, program=answer.program, **names)
    return passed("tool_fine", tool=tool.name, version=version)
