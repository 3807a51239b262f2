"""Volumes and databases copied on a real engine: masked on the way, compared, swapped in, gone on with after a kill."""

# ruff: noqa: E501 - statements as they are sent

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from portal.domain.access import SYSTEM, Actor, Grant, Role
from portal.domain.container import ContainerSpec, VolumeMount
from portal.domain.data_store import CopyState, DataCopy, DataStore, Mask, MaskKind, StoreKind
from portal.domain.environment import Environment, Stage
from portal.domain.errors import Conflict, Refused
from portal.domain.job import Job, JobState
from portal.domain.masking import digest
from portal.services.data_copies import CopyOrder
from portal.store import keys, operations
from tests.crash_kit.stand import DockerStand, await_

IMAGE = "cfp-databases:1"
ALICE = Actor("alice", grants=(Grant(Role.RELEASE_MANAGER),))
DAVE = Actor("dave", grants=(Grant(Role.OPERATOR),))
ERIN = Actor("erin", grants=(Grant(Role.ADMINISTRATOR),))
PASSWORD = "a long word"
LIMIT_SECONDS = 120
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.req("REQ-P3-008")]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def image() -> str:
    """Debian's own PostgreSQL and MariaDB, made once."""
    if not run("docker", "images", "--quiet", IMAGE):
        with tempfile.TemporaryDirectory() as root:
            packages = "--include=postgresql,postgresql-client,mariadb-server,mariadb-client"
            run("debootstrap", "--variant=minbase", packages, "bookworm", root)
            archive = subprocess.Popen(["tar", "-C", root, "-cf", "-", "."], stdout=subprocess.PIPE)
            subprocess.run(["docker", "import", "-", IMAGE], stdin=archive.stdout, check=True, capture_output=True)
            archive.wait()
    return IMAGE


class Stand(DockerStand):
    """A portal on the real engine without workers: the test does the jobs itself."""

    def furnish(self) -> None:
        for position, stage in enumerate((Stage.PROD, Stage.STAGING, Stage.DEV)):
            self.core.catalogue.save_environment(SYSTEM, Environment(stage, stage, position))
        self.containers.ensure_network(self.place.network)
        self.load.start()
        self.shares.start()

    def do(self, copy: DataCopy) -> Job:
        assert copy.job_id is not None
        end = time.monotonic() + LIMIT_SECONDS
        while not (job := self.core.jobs.get(SYSTEM, copy.job_id)).state.is_over:
            assert time.monotonic() < end, job
            self.turn()
        return job

    def turn(self) -> None:
        with self.core.database.transaction() as session:
            operations.free_leases(session)
            claims = operations.claim(session, "test", limit=5, of_jobs=True)
        for claim in claims:
            beats = threading.Event()
            beater = threading.Thread(target=self._beat, args=(claim, beats))
            beater.start()
            try:
                self.core.job_engine.work(claim)
            finally:
                beats.set()
                beater.join()
            with self.core.database.transaction() as session:
                operations.release(session, claim, after_seconds=0.0)

    def _beat(self, claim: operations.Claim, halt: threading.Event) -> None:
        while not halt.wait(1.0):
            with self.core.database.transaction() as session:
                operations.beat(session, [claim])


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with tempfile.TemporaryDirectory(prefix="cfp-") as folder:
        made = Stand(Path(folder))
        try:
            made.furnish()
            yield made
        finally:
            made.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A database server in a container of its own, on the portal's network."""

    name: str
    address: str

    def ask(self, *command: str) -> str:
        return run("docker", "exec", self.name, *command)


def served(stand: Stand, name: str, script: str) -> Server:
    network = stand.place.network.name
    full = f"{network}-{name}"
    run("docker", "run", "--detach", "--name", full, "--network", network, IMAGE, "sh", "-c", script)
    address = run("docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", full)
    return Server(full, address)


