"""A Merkle tree that only grows (RFC 6962 section 2.1): its head in logarithmic memory, and proofs of what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The complete subtrees of a tree of `size` leaves, largest first: enough to grow it and to know its root."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> Frontier:
        """The tree with these leaf hashes appended."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            node, complete = leaf, size
            while complete & 1:  # as in adding one in binary: each carry joins two trees of the same height
                node = node_hash(peaks.pop(), node)
                complete >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Shows that leaf number `index` (from 0) is in the tree of `size` leaves with the `root`. Hashes are in hex."""

    index: int
    size: int
    leaf: str
    path: tuple[str, ...]
    root: str


def inclusion_proof(leaves: Sequence[bytes], index: int) -> InclusionProof:
    """The audit path of RFC 6962 section 2.1.1, from the leaf up."""
    path: list[str] = []
    level, place = list(leaves), index
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            path.append(level[sibling].hex())
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level, place = pairs + level[len(level) & ~1 :], place // 2
    return InclusionProof(index, len(leaves), leaves[index].hex(), tuple(path), level[0].hex())


def is_included(proof: InclusionProof) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= proof.index < proof.size:
        return False
    place, last, node = proof.index, proof.size - 1, bytes.fromhex(proof.leaf)
    for text in proof.path:
        if last == 0:
            return False
        sibling = bytes.fromhex(text)
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:  # levels on which the node had no sibling
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node.hex() == proof.root


class Blocks:
    """Proofs from a long tree: the roots of its complete blocks are kept, so that a proof reads the leaves of one block
    and of what is younger than the last. `leaves(first, last)` gives those from number `first` to before `last`.
    """

    SIZE = 1024

    def __init__(self, leaves: Callable[[int, int], Sequence[bytes]]) -> None:
        self._leaves = leaves
        self._roots: dict[int, bytes] = {}

    def proof(self, index: int, size: int) -> InclusionProof:
        """That leaf `index` is in the tree of the first `size` leaves."""
        number, place = divmod(index, self.SIZE)
        first = number * self.SIZE
        within = inclusion_proof(self._leaves(first, min(first + self.SIZE, size)), place)
        above = self._above(size)
        over = inclusion_proof([*above[:number], bytes.fromhex(within.root), *above[number + 1 :]], number)
        return InclusionProof(index, size, within.leaf, (*within.path, *over.path), over.root)

    def _above(self, size: int) -> list[bytes]:
        """The roots of all blocks of the tree; the last may be incomplete."""
        complete = size // self.SIZE
        for number in range(complete):
            if number not in self._roots:
                self._roots[number] = self._root(number * self.SIZE, (number + 1) * self.SIZE)
        rest = [self._root(complete * self.SIZE, size)] if size % self.SIZE else []
        return [*(self._roots[number] for number in range(complete)), *rest]

    def _root(self, first: int, last: int) -> bytes:
        return Frontier().grown(self._leaves(first, last)).root
