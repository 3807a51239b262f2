"""The judgements of the doctor, on answers that machines give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.domain import doctor_machine, doctor_secrets
from portal.domain.doctor import Diagnosis, Finding, Grade, Group, Result
from portal.domain.doctor_machine import ClockReading, PortReading
from portal.domain.doctor_tools import TOOLS, Answer, Tool, judged, version_in

pytestmark = pytest.mark.req("REQ-P3-001")
GIT = Tool("git", (("git", "--version"),), "git", (2, 35))
YARN = Tool("yarn", (("yarn", "--version"),), "yarnpkg", (1, 22), is_needed=False)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("git version 2.39.5", "2.39.5"),
        ("jq-1.6", "1.6"),
        ("v18.20.4", "18.20.4"),
        ("v20", "20"),
        ("bc 1.07.1\nCopyright 1991-2017", "1.07.1"),
        ("ShellCheck - shell script analysis tool\nversion: 0.9.0", "0.9.0"),
        ("Docker version 20.10.24+dfsg1, build 297e128", "20.10.24"),
        ("gh version 2.23.0 (2023-02-27 Debian 2.23.0+dfsg1-1)", "2.23.0"),
        ("HAProxy version 2.6.12-1+deb12u3 2025/10/03", "2.6.12"),
        ("hello", ""),
        ("", ""),
    ],
)
def test_a_version_is_found_in_what_programs_say(text: str, version: str):
    assert version_in(text) == version


@pytest.mark.parametrize(
    ("answer", "grade", "code"),
    [
        (Answer("/usr/bin/git", "git version 2.35.0"), Grade.PASS, "tool_fine"),
        (Answer("/usr/bin/git", "git version 2.100.0"), Grade.PASS, "tool_fine"),
        (Answer("/usr/bin/git", "git version 2.34.9"), Grade.FAIL, "tool_old"),
        (Answer("/usr/bin/git", "git"), Grade.WARN, "tool_unclear"),
        (Answer("/usr/bin/git", "", 127), Grade.FAIL, "tool_broken"),
        (Answer("/usr/bin/git", is_late=True), Grade.FAIL, "tool_late"),
        (Answer(), Grade.FAIL, "tool_missing"),
    ],
)
def test_a_tool_is_judged_by_its_answer(answer: Answer, grade: Grade, code: str):
    finding = judged(GIT, answer)
    assert (finding.grade, finding.code) == (grade, code)
    assert bool(finding.remedy) == (grade is not Grade.PASS)


def test_a_tool_that_is_only_good_to_have_never_fails():
    assert judged(YARN, Answer()).grade is Grade.WARN
    assert judged(YARN, Answer("/usr/bin/yarn", "1.0.0")).grade is Grade.WARN


def test_all_tools_that_were_asked_for_are_looked_for():
    least = {tool.name: tool.least for tool in TOOLS if tool.is_needed}
    assert least.keys() >= {"git", "node", "npm", "gh", "bats", "jq", "bc", "curl", "shellcheck"}
    assert (least["git"], least["node"]) == ((2, 35), (18,))


@pytest.mark.parametrize(
    ("environment", "grade", "code"),
    [
        ({}, Grade.PASS, "proxies_none"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost"}, Grade.PASS, "proxies_fine"),
        ({"https_proxy": "proxy:3128", "no_proxy": "127.0.0.1, .corp"}, Grade.PASS, "proxies_fine"),
        ({"HTTP_PROXY": "http://proxy:3128"}, Grade.WARN, "proxy_local"),
        ({"HTTP_PROXY": "http://a:1", "http_proxy": "http://b:1", "NO_PROXY": "*"}, Grade.WARN, "proxy_twice"),
        ({"HTTPS_PROXY": "http://proxy:99999"}, Grade.FAIL, "proxy_bad"),
        ({"HTTPS_PROXY": "ftp://proxy:1"}, Grade.FAIL, "proxy_bad"),
        ({"HTTPS_PROXY": '"http://proxy:1"'}, Grade.FAIL, "proxy_bad"),
    ],
)
def test_proxies_are_judged_by_what_programs_would_make_of_them(environment: dict[str, str], grade: Grade, code: str):
    finding = doctor_machine.proxies(environment)
    assert (finding.grade, finding.code) == (grade, code)


def test_the_place_of_a_proxy_is_told_without_its_password():
    assert doctor_machine.proxy_place("http://bob:secret@proxy:3128") == ("proxy", 3128)


@pytest.mark.parametrize(
    ("value", "grade", "code"),
    [
        ("", Grade.SKIPPED, "token_none_github"),
        (TOKEN, Grade.PASS, "token_fine"),
        ("github_pat_" + "x" * 40, Grade.PASS, "token_fine"),
        (TOKEN + "\n", Grade.FAIL, "token_blank"),
        ("cfp_" + "a" * 40, Grade.FAIL, "token_bad"),
        ("changeme", Grade.FAIL, "token_bad"),
    ],
)
def test_a_token_is_judged_by_its_form_and_never_repeated(value: str, grade: Grade, code: str):
    finding = doctor_secrets.token(doctor_secrets.TOKENS["github_token"], value)
    assert (finding.grade, finding.code) == (grade, code)
    assert not value or value.strip() not in str(finding)


@pytest.mark.parametrize(
    ("reading", "grade"),
    [
        (ClockReading(NOW, is_synchronised=True, error_seconds=0.05), Grade.PASS),
        (ClockReading(NOW, is_synchronised=True, error_seconds=3.0), Grade.WARN),
        (ClockReading(NOW, is_synchronised=False, error_seconds=16.0), Grade.WARN),
        (ClockReading(NOW), Grade.SKIPPED),
        (ClockReading(NOW - timedelta(days=900), is_synchronised=True), Grade.FAIL),
    ],
)
def test_a_clock_is_judged_by_the_kernel_and_by_what_cannot_be(reading: ClockReading, grade: Grade):
    assert doctor_machine.clock(reading, built_at=NOW - timedelta(days=1)).grade is grade


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (PortReading("127.0.0.1", 3000), "port_free"),
        (PortReading("127.0.0.1", 3000, is_taken=True, is_portal=True), "port_portal"),
        (PortReading("127.0.0.1", 3000, is_taken=True), "port_taken"),
        (PortReading("127.0.0.1", 80, reason="Permission denied"), "port_refused"),
    ],
)
def test_a_port_is_judged_by_who_has_it(reading: PortReading, code: str):
    assert doctor_machine.port(reading, setting="PORTAL_PORT").code == code


def test_space_and_memory_are_judged_by_what_the_requirements_ask_for():
    space = [doctor_machine.space("/data", size).grade for size in (10**11, 10**9, 10**8)]
    assert space == [Grade.PASS, Grade.WARN, Grade.FAIL]
    memory = [doctor_machine.memory(size).grade for size in (2 * 10**9, 10**8, 0)]
    assert memory == [Grade.PASS, Grade.WARN, Grade.SKIPPED]


def test_a_diagnosis_is_as_bad_as_its_worst_finding():
    def diagnosis(*grades: Grade) -> Diagnosis:
        return Diagnosis(tuple(Result("one", Group.TOOLS, Finding(grade, "x")) for grade in grades))

    assert diagnosis().grade is Grade.PASS
    assert diagnosis(Grade.SKIPPED).grade is Grade.PASS
    assert diagnosis(Grade.WARN, Grade.PASS).grade is Grade.WARN
    assert diagnosis(Grade.WARN, Grade.FAIL, Grade.PASS).grade is Grade.FAIL
