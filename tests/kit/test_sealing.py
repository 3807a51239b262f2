"""What is sealed opens only with its key, about the same thing, unchanged; a new master key spares the content."""

from __future__ import annotations

import pytest

from portal.kit.sealing import Sealer, Unsealable

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_and_shows_nothing():
    sealed = Sealer(OLD).seal(b"hunter2", about="password of shop in prod")
    assert Sealer(OLD).open(sealed, about="password of shop in prod") == b"hunter2"
    assert "hunter2" not in sealed
    assert sealed != Sealer(OLD).seal(b"hunter2", about="password of shop in prod")


def test_it_cannot_be_moved_to_another_place():
    sealed = Sealer(OLD).seal(b"hunter2", about="password of shop in dev")
    with pytest.raises(Unsealable):
        Sealer(OLD).open(sealed, about="password of shop in prod")


@pytest.mark.parametrize("place", range(4))
def test_a_changed_part_is_noticed(place: int):
    sealer = Sealer(OLD)
    parts = sealer.seal(b"hunter2", about="x").split(".")
    parts[place] = ("A" if parts[place][0] != "A" else "B") + parts[place][1:]
    with pytest.raises(Unsealable):
        sealer.open(".".join(parts), about="x")


@pytest.mark.parametrize("text", ["", "s1", "s1.a.b.c", "s1....", "hunter2", "s1.00000000.%%%.%%%"])
def test_what_was_never_sealed_does_not_open(text: str):
    with pytest.raises(Unsealable):
        Sealer(OLD).open(text, about="x")


def test_a_new_master_key_wraps_anew_and_leaves_the_content():
    sealed = Sealer(OLD).seal(b"hunter2", about="x")
    both = Sealer(NEW, OLD)
    renewed = both.rewrapped(sealed, about="x")
    assert both.open(sealed, about="x") == both.open(renewed, about="x") == b"hunter2"
    assert (both.is_current(sealed), both.is_current(renewed)) == (False, True)
    assert renewed.rpartition(".")[2] == sealed.rpartition(".")[2]
    assert Sealer(NEW).open(renewed, about="x") == b"hunter2"
    with pytest.raises(Unsealable):
        Sealer(OLD).open(renewed, about="x")
