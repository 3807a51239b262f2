"""Every example that is marked runnable is run in a shell, as it is printed, against a served portal in memory."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from portal import wiring
from portal.adapters.memory.world import Behaviour
from portal.api import authentication
from portal.api.attempts import Attempts
from portal.api.v1.entry import rest
from portal.domain.access import SYSTEM, Grant, Role
from portal.domain.feedback import FeedbackOrder
from portal.domain.identity import NewUser, TokenOrder
from portal.domain.rollout import Action, State
from portal.kit.rest import REST_ROOT
from portal.services.rollouts import RolloutOrder
from tests.docs.fast_shell import Shell, fast_shell
from tests.docs.pages import ROOT, Fence, documents, fences
from tests.serving import serving
from tests.stage import ALICE, BOB, PortalStage

pytestmark = pytest.mark.slow
PASSWORD = "a long walk on the beach"
FIRST_NUMBER = 7  # of the rollout that the examples speak of
FILES = {"secret.txt": "open sesame\n", "password.txt": "hunter2\n", "new.txt": "hunter3\n", "notes.md": "- faster\n"}
ROLES = {
    "admin": Role.ADMINISTRATOR,
    "alice": Role.RELEASE_MANAGER,
    "bob": Role.DEVELOPER,
    "erin": Role.ADMINISTRATOR,
}
WAITS = "strategy: canary\nsteps: [{weight: 50}, {approval: 1}]\n"
# What has to be there before an example that has these words in it.
BEFORE = {
    "service save cart": "codex-portal service save store --set repository=registry.example/store --reason new",
    "freeze end 3": """
        for name in one two three; do
            codex-portal environment freeze add $name --environment prod --from 2026-01-01T00:00Z --to 2036-01-01T00:00Z
        done
        codex-portal environment save staging-2 --set stage=staging --set position=9 --reason rehearsal
    """,
    "secret reveal": "codex-portal secret create prod/db-password --service hello --file password.txt",
    "secret set": "codex-portal secret create prod/db-password --service hello --file password.txt",
}
TYPED = {"user passwd": f"{PASSWORD}\n{PASSWORD}\n", "user add": f"{PASSWORD}\n{PASSWORD}\n"}
EXAMPLES = [fence for document in documents() for fence in fences(document) if fence.is_runnable]


@dataclass(frozen=True, slots=True)
class Theatre:
    """A portal as the examples find it, and a shell on its machine."""

    stage: PortalStage
    shell: Shell
    url: str
    token: str
    prepared: Path

    def set_up(self) -> None:
        """Everything stored is again as it was at first."""
        with sqlite3.connect(self.prepared) as source, sqlite3.connect(self.data / "portal.db") as target:
            source.backup(target)
        source.close()
        target.close()

    @property
    def data(self) -> Path:
        return self.prepared.parent / "data"

    def environment(self, home: Path) -> dict[str, str]:
        here = {"HOME": str(home), "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT), "PORTAL_ENGINE": "memory"}
        asked = {"CODEX_PORTAL_URL": self.url, "CODEX_PORTAL_TOKEN": self.token}
        return {**here, **asked, "PORTAL_DATA": "data"}

    def run(self, text: str, folder: Path) -> None:
        """The lines as somebody types them in the folder of the portal; fails with what they said."""
        typed = next((answers for words, answers in TYPED.items() if words in text), "y\n")
        run = self.shell.run(text, cwd=folder, environment=self.environment(folder), typed=typed)
        assert run.returncode == 0, run.stdout + run.stderr


def furnish(stage: PortalStage) -> str:
    """What the examples speak of: rollouts 7 and 8 that wait for an approval, words of readers. A token of Erin."""
    core = stage.core
    stage.furnish()
    for reference in ("hello:1.6.0", "registry.example/shop:1.0.0"):
        stage.world.add_image(reference, Behaviour(version=reference.rpartition(":")[2]))
    for name, role in ROLES.items():
        core.identity.create_user(SYSTEM, NewUser(name, PASSWORD, (Grant(role),)))
    for _ in range(FIRST_NUMBER):
        core.support.give(BOB, FeedbackOrder("plans", "en", False, "no example"), source="b")
    stage.until(core.rollouts.start(BOB, RolloutOrder("hello", "staging", "1.0.0", "first", None)))
    while (rollout := stage.start("1.1.0")).id < FIRST_NUMBER:
        stage.act(rollout, Action.ABORT, ALICE)
        stage.until(rollout)
    second = core.rollouts.start(BOB, RolloutOrder("hello", "staging", "1.1.0", "rehearsal", WAITS))
    assert stage.until(second, State.AWAITING_APPROVAL).state is State.AWAITING_APPROVAL
    assert stage.until(rollout, State.AWAITING_APPROVAL).state is State.AWAITING_APPROVAL
    core.identity.create_token(SYSTEM, TokenOrder("older", "bob"))
    secret, _ = core.identity.create_token(SYSTEM, TokenOrder("examples", "erin"))
    return secret


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    folder = Path(tempfile.mkdtemp(prefix="cfp-"))
    (folder / "shell").mkdir()
    (folder / "data").mkdir()
    stage = PortalStage(folder / "data")
    token = furnish(stage)
    wiring.use(stage.core)
    with sqlite3.connect(folder / "data" / "portal.db") as source, sqlite3.connect(folder / "prepared.db") as target:
        source.backup(target)
    source.close()
    target.close()
    try:
        with serving(Starlette(routes=[Mount(REST_ROOT, rest)])) as url, fast_shell(folder / "shell") as shell:
            yield Theatre(stage, shell, url, token, folder / "prepared.db")
    finally:
        stage.core.database.close()
        shutil.rmtree(folder, ignore_errors=True)


def written_before(fence: Fence) -> str:
    """The last plan or document of the page before the example, which it reads from a file."""
    place, _, line = fence.where.partition(":")
    before = [
        other.text
        for other in fences(ROOT / place)
        if other.language == "yaml" and int(other.where.partition(":")[2]) < int(line)
    ]
    return before[-1] if before else "strategy: rolling\n"


@pytest.mark.req("REQ-P3-013")
@pytest.mark.parametrize("fence", [pytest.param(fence, id=fence.where) for fence in EXAMPLES])
def test_an_example_that_is_marked_runnable_runs(
    fence: Fence, theatre: Theatre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(authentication, "attempts", Attempts())
    for name, text in {**FILES, "plan.yaml": written_before(fence), "shop.yaml": written_before(fence)}.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "data").symlink_to(theatre.data)
    theatre.set_up()
    for words, needed in BEFORE.items():
        if words in fence.text:
            theatre.run(needed, tmp_path)
    theatre.run(fence.text, tmp_path)


def test_the_same_examples_are_runnable_in_both_languages():
    def of(locale: str) -> list[str]:
        found = [fence.where.partition(":")[0] for fence in EXAMPLES if fence.where.startswith(f"docs/{locale}/")]
        return [place.removeprefix(f"docs/{locale}/") for place in found]

    assert of("en") == of("zh")
    assert of("en")
