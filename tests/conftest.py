"""What all tests share: real databases started from their own programs in a folder that goes away."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis
from psycopg import sql

START_SECONDS = 60
STOP_SECONDS = 30
DATABASES = itertools.count()

hypothesis.settings.register_profile("portal", deadline=None)  # a machine may be busy
hypothesis.settings.load_profile("portal")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses a real database is a live test, whether it says so or not. Those with a browser come last: while
    it is open, its event loop keeps the main thread, and no other loop can run there.
    """
    for item in items:
        if {"postgres_url", "postgres_database_url", "redis_url"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.live)
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


def _program(name: str, folders: str, what: str) -> str:
    """The newest installed one; a missing one fails the test in words, for a skipped test proves nothing."""
    found = shutil.which(name)
    newest = sorted(Path("/").glob(folders.lstrip("/")), key=lambda path: path.parts[-3:-2])
    if newest or found:
        return str(newest[-1] if newest else found)
    pytest.fail(f"{name} is not installed. Run: bin/setup --system {what}", pytrace=False)


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    """A short path, for a socket's may have 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="portal-"))
    if owner:
        shutil.chown(path, owner, owner)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _running(command: list[str], *, user: str | None, log: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, user=user, group=user, stdout=output, stderr=output, cwd="/")
    try:
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text()[-2000:]}", pytrace=False)
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL would wait for its clients on SIGTERM
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers_postgres(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_redis(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own on a socket, as a URL for SQLAlchemy. Shared by the run: see `postgres_database_url`."""
    server = _program("postgres", "/usr/lib/postgresql/*/bin/postgres", "postgresql")
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with _folder(user) as folder:
        cluster = str(folder / "cluster")
        initdb = [str(Path(server).with_name("initdb")), "--pgdata", cluster, "--auth=trust", "--username=postgres"]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(initdb, user=user, group=user, cwd="/", check=True, capture_output=True, timeout=START_SECONDS)
        command = [server, "-D", cluster, "-k", str(folder), "-c", "listen_addresses=", "-c", "max_connections=200"]
        native = f"postgresql://postgres@/postgres?host={folder}"
        with _running(command, user=user, log=folder / "log", is_ready=lambda: _answers_postgres(native)):
            yield native.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """An empty database of its own for one test."""
    with empty_database(postgres_url) as url:
        yield url


@contextmanager
def empty_database(postgres_url: str) -> Iterator[str]:
    """An empty database, gone afterwards."""
    name = f"test_{next(DATABASES)}"
    native = postgres_url.replace("+psycopg", "")
    with psycopg.connect(native, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_url.replace("/postgres?", f"/{name}?")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of our own on a socket, that keeps nothing."""
    server = _program("redis-server", "/nowhere/*/*", "redis")
    with _folder(None) as folder:
        url = f"unix://{folder / 'redis'}"
        command = [server, "--port", "0", "--unixsocket", str(folder / "redis"), "--save", "", "--dir", str(folder)]
        with _running(command, user=None, log=folder / "log", is_ready=lambda: _answers_redis(url)):
            yield url
