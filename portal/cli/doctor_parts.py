"""What the doctor looks at on this machine, joined from the settings, the environment and the looks themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from portal.adapters.host import machine, programs
from portal.domain import doctor_machine, doctor_secrets
from portal.domain.doctor import Finding, Group, failed, passed, skipped, warned
from portal.domain.doctor_tools import HAPROXY, TOOLS, Tool, judged, numbers, version_in
from portal.domain.errors import PortalError, Refused
from portal.services import doctor_looks
from portal.services.doctor import Doctor, Examination, Mender
from portal.settings import FILE_SUFFIX, Settings, variables

OLDEST_DOCKER = "20.10"
SOCKETS = ("/var/run/docker.sock", "/run/podman/podman.sock")
Look = Callable[[], Finding]


def doctor(environment: Mapping[str, str] | None = None) -> Doctor:
    """For the machine that this runs on and the portal that would be started here now."""
    given = os.environ if environment is None else environment
    problem = _problem(given)
    settings = None if problem else Settings.from_environment(given)
    found = [*_tools(settings), *_machine(settings), *_network(settings, given), *_secrets(settings, given)]
    found += [Examination("settings", Group.PORTAL, lambda: _raised(problem)), *_portal(settings)]
    return Doctor(found, _menders(settings, given))


def _problem(environment: Mapping[str, str]) -> PortalError | None:
    try:
        Settings.from_environment(environment)
    except PortalError as error:
        return error
    return None


def _raised(problem: PortalError | None) -> Finding:
    if problem is not None:
        raise problem
    return passed("settings_fine")


def _tools(settings: Settings | None) -> Iterator[Examination]:
    is_proxy_ours = settings is not None and settings.proxy == "managed" and settings.engine != "memory"
    for tool in (*TOOLS, HAPROXY) if is_proxy_ours else TOOLS:
        yield Examination(tool.name, Group.TOOLS, partial(_tool, tool))
    yield Examination("git_identity", Group.TOOLS, _git_identity)
    yield Examination("gh_login", Group.TOOLS, _gh_login)


def _tool(tool: Tool) -> Finding:
    return judged(tool, programs.ask_tool(tool))


def _git_identity() -> Finding:
    answers = [programs.ask(("git", "config", "--get", f"user.{name}")) for name in ("name", "email")]
    if not answers[0].program:
        return skipped("git_none")
    if all(answer.text.strip() for answer in answers):
        return passed("git_identity_fine", name=answers[0].text.strip()[:60])
    return warned("git_identity_none", remedy="git_identity", repair="git_identity")


def _gh_login() -> Finding:
    answer = programs.ask(("gh", "auth", "token"))  # what it says is a secret, and is not looked at
    if not answer.program:
        return skipped("gh_none")
    return passed("gh_login_fine") if answer.is_good else warned("gh_login_none", remedy="gh_login")


def _machine(settings: Settings | None) -> Iterator[Examination]:
    folder = settings.data if settings else Path()
    built_at = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    looks: dict[str, Look] = {
        "space": lambda: doctor_machine.space(str(folder.absolute()), machine.free_bytes(folder)),
        "memory": lambda: doctor_machine.memory(machine.memory_bytes()),
        "clock": lambda: doctor_machine.clock(machine.clock(), built_at=built_at),
    }
    return (Examination(name, Group.MACHINE, look) for name, look in looks.items())


def _network(settings: Settings | None, environment: Mapping[str, str]) -> Iterator[Examination]:
    for name, look in _ports(settings):
        yield Examination(name, Group.NETWORK, look)
    yield Examination("proxies", Group.NETWORK, lambda: doctor_machine.proxies(environment))
    if doctor_machine.proxy_addresses(environment):
        yield Examination("proxies_answer", Group.NETWORK, lambda: _proxies_answer(environment))


def _ports(settings: Settings | None) -> Iterator[tuple[str, Look]]:
    if settings is None:
        yield "port", _settings_first
        return
    port, host = settings.port, settings.host
    yield "port", lambda: doctor_machine.port(machine.port(host, port), setting="PORTAL_PORT")
    if settings.proxy == "managed" and settings.engine != "memory":
        for number, address in enumerate(settings.proxy_bind, 1):
            yield f"proxy_port_{number}", partial(_proxy_port, settings, address)


def _proxy_port(settings: Settings, address: str) -> Finding:
    """Where a portal runs already, its proxy has the port and is right to."""
    host, _, number = address.rpartition(":")
    reading = machine.port(host.strip("[]") or "0.0.0.0", int(number))  # noqa: S104 - as the proxy would
    if reading.is_taken and machine.port(settings.host, settings.port).is_portal:
        return passed("proxy_port_taken", port=number)
    return doctor_machine.port(reading, setting="PORTAL_PROXY_BIND")


def _proxies_answer(environment: Mapping[str, str]) -> Finding:
    for variable, address in doctor_machine.proxy_addresses(environment).items():
        try:
            host, port = doctor_machine.proxy_place(address)
        except ValueError:
            return skipped("proxy_unasked")
        if not machine.is_reachable(host, port):
            return failed("proxy_silent", remedy="proxy_silent", variable=variable, host=host, port=port)
    return passed("proxies_answer")


def _secrets(settings: Settings | None, environment: Mapping[str, str]) -> Iterator[Examination]:
    for name, about in doctor_secrets.TOKENS.items():
        value = next(filter(None, (environment.get(each, "") for each in (about.variable, *about.others))), "")
        yield Examination(name, Group.SECRETS, partial(doctor_secrets.token, about, value))
    look: Look = partial(doctor_looks.secret_key, settings.secret_key) if settings else _settings_first
    yield Examination("secret_key", Group.SECRETS, look)
    for variable in (*variables(), "CODEX_PORTAL_TOKEN_FILE"):
        path = environment.get(variable, "") if variable.endswith(FILE_SUFFIX) else ""
        if path and Path(path).is_file():
            yield Examination(variable.lower(), Group.SECRETS, partial(_secret_file, path))


def _secret_file(path: str) -> Finding:
    return doctor_secrets.secret_file(path, Path(path).stat().st_mode & 0o777)


def _portal(settings: Settings | None) -> Iterator[Examination]:
    if settings is None:
        for name in ("engine", "data_folder", "database"):
            yield Examination(name, Group.PORTAL, _settings_first)
        return
    yield Examination("engine", Group.ENGINE, partial(_engine, settings))
    yield Examination("gate", Group.ENGINE, partial(_gate, settings))
    yield Examination("codex_home", Group.PORTAL, partial(doctor_looks.folder, settings.codex_home))
    yield Examination("data_folder", Group.PORTAL, partial(doctor_looks.folder, settings.data))
    yield Examination("database", Group.PORTAL, partial(doctor_looks.database, settings.database_url))
    if settings.redis_url is not None:
        yield Examination("redis", Group.PORTAL, partial(_redis, settings.redis_url))
    yield Examination("front_end", Group.PORTAL, _front_end)


def _settings_first() -> Finding:
    return skipped("settings_first")


def engine_sockets(environment: Mapping[str, str], settings: Settings) -> tuple[Path, ...]:
    """Where an engine may be asked, the likeliest first; the gate's socket last."""
    host = environment.get("DOCKER_HOST", "")
    own = (host.removeprefix("unix://"),) if host.startswith("unix://") else ()
    user = environment.get("XDG_RUNTIME_DIR", "")
    personal = (f"{user}/podman/podman.sock",) if user else ()
    return tuple(Path(path) for path in (*own, *SOCKETS, *personal, settings.engine_socket))


