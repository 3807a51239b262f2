"""What every engine promises of files in memory: there before the reader starts, and its own user's alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from portal.domain.container import ContainerSpec, FileMount, MemoryFiles, VolumeMount
from portal.domain.errors import NotFound
from tests.contracts.test_containers import NAMES, Engine, engine

__all__ = ["engine"]
pytestmark = pytest.mark.req("REQ-P3-008")
FOLDERS = ("/run/secrets", "/etc/app/keys")
FIRST, SECOND = b"first value \xe4\xb8\xad", b"second value, a longer one"


def wanted(engine: Engine, value: bytes) -> MemoryFiles:
    holder = next(NAMES)
    volumes = tuple(VolumeMount(f"{holder}-{n}", folder, is_in_memory=True) for n, folder in enumerate(FOLDERS))
    files = (FileMount("/run/secrets/word", value, 0o400), FileMount("/etc/app/keys/key", b"k" * 65_536, 0o400))
    return MemoryFiles(holder, volumes, files, engine.image)


def reader(engine: Engine, files: MemoryFiles, **changes: Any) -> ContainerSpec:
    mounts = tuple(replace(volume, is_read_only=True) for volume in files.volumes)
    return engine.spec(volumes=mounts, **changes)


def said(engine: Engine, name: str, *command: str) -> tuple[int | None, str]:
    done = engine.containers.execute(name, command)
    return done.exit_code, "\n".join(line.text for line in done.lines)


def with_value(files: MemoryFiles, value: bytes) -> MemoryFiles:
    return replace(files, files=(replace(files.files[0], content=value),))


def test_a_file_in_memory_is_there_from_the_start_and_changes_under_the_reader(engine: Engine) -> None:
    files = wanted(engine, FIRST)
    life = engine.containers.hold(files)
    spec = reader(engine, files)
    engine.run(spec)
    try:
        assert said(engine, spec.name, "cat", "/run/secrets/word") == (0, FIRST.decode())
        assert said(engine, spec.name, "cat", "/etc/app/keys/key") == (0, "k" * 65_536)
        engine.containers.restart(spec.name, grace_seconds=1)
        assert said(engine, spec.name, "cat", "/run/secrets/word") == (0, FIRST.decode())
        assert engine.containers.hold(with_value(files, SECOND)) == life == engine.containers.held_since(files.holder)
        assert said(engine, spec.name, "cat", "/run/secrets/word") == (0, SECOND.decode())
        assert said(engine, spec.name, "cat", "/etc/app/keys/key")[0] == 0
    finally:
        engine.containers.remove(spec.name)
        engine.containers.let_go(files.holder)


def test_what_the_engine_says_of_the_reader_does_not_have_it(engine: Engine) -> None:
    files = wanted(engine, FIRST)
    engine.containers.hold(files)
    spec = reader(engine, files)
    engine.run(spec)
    try:
        told = json.dumps(engine.containers.details(spec.name).document, ensure_ascii=False)
        assert spec.name in told
        assert FIRST.decode() not in told
        assert FIRST.decode() not in repr(files)
    finally:
        engine.containers.remove(spec.name)
        engine.containers.let_go(files.holder)


def test_a_holder_is_no_container_of_the_list_and_is_gone_when_let_go(engine: Engine) -> None:
    files = wanted(engine, FIRST)
    engine.containers.hold(files)
    assert files.holder not in {container.name for container in engine.containers.list()}
    for _ in range(2):
        engine.containers.let_go(files.holder)
    with pytest.raises(NotFound):
        engine.containers.held_since(files.holder)
    assert not {v.volume for v in files.volumes} & {v.name for v in engine.containers.host.volumes()}


@pytest.mark.live
def test_only_the_readers_user_can_read_it_and_nobody_can_write(engine: Engine) -> None:
    if engine.kind == "memory":
        pytest.skip("users and modes are a real engine's")
    files = wanted(engine, FIRST)
    engine.containers.hold(files)
    own, stranger = reader(engine, files), reader(engine, files, user="4321:4321")
    try:
        for spec in (own, stranger):
            engine.run(spec)
        assert "tmpfs" in said(engine, own.name, "grep", "/run/secrets", "/proc/mounts")[1]
        assert said(engine, own.name, "ls", "-ln", "/run/secrets")[1].splitlines()[-1].startswith("-r--------")
        assert said(engine, own.name, "touch", "/run/secrets/other")[0] != 0
        code, text = said(engine, stranger.name, "cat", "/run/secrets/word")
        assert code != 0
        assert FIRST.decode() not in text
    finally:
        for spec in (own, stranger):
            engine.containers.remove(spec.name)
        engine.containers.let_go(files.holder)


@pytest.mark.live
def test_a_holder_that_was_killed_is_filled_anew(engine: Engine) -> None:
    if engine.kind == "memory":
        pytest.skip("nothing kills there")
    files = wanted(engine, FIRST)
    life = engine.containers.hold(files)
    engine.containers.stop(files.holder, grace_seconds=0)
    with pytest.raises(NotFound):
        engine.containers.held_since(files.holder)
    assert engine.containers.hold(files) != life
    spec = reader(engine, files)
    try:
        engine.run(spec)
        assert said(engine, spec.name, "cat", "/run/secrets/word") == (0, FIRST.decode())
    finally:
        engine.containers.remove(spec.name)
        engine.containers.let_go(files.holder)