POSTGRESQL = """
test -d /etc/postgresql/15/main || pg_createcluster --locale C.UTF-8 15 main
echo "listen_addresses='*'" >> /etc/postgresql/15/main/postgresql.conf
echo 'host all all all scram-sha-256' >> /etc/postgresql/15/main/pg_hba.conf
pg_ctlcluster 15 main start
exec sleep infinity
"""
MARIADB = "mkdir -p /run/mysqld; chown mysql /run/mysqld; test -d /var/lib/mysql/mysql || mariadb-install-db --user=mysql; exec mariadbd --user=mysql --bind-address=0.0.0.0"
PEOPLE = """
CREATE TABLE people (id bigint PRIMARY KEY, email varchar(100) NOT NULL, name text, note text, born timestamptz, pic bytea);
CREATE TABLE orders (id serial PRIMARY KEY, person bigint NOT NULL REFERENCES people, mail varchar(100), total numeric(12,2));
INSERT INTO people SELECT n, 'p' || n || '@shop.example', 'Person ' || n, E'line\\none ' || n, now(), decode('00ff', 'hex')
  FROM generate_series(1, 3000) n;
INSERT INTO people VALUES (9000, 'null@shop.example', NULL, NULL, NULL, NULL);
INSERT INTO orders (person, mail, total) SELECT n, 'p' || n || '@shop.example', n / 3.0 FROM generate_series(1, 3000) n;
CREATE VIEW rich AS SELECT * FROM orders WHERE total > 500;
"""
MASKS = (
    Mask("people", "id", MaskKind.HASH),
    Mask("people", "email", MaskKind.EMAIL),
    Mask("people", "name", MaskKind.NAME),
    Mask("people", "note", MaskKind.NULL),
    Mask("orders", "person", MaskKind.HASH),
    Mask("orders", "mail", MaskKind.EMAIL),
)


@pytest.fixture(scope="module")
def postgresql(stand: Stand, image: str) -> Iterator[Server]:
    del image
    server = served(stand, "pg", POSTGRESQL)
    try:
        ready = ("docker", "exec", server.name, "su", "postgres", "-c", "psql -Atc 'SELECT 1'")
        await_(
            lambda: subprocess.run(ready, capture_output=True, check=False).stdout == b"1\n", "PostgreSQL", seconds=60
        )
        psql(server, f"CREATE ROLE app SUPERUSER LOGIN PASSWORD '{PASSWORD}'; CREATE DATABASE shop; ")
        psql(server, "CREATE DATABASE shop_staging")
        psql(server, PEOPLE, "shop")
        psql(server, "CREATE TABLE old (x int)", "shop_staging")
        yield server
    finally:
        run("docker", "rm", "--force", "--volumes", server.name)


def psql(server: Server, text: str, database: str = "postgres") -> str:
    found = ""
    for statement in [s for s in text.split(";") if s.strip()]:
        found = run("docker", "exec", "--user", "postgres", server.name, "psql", "-Atc", statement, database)
    return found


def store(environment: str, kind: StoreKind, database: str, server: Server, masks: tuple[Mask, ...] = ()) -> DataStore:
    port = 5432 if kind is StoreKind.POSTGRESQL else 3306
    given = DataStore(environment, "shop-" + kind, kind, IMAGE, host=server.address, port=port, database=database)
    return replace(given, user="app", masks=masks)


def keep(stand: Stand, given: DataStore, password: str | None = PASSWORD) -> None:
    stand.core.data_copies.save_store(ERIN, given, password=password, reason="set up")


def ask(stand: Stand, name: str, source: str, target: str, actor: Actor = DAVE) -> DataCopy:
    return stand.core.data_copies.ask(actor, CopyOrder((source, name), (target, name)), reason="rehearsal")


def test_a_postgresql_is_copied_masked_and_its_keys_stay_joinable(stand: Stand, postgresql: Server) -> None:
    kind = StoreKind.POSTGRESQL
    keep(stand, store("prod", kind, "shop", postgresql, masks=MASKS))
    keep(stand, store("staging", kind, "shop_staging", postgresql))
    copy = ask(stand, "shop-postgresql", "prod", "staging")
    job = stand.do(copy)
    assert (job.state, job.error_code, dict(job.error_params)) == (JobState.SUCCEEDED, "", {})
    joined = "SELECT count(*) FROM orders o JOIN people p ON p.id = o.person AND p.email = o.mail"
    assert psql(postgresql, joined, "shop_staging") == "3000"
    assert psql(postgresql, "SELECT count(*) FROM people WHERE email LIKE '%shop.example'", "shop_staging") == "0"
    assert psql(postgresql, "SELECT count(*) FROM people WHERE note IS NOT NULL", "shop_staging") == "0"
    assert psql(postgresql, "SELECT count(*) FROM people WHERE name IS NULL", "shop_staging") == "1"
    with stand.core.database.transaction() as session:
        key = keys.ensure_key(session, "masking:staging")
    wanted = f"u{digest(key, 'p7@shop.example')[:20]}@example.invalid"
    assert psql(postgresql, f"SELECT total FROM orders WHERE mail = '{wanted}'", "shop_staging") == "2.33"
    assert psql(postgresql, "SELECT count(*) > 0 FROM rich", "shop_staging") == "t"
    assert psql(postgresql, "SELECT to_regclass('old') IS NULL", "shop_staging") == "t"
    assert "cfp_" not in psql(postgresql, "SELECT string_agg(datname, ' ') FROM pg_database")
    view = stand.core.data_copies.view(DAVE, "staging")
    assert [(t.name, t.origin, t.is_masked) for t in view.taints] == [("shop-postgresql", "prod", True)]
    assert view.copies[0].result["rows"] == "6001"
    leftovers(stand)


