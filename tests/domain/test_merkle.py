"""The growing tree has the roots and proofs of RFC 6962, whatever its size."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.audit import merkle_root
from portal.domain.merkle import EMPTY_ROOT, Blocks, Frontier, inclusion_proof, is_included

LEAVES = [hashlib.sha256(bytes([0, number])).digest() for number in range(70)]


def by_the_book(leaves: list[bytes]) -> bytes:
    """The recursion of RFC 6962 section 2.1, as it is written there."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_the_book(leaves[:split]) + by_the_book(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(70))
def test_a_tree_of_any_size_has_the_root_of_the_standard(size: int):
    leaves = LEAVES[:size]
    assert Frontier().grown(leaves).root == merkle_root(leaves) == by_the_book(leaves)


def test_the_known_roots_of_certificate_transparency():
    texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest() for text in texts]
    assert Frontier().root == EMPTY_ROOT
    assert Frontier().grown(leaves[:1]).root.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert Frontier().grown(leaves).root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40), st.data())
def test_growing_in_parts_is_growing_at_once(leaves: list[bytes], data: st.DataObject):
    cut = data.draw(st.integers(0, len(leaves)))
    parts = Frontier().grown(leaves[:cut]).grown(leaves[cut:])
    assert parts == Frontier().grown(leaves)
    assert len(parts.peaks) == len(leaves).bit_count()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 33, 64, 70])
def test_every_leaf_can_be_proven(size: int):
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        assert is_included(proof)
        assert len(proof.path) <= (size - 1).bit_length()


@given(st.integers(1, 70), st.data())
def test_a_proof_of_anything_else_fails(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    proof, other = inclusion_proof(LEAVES[:size], index), hashlib.sha256(b"other").hexdigest()
    assert not is_included(replace(proof, leaf=other))
    assert not is_included(replace(proof, root=other))
    assert not is_included(replace(proof, path=(*proof.path, other)))
    assert not is_included(replace(proof, index=-1))
    assert not is_included(replace(proof, index=size))
    for place in range(len(proof.path)):
        assert not is_included(replace(proof, path=(*proof.path[:place], other, *proof.path[place + 1 :])))
        assert not is_included(replace(proof, path=proof.path[:place] + proof.path[place + 1 :]))


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8, 9, 63, 64, 65, 70])
def test_a_proof_by_blocks_is_that_of_the_whole_tree(monkeypatch: pytest.MonkeyPatch, size: int):
    monkeypatch.setattr(Blocks, "SIZE", 4)
    blocks = Blocks(lambda first, last: LEAVES[first:last])
    for index in range(size):
        assert blocks.proof(index, size) == inclusion_proof(LEAVES[:size], index)


def test_a_second_proof_reads_one_block_and_the_youngest_leaves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Blocks, "SIZE", 4)
    read: list[tuple[int, int]] = []

    def leaves(first: int, last: int) -> list[bytes]:
        read.append((first, last))
        return LEAVES[first:last]

    blocks = Blocks(leaves)
    blocks.proof(5, 65)
    read.clear()
    assert is_included(blocks.proof(9, 67))
    assert read == [(8, 12), (64, 67)]
