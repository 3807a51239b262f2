"""bin/publish, bin/scan and bin/deploy: with programs that stand for the registry's, and with a real portal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.conftest import stage, tokens, url
from tests.cli.conftest import flying_time

__all__ = ["flying_time", "stage", "tokens", "url"]
ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + "ab" * 32
NAME = f"registry.example/portal@{DIGEST}"
pytestmark = pytest.mark.req("REQ-P3-007")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], None]:
    def write(name: str, body: str) -> None:
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/calls\n{body}\n')
        program.chmod(0o755)

    return write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PATH": f"{tmp_path / 'programs'}:{os.environ['PATH']}"} | more
        return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return call


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_one_image_is_made_of_those_for_each_machine(put: Callable[[str, str], None], run: Run, tmp_path: Path):
    put("docker", f'[ "$3" != inspect ] || echo {DIGEST}')
    done = run("bin/publish", "join", "registry.example/portal:1.0.0", "amd64", "arm64")
    assert (done.returncode, done.stdout.strip()) == (0, DIGEST)
    assert calls(tmp_path)[0].endswith(
        "--tag registry.example/portal:1.0.0 registry.example/portal:1.0.0-amd64 registry.example/portal:1.0.0-arm64"
    )


def test_image_and_sbom_are_signed_together_and_by_no_stored_key(
    put: Callable[[str, str], None], run: Run, tmp_path: Path
):
    put("cosign", "")
    sbom = tmp_path / "sbom.json"
    sbom.write_text("{}")
    assert run("bin/publish", "sign", NAME, str(sbom)).returncode == 0
    assert [line.split()[:2] for line in calls(tmp_path)] == [["cosign", "sign"], ["cosign", "attest"]]
    assert all(NAME in line and "--key" not in line for line in calls(tmp_path))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sign", "registry.example/portal:latest", "x"), "no digest"),
        (("sign", NAME, "/nonexistent"), "no SBOM"),
        (("verify", NAME), "Wrong number"),
        (("fly",), "does not know"),
    ],
)
def test_what_cannot_be_vouched_for_is_refused(
    put: Callable[[str, str], None], run: Run, words: tuple[str, ...], told: str
):
    put("cosign", "")
    done = run("bin/publish", *words)
    assert done.returncode != 0
    assert told in done.stderr


def test_not_scanned_is_never_clean(put: Callable[[str, str], None], run: Run):
    assert run("bin/scan", "sbom.json", GRYPE="no-such-scanner").returncode == 3
    put("grype", '[ "$1" != db ] || exit 1')
    assert run("bin/scan", "sbom.json").returncode == 3
    put("grype", '[ "$1" = db ] || exit 2')
    assert run("bin/scan", "sbom.json").returncode == 2
    put("grype", "")
    assert run("bin/scan", "sbom.json").returncode == 0


@pytest.mark.usefixtures("flying_time")
def test_a_deployment_tells_where_which_and_how_it_ended(run: Run, url: str, tokens: dict[str, str], tmp_path: Path):
    portal = {"CODEX_PORTAL_URL": url, "CODEX_PORTAL_TOKEN": tokens["alice"], "DEPLOYMENT_URL": "https://shop.example"}
    output = tmp_path / "output"
    done = run("bin/deploy", "hello", "dev", "1.1.0", "--output", str(output), PYTHONPATH=str(ROOT), **portal)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == "url=https://shop.example\nversion=1.1.0\nstatus=succeeded\n"
    output.unlink()
    done = run("bin/deploy", "hello", "dev", "9.9.9", "--output", str(output), PYTHONPATH=str(ROOT), **portal)
    assert done.returncode == 4
    assert output.read_text().endswith("status=refused\n")
    assert run("bin/deploy", "hello", "moon").returncode != 0