def leftovers(stand: Stand) -> None:
    assert [c.name for c in stand.containers.list() if c.name.startswith("cfp-job-")] == []
    assert [v.name for v in stand.containers.host.volumes() if v.name.startswith("cfp-copy-")] == []


def test_a_mask_of_a_column_that_is_not_there_copies_nothing(stand: Stand, postgresql: Server) -> None:
    kind = StoreKind.POSTGRESQL
    keep(stand, store("prod", kind, "shop", postgresql, masks=(Mask("people", "e_mail", MaskKind.EMAIL),)))
    job = stand.do(ask(stand, "shop-postgresql", "prod", "staging"))
    assert (job.state, job.error_code) == (JobState.FAILED, "mask_column_missing")
    leftovers(stand)


def test_into_prod_two_others_have_to_agree_and_the_label_travels(stand: Stand, postgresql: Server) -> None:
    kind = StoreKind.POSTGRESQL
    keep(stand, store("prod", kind, "shop_restored", postgresql))
    asked = ask(stand, "shop-postgresql", "staging", "prod")
    copies = stand.core.data_copies
    assert (asked.state, asked.needed, asked.job_id) == (CopyState.AWAITING, 2, None)
    with pytest.raises(Refused):
        copies.decide(DAVE, asked.id, is_approved=True, reason="mine")
    assert copies.decide(ALICE, asked.id, is_approved=True, reason="seen").job_id is None
    with pytest.raises(Conflict, match="copy_answered"):
        copies.decide(ALICE, asked.id, is_approved=True, reason="once more")
    ready = copies.decide(ERIN, asked.id, is_approved=True, reason="seen too")
    assert stand.do(ready).state is JobState.SUCCEEDED
    assert psql(postgresql, "SELECT count(*) FROM people", "shop_restored") == "3001"


def test_a_cancelled_copy_leaves_the_target_as_it_was(stand: Stand, postgresql: Server) -> None:
    kind = StoreKind.POSTGRESQL
    keep(stand, store("dev", kind, "shop_dev", postgresql))
    psql(postgresql, "CREATE DATABASE shop_dev")
    psql(postgresql, "CREATE TABLE mine (x int)", "shop_dev")
    copy = ask(stand, "shop-postgresql", "staging", "dev")
    assert copy.job_id is not None
    stand.core.jobs.cancel(DAVE, copy.job_id, reason="wrong target")
    assert stand.do(copy).state is JobState.CANCELLED
    assert psql(postgresql, "SELECT count(*) FROM mine", "shop_dev") == "0"
    leftovers(stand)


@pytest.fixture(scope="module")
def mariadb(stand: Stand, image: str) -> Iterator[Server]:
    del image
    server = served(stand, "maria", MARIADB)
    try:
        ready = ("docker", "exec", server.name, "mariadb", "-Ne", "SELECT 1")
        await_(lambda: subprocess.run(ready, capture_output=True, check=False).stdout == b"1\n", "MariaDB", seconds=60)
        grant = f"CREATE USER app@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON *.* TO app@'%'; CREATE DATABASE shop;"
        server.ask("mariadb", "-e", grant + " CREATE DATABASE shop_staging; CREATE TABLE shop_staging.old (x int)")
        server.ask("mariadb", "shop", "-e", MARIA_PEOPLE)
        yield server
    finally:
        run("docker", "rm", "--force", "--volumes", server.name)


