"""The audit trail over REST: one entry with its proof, and the export as a table that spreadsheets can open."""

from __future__ import annotations

import csv
import io

import pytest

from portal.api.v1.audit_table import harmless
from portal.domain.access import SYSTEM
from portal.domain.merkle import InclusionProof, is_included
from portal.domain.service import Service
from tests.api.conftest import Asking
from tests.stage import ALICE, PortalStage


def exported(asking: Asking, **query: str) -> list[list[str]]:
    answer = asking("erin").get("/audit/export", params={"form": "csv", **query})
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_an_entry_comes_with_what_speaks_for_it(asking: Asking, stage: PortalStage):
    stage.core.audit.anchor()
    proof = asking("alice").get("/audit/1/proof").json()
    assert (proof["is_good"], proof["is_signed"], proof["anchor"]["size"]) == (True, True, proof["inclusion"]["size"])
    assert is_included(InclusionProof(**{**proof["inclusion"], "path": tuple(proof["inclusion"]["path"])}))
    assert asking("alice").get("/audit/1").json()["sequence"] == 1
    assert asking("alice").get("/audit/999999").status_code == 404


@pytest.mark.parametrize(("lang", "heading"), [("en", "Reason"), ("zh", "理由")])
def test_a_table_is_in_the_language_that_was_asked_for(asking: Asking, lang: str, heading: str):
    lines = exported(asking, lang=lang, action="release.created")
    assert heading in lines[0]
    assert {line[4] for line in lines[1:]} == {"release.created"}
    assert ("registered" in lines[1][3]) is (lang == "en")


def test_a_reason_is_no_formula_in_a_spreadsheet(asking: Asking, stage: PortalStage):
    evil = '=HYPERLINK("http://mallory.example","click")'
    stage.core.catalogue.save_service(ALICE, Service("shop", "shop"), reason=evil)
    lines = exported(asking, action="service.saved", target="shop")
    assert lines[1][8] == f"'{evil}"
    assert [harmless(begin)[0] for begin in "=+-@\t"] == ["'"] * 5
    assert harmless("fix = good") == "fix = good"


def test_an_export_by_filters_has_no_anchors_and_an_unknown_filter_is_refused(asking: Asking, stage: PortalStage):
    stage.core.audit.anchor()
    whole, part = (asking("erin").get("/audit/export", params=query).text for query in ({}, {"actor": "bob"}))
    assert '"anchor"' in whole
    assert '"anchor"' not in part
    assert asking("erin").get("/audit/export", params={"acter": "bob"}).status_code == 422
    assert asking("dave").get("/audit/export").status_code == 403


def test_the_list_is_sorted_as_it_is_asked(asking: Asking, stage: PortalStage):
    newest = stage.core.audit.anchor()
    oldest = asking("alice").get("/audit", params={"sort": "at", "limit": 1}).json()["items"][0]
    assert oldest["sequence"] == 1
    assert asking("alice").get("/audit", params={"sort": "hash"}).status_code == 422
    assert newest is None or newest.size >= stage.core.audit.verify(SYSTEM).entries