def _engine(settings: Settings) -> Finding:
    if settings.engine == "memory":
        return skipped("engine_memory")
    sockets = [path for path in engine_sockets(os.environ, settings) if path.exists()]
    found = next(filter(None, (machine.engine_version(path) for path in sockets)), None)
    if found is None:
        closed = next((path for path in sockets if not os.access(path, os.R_OK | os.W_OK)), None)
        if closed is not None:
            return failed("engine_closed", remedy="engine_closed", path=closed)
        return failed("engine_none", remedy="engine_none")
    name, version = found
    if name == "Docker" and numbers(version_in(version) or "0") < numbers(OLDEST_DOCKER):
        return failed("engine_old", remedy="engine_old", name=name, version=version, least=OLDEST_DOCKER)
    return passed("engine_fine", name=name, version=version)


def _gate(settings: Settings) -> Finding:
    path = settings.engine_socket
    if settings.engine == "memory":
        return skipped("engine_memory")
    if machine.engine_version(path) is not None:
        return passed("gate_fine", path=path)
    if machine.port(settings.host, settings.port).is_portal:
        return failed("gate_silent", remedy="gate_silent", path=path)
    return skipped("gate_not_yet")


def _redis(url: str) -> Finding:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return passed("redis_fine") if Path(parts.path).is_socket() else failed("redis_silent", remedy="redis_silent")
    is_there = machine.is_reachable(parts.hostname or "localhost", parts.port or 6379)
    return passed("redis_fine") if is_there else failed("redis_silent", remedy="redis_silent")


def _front_end() -> Finding:
    from portal.web.build import is_current

    return passed("front_end_fine") if is_current() else warned("front_end_old", remedy="front_end_old")


def _menders(settings: Settings | None, environment: Mapping[str, str]) -> dict[str, Mender]:
    menders: dict[str, Mender] = {
        "make_folder": doctor_looks.make_folder,
        "close_file": doctor_looks.close_file,
    }
    if environment.get("GIT_USER_NAME") and environment.get("GIT_USER_EMAIL"):
        menders["git_identity"] = lambda _: _name_git(environment)
    if settings is not None:
        menders["migrate"] = lambda _: _migrate(settings)
    return menders


def _name_git(environment: Mapping[str, str]) -> None:
    for name in ("name", "email"):
        value = environment[f"GIT_USER_{name.upper()}"]
        if not programs.ask(("git", "config", "--global", f"user.{name}", value)).is_good:
            raise Refused("doctor_git_refused")


def _migrate(settings: Settings) -> None:
    """Not under the feet of a portal that runs."""
    if machine.port(settings.host, settings.port).is_portal:
        raise Refused("doctor_portal_runs")
    doctor_looks.bring_up_to_date(settings.database_url)