MARIA_PEOPLE = """
CREATE TABLE people (id bigint PRIMARY KEY, email varchar(100) NOT NULL, name varchar(60), note text, born datetime, pic blob);
CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, person bigint NOT NULL, mail varchar(100), total decimal(12,2),
  FOREIGN KEY (person) REFERENCES people (id));
INSERT INTO people SELECT seq, CONCAT('p', seq, '@shop.example'), CONCAT('Person ', seq), CONCAT('it''s a\\nline ', seq, ' 中文'),
  NOW(), X'00ff' FROM seq_1_to_2000;
INSERT INTO people VALUES (9000, 'null@shop.example', NULL, NULL, NULL, NULL);
INSERT INTO orders (person, mail, total) SELECT seq, CONCAT('p', seq, '@shop.example'), seq / 3 FROM seq_1_to_2000;
CREATE VIEW rich AS SELECT * FROM orders WHERE total > 500;
CREATE TRIGGER no_debt BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = GREATEST(NEW.total, 0);
"""


def test_a_mariadb_is_copied_masked_with_its_views_and_triggers(stand: Stand, mariadb: Server) -> None:
    kind, masks = StoreKind.MARIADB, tuple(m for m in MASKS if m.column != "note")
    keep(stand, store("prod", kind, "shop", mariadb, masks=masks))
    keep(stand, store("staging", kind, "shop_staging", mariadb))
    for _ in range(2):  # the second time there is a copy to replace, with its trigger
        job = stand.do(ask(stand, "shop-mariadb", "prod", "staging"))
        assert (job.state, job.error_code, dict(job.error_params)) == (JobState.SUCCEEDED, "", {})

    def told(query: str) -> str:
        return mariadb.ask("mariadb", "-N", "shop_staging", "-e", query)

    assert told("SELECT COUNT(*) FROM orders o JOIN people p ON p.id = o.person AND p.email = o.mail") == "2000"
    assert told("SELECT COUNT(*) FROM people WHERE email LIKE '%shop.example'") == "0"
    assert told("SELECT COUNT(*) FROM people WHERE note = CONCAT('it''s a\\nline ', 7, ' 中文')") == "1"
    assert told("SELECT COUNT(*) > 0 FROM rich") == "1"
    assert (
        told("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop_staging'") == "no_debt"
    )
    assert "cfp_" not in told("SHOW DATABASES")
    leftovers(stand)


def filled(stand: Stand, volume: str, script: str) -> None:
    spec = ContainerSpec(
        name=f"{stand.place.network.name}-{volume}",
        image=stand.containers.image(IMAGE).id,
        command=("sh", "-c", script),
        user="10001:10001",
        volumes=(VolumeMount(volume, "/tmp"),),
        tmpfs=(),
        restart_attempts=0,
    )
    stand.containers.create(spec)
    stand.containers.start(spec.name)
    await_(lambda: not stand.containers.inspect(spec.name).is_running, "the files", seconds=60)
    assert stand.containers.inspect(spec.name).exit_code == 0, stand.containers.logs(spec.name)
    stand.containers.remove(spec.name)


def test_a_volume_is_copied_file_by_file_and_goes_on_after_the_portal_was_killed(stand: Stand, image: str) -> None:
    mark = stand.place.network.name
    one, other = f"{mark}-one", f"{mark}-other"
    make = "cd /tmp; mkdir a; for n in 1 2 3; do head -c 40000000 /dev/urandom > a/$n; done; echo x > '.a b'"
    filled(stand, one, make)
    filled(stand, other, "echo old > /tmp/old")
    for environment, volume in (("prod", one), ("staging", other)):
        given = DataStore(environment, "files", StoreKind.VOLUME, image, volume=volume)
        keep(stand, given, None)
    copy = ask(stand, "files", "prod", "staging")
    helper = f"cfp-job-{copy.job_id}-copy"
    threading.Timer(1.5, stand.core.job_engine.halt.set).start()  # the process ends in the middle
    stand.turn()
    stand.core.job_engine.halt.clear()
    begun = stand.containers.inspect(helper).id if any(c.name == helper for c in stand.containers.list()) else ""
    job = stand.do(copy)
    assert not job.error_code, job.error_params
    assert begun or job.memory["result"], "it was either found again, or already done"
    check = "test $(find /tmp -type f | wc -l) = 4 && test ! -e /tmp/old && test $(stat -c %s /tmp/a/3) = 40000000"
    filled(stand, other, check)
    assert stand.core.data_copies.view(DAVE, "staging").copies[0].result["files"] == "4"
    assert ("files", "prod") in [(t.name, t.origin) for t in stand.core.data_copies.view(DAVE, "staging").taints]
    for volume in (one, other):
        stand.containers.host.remove_volume(volume)
