"""Builds the front end once: again only when something that goes into it has changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from portal.domain.errors import Unavailable

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = ".web"
BUILT = Path(WEB, "build", "client")
OPENINGS = Path(WEB, "backend", "openings.json")
_STAMP = Path(WEB, "build", "sources.sha256")
_LOCK = "reflex.lock"
_SOURCES = (
    "rxconfig.py",
    "assets",
    "portal/portal.py",
    "portal/web",
    "portal/i18n",
    "portal/domain/access.py",
    "portal/domain/rollout.py",
)
_APART = Path("portal/web/reader")  # renders the documentation, which is built on its own
_SUFFIXES = frozenset({".py", ".json", ".js", ".jsx", ".css", ".svg", ".html"})
_LIMIT_SECONDS = 900
_USUAL_SECONDS = 60

Progress = Callable[[str], None]


def ensure_front_end(progress: Progress = lambda line: None, *, root: Path = ROOT) -> bool:
    """The built pages are there and belong to these sources afterwards; whether they had to be built.

    `progress` is told what is being done, line by line. Unavailable("front_end_failed", reason=…) with the last words
    of the build. Two at once wait for each other.
    """
    with _alone(root):
        code = _code_hash(root)
        if is_current(root, _whole(code, root)):
            return False
        begun = time.monotonic()
        progress(f"Building the pages (about {_USUAL_SECONDS} s the first time, less afterwards)")
        _export(root, progress)
        (root / _STAMP).write_text(_whole(code, root), "utf-8")  # npm may have added to its lock
        progress(f"The pages are built ({time.monotonic() - begun:.0f} s)")
        return True


def ensure_built(progress: Progress = lambda line: None, *, root: Path = ROOT) -> None:
    """The pages and the documentation are there and belong to these sources afterwards; errors as above, and ValueError
    for a document with a link that leads nowhere.
    """
    from portal.web.reader.build import ensure_documents

    ensure_front_end(progress, root=root)
    with _alone(root):
        ensure_documents(root, progress)


def is_built(root: Path = ROOT) -> bool:
    """Whether pages and documentation were made from the sources as they are."""
    from portal.web.reader.build import are_documents_current

    return is_current(root) and are_documents_current(root)


def is_current(root: Path = ROOT, wanted: str = "") -> bool:
    """Whether the pages that are there were built from the sources as they are."""
    stamp = root / _STAMP
    is_complete = (root / BUILT / "index.html").is_file() and (root / OPENINGS).is_file()
    return is_complete and stamp.is_file() and stamp.read_text("utf-8") == (wanted or sources_hash(root))


def sources_hash(root: Path = ROOT) -> str:
    """SHA-256 over names and contents of everything that goes into the pages, and the version of Reflex."""
    return _whole(_code_hash(root), root)


def _whole(code: str, root: Path) -> str:
    return hashlib.sha256(f"{code} {_hash(root, (_LOCK,))}".encode()).hexdigest()


def _code_hash(root: Path) -> str:
    return version("reflex") + _hash(root, _SOURCES)


def _hash(root: Path, sources: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in _files(root, sources):
        digest.update(f"\n{path.relative_to(root).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(root: Path, sources: Iterable[str]) -> Iterable[Path]:
    for source in sources:
        start = root / source
        found = [start] if start.is_file() else sorted(start.rglob("*"))
        yield from (path for path in found if path.is_file() and _goes_in(path.relative_to(root)))


def _goes_in(path: Path) -> bool:
    return path.suffix in _SUFFIXES and not path.is_relative_to(_APART)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    lock = root / WEB / ".lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _export(root: Path, progress: Progress) -> None:
    """Reflex compiles the pages and npm and vite, from the locked Node in the virtual environment, bundle them."""
    (root / _STAMP).unlink(missing_ok=True)
    shutil.rmtree(root / WEB / "backend", ignore_errors=True)
    command = [sys.executable, "-m", "reflex", "export", "--no-zip", "--env", "prod", "--frontend-only"]
    log = root / WEB / "export.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=_environment(), stdout=output, stderr=subprocess.STDOUT)
        _wait(process, progress)
    if process.returncode != 0 or not (root / BUILT / "index.html").is_file():
        raise Unavailable("front_end_failed", reason=_last_words(log), log=str(log))


def _wait(process: subprocess.Popen[bytes], progress: Progress) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < _LIMIT_SECONDS:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            progress(f"Still building the pages ({time.monotonic() - begun:.0f} s)")
        else:
            return
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    """npm from the virtual environment, from the registry npm is set up for; no questions to anybody else."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment |= {
        "BUILDS_PORTAL_PAGES": "true",
        "REFLEX_USE_NPM": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "NO_COLOR": "1",
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",  # or the lock would name the index it came from
    }
    if "NPM_CONFIG_REGISTRY" not in environment:
        environment["NPM_CONFIG_REGISTRY"] = _registry(environment)
    return environment


def _registry(environment: Mapping[str, str]) -> str:
    """What npm is configured for; named explicitly, or Reflex would try several."""
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise Unavailable("front_end_failed", reason="npm is not in the virtual environment", log="")
    told = subprocess.run(
        [npm, "config", "get", "registry"], env=environment, capture_output=True, timeout=60, check=False
    )
    return told.stdout.decode().strip()


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return json.dumps(" / ".join(lines[-3:])[:400], ensure_ascii=False).strip('"')


if __name__ == "__main__":
    ensure_built(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - a program's own progress
