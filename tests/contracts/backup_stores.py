"""The stores that backups may be kept in, each made for one test: in memory, a folder, and a real S3 server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.npm_packages import HERE, ensure_packages, node
from portal.adapters.backup.directory import DirectoryBackups
from portal.adapters.backup.s3 import Bucket, S3Backups
from portal.adapters.backup.s3_signing import Credentials
from portal.adapters.memory.backups import MemoryBackups
from portal.ports.backup_store import BackupStore

BUCKET = "backups"
CREDENTIALS = Credentials("S3RVER", "S3RVER")


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Its address; gone afterwards."""
    ensure_packages("s3")
    program, environment = node()
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [program, "--openssl-legacy-provider", str(HERE / "s3" / "serve.js"), str(folder), BUCKET],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[BackupStore]:
    if kind == "memory":
        yield MemoryBackups()
    elif kind == "directory":
        yield DirectoryBackups(folder / "store")
    else:
        with s3_server(folder / "s3") as url:
            store = S3Backups(Bucket(url, BUCKET, "portal-1/of-alice"), CREDENTIALS)
            yield store
            store.close()
