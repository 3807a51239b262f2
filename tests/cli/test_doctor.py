"""`codex-portal doctor` on a machine whose programs, sockets and ports are stand-ins that really run."""

from __future__ import annotations

import http.server
import json
import re
import socketserver
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.adapters.host import machine, programs
from portal.i18n import catalogue
from tests.cli.conftest import Portal

pytestmark = pytest.mark.req("REQ-P3-001")
ANSWERS = {
    "git": "git version 2.39.5",
    "node": "v18.20.4",
    "npm": "9.2.0",
    "yarn": "1.22.19",
    "gh": "gh version 2.23.0 (2023-02-27)",
    "bats": "Bats 1.8.2",
    "jq": "jq-1.6",
    "bc": "bc 1.07.1",
    "curl": "curl 7.88.1 (x86_64-pc-linux-gnu)",
    "shellcheck": "ShellCheck - shell script analysis tool\nversion: 0.9.0",
    "python3": "Python 3.11.2",
    "docker": "Docker version 20.10.24+dfsg1, build 297e128",
    "haproxy": "HAProxy version 2.6.12-1 2025/10/03",
}
Put = Callable[[str, str], Path]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """`put("git", script)`: a program on a PATH that has nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GIT_USER_NAME", "GIT_USER_EMAIL", "CODEX_HOME", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def all_tools(put: Put) -> Put:
    for name, answer in ANSWERS.items():
        put(name, f"echo '{answer}'")
    return put


def checks(document: Any) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in document["checks"]}


def test_a_machine_with_everything_passes(all_tools: Put, own: Portal):
    told = own("doctor", "--json", "-g", "tools")
    assert (told.code, told.json["status"]) == (0, "pass"), told.out
    assert checks(told.json)["git"]["params"]["version"] == "2.39.5"


def test_what_is_missing_old_or_broken_is_told_with_a_way_out(all_tools: Put, own: Portal):
    all_tools("git", "echo git version 2.30.2")
    all_tools("jq", "exit 127")
    all_tools("bats", "")
    Path(all_tools("gh", "")).unlink()
    told = own("doctor", "--json", "-g", "tools")
    found = checks(told.json)
    assert told.code == 1
    assert {name: found[name]["code"] for name in ("git", "jq", "bats", "gh", "gh_login")} == {
        "git": "tool_old",
        "jq": "tool_broken",
        "bats": "tool_unclear",
        "gh": "tool_missing",
        "gh_login": "gh_none",
    }
    assert "apt-get install" in found["gh"]["hint"]
    assert "请安装" in checks(own("doctor", "--json", "-g", "tools", "--lang", "zh").json)["gh"]["hint"]
    assert "gh is not installed" in own("doctor", "-g", "tools").out


def test_warnings_alone_are_no_failure_unless_that_is_asked_for(all_tools: Put, own: Portal):
    Path(all_tools("yarn", "")).unlink()
    assert own("doctor", "-g", "tools").code == 0
    assert own("doctor", "-g", "tools", "--strict").code == 1


def test_a_program_that_hangs_is_ended_with_what_it_started(put: Put, tmp_path: Path):
    put("git", f"/bin/sleep 60 & echo $! >{tmp_path}/child; wait")
    begun = time.monotonic()
    answer = programs.ask(("git", "--version"), seconds=0.5)
    assert answer.is_late
    assert time.monotonic() - begun < 5
    child = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    end = time.monotonic() + 5
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_program_that_never_stops_talking_is_heard_for_a_while_only(put: Put):
    put("git", "while :; do echo git version 2.39.5; done")
    assert len(programs.ask(("git", "--version"), seconds=5).text) <= programs.MOST_BYTES


def test_no_secret_is_ever_shown(all_tools: Put, own: Portal, monkeypatch: pytest.MonkeyPatch):
    all_tools("gh", '[ "$1" = auth ] && echo gho_hiddenhiddenhidden || echo gh version 2.23.0')
    secrets = {
        "GITHUB_TOKEN": "not-a-token-hidden",
        "HTTPS_PROXY": "http://bob:hidden@127.0.0.1:9",
        "PORTAL_SECRET_KEY": "hidden",
        "CODEX_PORTAL_TOKEN": "cfp_hiddenhiddenhiddenhidden",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    told = own("doctor", "--json")
    found = checks(told.json)
    assert "hidden" not in told.out + own("doctor").out
    assert {name: found[name]["status"] for name in ("github_token", "secret_key", "portal_token", "gh_login")} == {
        "github_token": "fail",
        "secret_key": "fail",
        "portal_token": "pass",
        "gh_login": "pass",
    }
    assert found["proxies_answer"]["code"] == "proxy_silent"


def test_a_wrong_setting_is_told_and_the_rest_is_looked_at_all_the_same(
    all_tools: Put, own: Portal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PORTAL_PROT", "3000")
    found = checks(own("doctor", "--json").json)
    assert "PORTAL_PORT" in found["settings"]["text"]
    assert found["database"]["code"] == "settings_first"
    assert found["git"]["status"] == "pass"


def test_what_is_safe_is_repaired_and_told(
    all_tools: Put, own: Portal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    config = tmp_path / "gitconfig"
    all_tools(
        "git",
        f'case "$*" in --version) echo git version 2.39.5;; *--get*) [ -e {config} ] && echo Dave;;'
        f' *--global*) echo "$4" >>{config};; esac',
    )
    secret = tmp_path / "smtp"
    secret.write_text("smtp://mail.example")
    secret.chmod(0o644)
    monkeypatch.setenv("PORTAL_SMTP_URL_FILE", str(secret))
    monkeypatch.setenv("GIT_USER_NAME", "Dave")
    monkeypatch.setenv("GIT_USER_EMAIL", "dave@example.com")
    told = own("doctor", "--json", "--fix", "-g", "tools", "-g", "portal", "-g", "secrets").json
    assert {each["repair"] for each in told["repairs"] if each["is_done"]} == {
        "git_identity",
        "make_folder",
        "close_file",
    }
    assert (tmp_path / "data").is_dir()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert config.read_text() == "Dave\ndave@example.com\n"
    found = checks(told)
    assert {found[name]["status"] for name in ("git_identity", "data_folder", "portal_smtp_url_file")} == {"pass"}


def test_an_old_database_is_brought_up_to_date_by_a_repair(all_tools: Put, own: Portal, tmp_path: Path):
    assert own("migrate").code == 0
    assert checks(own("doctor", "--json", "-g", "portal").json)["database"]["code"] == "database_fine"
    (tmp_path / "data" / "portal.db").unlink()
    sqlite3.connect(tmp_path / "data" / "portal.db").close()
    assert checks(own("doctor", "--json", "-g", "portal").json)["database"]["code"] == "database_old"
    told = own("doctor", "--json", "--fix", "-g", "portal").json
    assert "migrate" in {each["repair"] for each in told["repairs"] if each["is_done"]}
    assert checks(told)["database"]["code"] == "database_fine"


def test_every_sentence_and_every_remedy_has_words():
    words = catalogue("en")
    sources = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "portal").rglob("doctor*.py")]
    codes = {code for text in sources for code in re.findall(r'(?:passed|skipped|warned|failed)\("(\w+)"', text)}
    remedies = {name for text in sources for name in re.findall(r'remedy="(\w+)"', text)}
    assert len(codes) > 40
    assert not ({f"doctor.{code}" for code in codes} | {f"doctor.remedy.{name}" for name in remedies}) - words.keys()


class _Answers(http.server.BaseHTTPRequestHandler):
    """/healthz of a portal and /version of an engine."""

    def do_GET(self) -> None:
        document = (
            {"status": "healthy", "version": "1", "checks": {}} if self.path == "/healthz" else {"Version": "24.0"}
        )
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        pass


def serve(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def portal_port() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Answers)
    serving = serve(server)
    next(serving)
    yield server.server_address[1]
    next(serving, None)


@pytest.fixture
def engine_socket(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "engine.sock"
    serving = serve(socketserver.UnixStreamServer(str(path), _Answers))
    next(serving)
    yield path
    next(serving, None)


def test_a_port_says_who_has_it(portal_port: int):
    assert machine.port("127.0.0.1", portal_port).is_portal
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as other:
        reading = machine.port("127.0.0.1", other.server_address[1])
        assert (reading.is_taken, reading.is_portal) == (True, False)


def test_engine_and_gate_are_asked_for_real(
    all_tools: Put, own: Portal, monkeypatch: pytest.MonkeyPatch, engine_socket: Path, portal_port: int, tmp_path: Path
):
    monkeypatch.setenv("PORTAL_ENGINE", "docker")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine_socket}")
    monkeypatch.setenv("PORTAL_ENGINE_SOCKET", str(engine_socket))
    found = checks(own("doctor", "--json", "-g", "engine").json)
    assert (found["engine"]["text"], found["gate"]["code"]) == ("Docker 24.0 answers", "gate_fine")
    monkeypatch.setenv("PORTAL_ENGINE_SOCKET", str(tmp_path / "none.sock"))
    monkeypatch.setenv("PORTAL_PORT", str(portal_port))
    told = own("doctor", "--json", "-g", "engine", "-g", "network")
    assert checks(told.json)["gate"]["code"] == "gate_silent"
    assert checks(told.json)["port"]["code"] == "port_portal"
    assert told.code == 1
