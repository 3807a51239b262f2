"""What is committed names no machine and no registry, and every script can at least be read by its shell."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST_BYTES = 2_000_000
# Written in pieces, so that this file is no breach of itself.
HOSTS = (
    *("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com"),
    *("deb.debian" + ".org", "snapshot.debian" + ".org", "archive.ubuntu" + ".com", "proxy.golang" + ".org"),
)
PATHS = ("/work" + "/", "/root" + "/.", "/opt" + "/wheels", "/opt" + "/pypi", "/tmp" + "/brief")
FORBIDDEN = re.compile("|".join(re.escape(text) for text in HOSTS + PATHS))


@cache
def committed() -> tuple[Path, ...]:
    """The files of the next commit, also those not added yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=30).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def report(breaches: list[str]) -> None:
    if breaches:
        pytest.fail("\n" + "\n".join(breaches), pytrace=False)


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return "" if b"\0" in content[:8192] else content.decode("utf-8", "replace")


def test_no_file_names_a_registry_or_a_place_on_one_machine():
    report(
        [
            f"{path.relative_to(ROOT)}:{number}: `{found.group()}` is true on one machine only; leave it out."
            for path in committed()
            for number, line in enumerate(text_of(path).splitlines(), 1)
            if (found := FORBIDDEN.search(line))
        ]
    )


def test_no_file_is_huge():
    report(
        [
            f"{path.relative_to(ROOT)} has {path.stat().st_size} bytes; make it when it is needed instead."
            for path in committed()
            if path.stat().st_size > LARGEST_BYTES
        ]
    )


def scripts() -> list[Path]:
    folders = {ROOT / "bin", ROOT / ".ci"}
    shell = re.compile(r"#!.*\b(ba)?sh\b")
    return [p for p in committed() if p.parent in folders and (p.suffix == ".sh" or shell.match(text_of(p)[:80]))]


@pytest.mark.parametrize("script", scripts(), ids=lambda path: path.name)
def test_a_shell_script_has_no_error_of_syntax(script: Path):
    read = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, timeout=10, check=False)
    assert read.returncode == 0, read.stderr


def test_what_can_be_run_is_marked_so():
    report(
        [
            f"{path.relative_to(ROOT)} starts with #! but is not executable: chmod +x it."
            for path in committed()
            if path.parent in {ROOT / "bin", ROOT / ".ci"}
            and text_of(path).startswith("#!")
            and not path.stat().st_mode & 0o100
        ]
    )
