"""What may be copied where, and what hides a value on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.data_store import (
    DataStore,
    Mask,
    MaskKind,
    StoreKind,
    approvals_needed,
    check_copy,
    check_store,
    masks_text,
    parse_masks,
)
from portal.domain.environment import Stage
from portal.domain.errors import Invalid
from portal.domain.masking import Column, digest, masked

SHOP = DataStore("prod", "shop", StoreKind.POSTGRESQL, "tools:1", host="db", port=5432, database="shop", user="app")
FILES = DataStore("prod", "files", StoreKind.VOLUME, "tools:1", volume="files")
KEY = b"k" * 32


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SHOP, host="db; rm"),
        replace(SHOP, port=0),
        replace(SHOP, database='shop"'),
        replace(SHOP, user="app'"),
        replace(SHOP, image="two words"),
        replace(SHOP, masks=(Mask('peo"ple', "email", MaskKind.HASH),)),
        replace(SHOP, masks=(Mask("people", "email", MaskKind.HASH),) * 2),
        replace(FILES, volume="../etc"),
        replace(FILES, user="root"),
        replace(FILES, masks=(Mask("people", "email", MaskKind.HASH),)),
    ],
)
def test_what_cannot_be_named_safely_is_refused(wrong: DataStore):
    with pytest.raises(Invalid):
        check_store(wrong)


def test_masks_are_read_as_they_are_written():
    masks = (Mask("public.people", "email", MaskKind.EMAIL), Mask("orders", "person", MaskKind.HASH))
    assert parse_masks(masks_text(masks) + "\n\n") == masks
    with pytest.raises(Invalid, match="mask_line_bad"):
        parse_masks("people.email scramble")
    with pytest.raises(Invalid, match="mask_line_bad"):
        parse_masks("email hash")


def test_nothing_is_copied_onto_itself_or_into_another_kind():
    with pytest.raises(Invalid, match="copy_onto_itself"):
        check_copy(SHOP, replace(SHOP, environment="dev", host="DB"))
    with pytest.raises(Invalid, match="copy_kinds_differ"):
        check_copy(SHOP, FILES)
    check_copy(SHOP, replace(SHOP, environment="dev", database="shop_dev"))


def test_two_agree_before_prod_or_dr_is_overwritten():
    assert {stage: approvals_needed(stage) for stage in Stage if approvals_needed(stage)} == {
        Stage.PROD: 2,
        Stage.DR: 2,
    }


@given(st.text(), st.text())
def test_the_digest_is_the_same_for_the_same_value_alone(one: str, other: str):
    value = "".join(c for c in one if not "\ud800" <= c <= "\udfff")
    another = "".join(c for c in other if not "\ud800" <= c <= "\udfff")
    assert (digest(KEY, value) == digest(KEY, another)) == (value == another)
    assert digest(KEY, value) != digest(b"another key", value)


@pytest.mark.parametrize("store", [StoreKind.POSTGRESQL, StoreKind.MARIADB])
def test_what_would_collide_or_not_fit_is_refused(store: StoreKind):
    for column, kind in (
        (Column("id", "integer"), MaskKind.HASH),
        (Column("code", "varchar", 10), MaskKind.HASH),
        (Column("born", "date"), MaskKind.EMAIL),
        (Column("nick", "varchar", 8), MaskKind.NAME),
        (Column("email", "text", is_nullable=False), MaskKind.NULL),
    ):
        with pytest.raises(Invalid):
            masked(store, column, kind=kind, key=KEY)


@pytest.mark.parametrize("store", [StoreKind.POSTGRESQL, StoreKind.MARIADB])
def test_the_key_itself_is_in_no_expression(store: StoreKind):
    for kind in (MaskKind.HASH, MaskKind.EMAIL, MaskKind.NAME):
        told = masked(store, Column("email", "text"), kind=kind, key=KEY)
        assert KEY.hex() not in told
