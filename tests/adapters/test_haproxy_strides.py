"""The next act for each server: the gate's exact sequence, and the way out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.adapters.haproxy.options import ProxyOptions
from portal.adapters.haproxy.reading import (
    ServerRow,
    leftover_facts,
    master_pid,
    old_workers,
    process_facts,
    server_facts,
    server_rows,
)
from portal.adapters.haproxy.strides import Act, Stride, strides
from portal.domain.errors import Unavailable
from portal.domain.route import Route, Server, ServerState

OPTIONS = ProxyOptions()
BACKEND = "hello:prod:blue"
OTHER = "hello:prod:green"
SERVER = Server("hello-1", "10.9.0.1", 8080)
ROUTE = Route("hello", "prod", blue=(SERVER,), drain_seconds=30)
EMPTY = replace(ROUTE, blue=())
UP = ServerRow(BACKEND, "hello-1", "10.9.0.1:8080", is_running=True, is_in_maintenance=False, is_draining=False)
DRAIN = replace(UP, is_draining=True)
MAINT = replace(UP, is_running=False, is_in_maintenance=True)
COPY = replace(UP, backend=OTHER, name="stable:hello-1")


def next_acts(route: Route, *rows: ServerRow) -> tuple[Stride, ...]:
    by_backend: dict[str, dict[str, ServerRow]] = {}
    for row in rows:
        by_backend.setdefault(row.backend, {})[row.name] = row
    return strides(route, by_backend, options=OPTIONS)


def act(route: Route, *rows: ServerRow) -> Act | None:
    found = [stride for stride in next_acts(route, *rows) if not stride.server.startswith("stable:")]
    return found[0].act if found else None


def test_a_new_server_is_gated_in_this_order():
    add, *gate = next_acts(ROUTE)[0].commands
    assert add.startswith(f"add server {BACKEND}/hello-1 10.9.0.1:8080 weight 1 check ")
    assert gate == [
        f"enable health {BACKEND}/hello-1",
        f"set server {BACKEND}/hello-1 state drain",
        f"set server {BACKEND}/hello-1 health down",
    ]


@pytest.mark.parametrize(
    ("route", "row", "expected"),
    [
        (ROUTE, MAINT, Act.GATE),
        (ROUTE, replace(DRAIN, is_running=False), None),
        (ROUTE, DRAIN, Act.ADMIT),
        (ROUTE, UP, None),
        (ROUTE, replace(UP, is_running=False), None),
        (EMPTY, UP, Act.DRAIN),
        (EMPTY, DRAIN, Act.DRAIN),
        (EMPTY, MAINT, Act.DELETE),
        (EMPTY, replace(MAINT, sessions=1, seconds_since_change=29), None),
        (EMPTY, replace(MAINT, sessions=1, seconds_since_change=30), Act.CUT),
        (ROUTE, replace(UP, endpoint="10.9.0.66:8080"), Act.DRAIN),
        (ROUTE, replace(MAINT, endpoint="10.9.0.66:8080"), Act.DELETE),
    ],
)
def test_each_state_has_one_next_act(route: Route, row: ServerRow, expected: Act | None):
    assert act(route, row) is expected


def test_a_copy_of_each_stable_server_stands_behind_the_candidate_s():
    (stride,) = next_acts(ROUTE, UP)
    assert stride.commands == (
        f"add server {OTHER}/stable:hello-1 10.9.0.1:8080 track {BACKEND}/hello-1 backup",
        f"set server {OTHER}/stable:hello-1 state ready",
    )
    assert next_acts(ROUTE, UP, COPY) == ()


def test_a_request_that_waits_for_a_candidate_that_leaves_still_finds_a_copy_there():
    leaving = replace(MAINT, backend=OTHER, name="hello-2", endpoint="10.9.0.2:8080")
    assert [(stride.act, stride.server) for stride in next_acts(ROUTE, UP, COPY, leaving)] == [(Act.DELETE, "hello-2")]


def test_a_copy_comes_after_its_original_and_goes_before_it():
    assert [stride.server for stride in next_acts(ROUTE)] == ["hello-1", "stable:hello-1"]
    assert [stride.server for stride in next_acts(EMPTY, MAINT, COPY)] == ["stable:hello-1", "hello-1"]


def test_what_the_proxy_says_of_itself_is_read():
    facts = process_facts("Name: HAProxy\nVersion: 2.6.12\nPid: 42\ndescription: portal-1\n")
    assert (facts.pid, facts.version, facts.mark) == (42, "2.6.12", "portal-1")
    with pytest.raises(Unavailable, match="proxy_unreachable"):
        process_facts("nonsense")


def test_workers_are_told_apart():
    said = (
        "#<PID> <type> <reloads>\n7 master 2 [failed: 0]\n# workers\n9 worker 0\n"
        "# old workers\n8 worker 1\n6 worker 2\n# programs\n"
    )
    assert master_pid(said) == 7
    assert old_workers(said) == (8, 6)
    assert old_workers("") == ()
    assert master_pid("") is None


def test_server_rows_join_state_and_sessions():
    state = (
        "1\n# be_id be_name srv_id srv_name ...\n"
        f"4 {BACKEND} 1 hello-1 10.9.0.1 2 8 1 1 7 15 3 3 6 0 0 0 - 8080 - 0 0 - - 0\n"
        f"4 {BACKEND} 2 hello-2 fd00::2 0 4 1 1 7 15 3 3 6 0 0 0 - 8080 - 0 0 - - 0\n"
    )
    stat = f"# pxname,svname,scur,check_status,check_code,last_chk,\n{BACKEND},hello-1,3,L7OK,200,,\n"
    rows = server_rows(state, stat)[BACKEND]
    assert rows["hello-1"] == replace(DRAIN, sessions=3, seconds_since_change=7, check="L7OK 200")
    assert (rows["hello-2"].endpoint, rows["hello-2"].is_unfit) == ("[fd00::2]:8080", True)


def test_copies_and_shields_are_no_servers_of_a_route():
    rows = {
        BACKEND: {"hello-1": UP, "stable:x": replace(UP, name="stable:x")},
        "hello:prod:shield": {"candidate": replace(UP, backend="hello:prod:shield", name="candidate")},
    }
    facts = server_facts(rows, frozenset({(BACKEND, "hello-1")}))
    assert [(fact.route, fact.name, fact.state) for fact in facts] == [("hello@prod", "hello-1", ServerState.UP)]


def test_sessions_in_a_former_worker_are_still_draining():
    left = replace(UP, name="hello-0", sessions=2)
    facts = leftover_facts([left, replace(UP, sessions=1)], {BACKEND: {"hello-1": UP}})
    assert [(f.name, f.state, f.open_sessions) for f in facts] == [("hello-0", ServerState.DRAINING, 2)]
