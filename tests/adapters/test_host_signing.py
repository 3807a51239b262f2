"""Signing by a process that ends again gives what signing here gives."""

from __future__ import annotations

import sys

import pytest

from portal.adapters.host.signing import sign_apart
from portal.domain.errors import Unavailable
from portal.kit import ed25519

SEED = bytes(range(32))


def test_a_signature_made_apart_is_the_one_made_here_and_holds():
    made = sign_apart(SEED, "7 entries\nroot ab")
    assert made == ed25519.sign(SEED, "7 entries\nroot ab")
    assert ed25519.is_signed(made.public_key, "7 entries\nroot ab", signature=made.signature)
    assert not ed25519.is_signed(made.public_key, "8 entries\nroot ab", signature=made.signature)


def test_without_an_answer_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="signing_failed"):
        sign_apart(SEED, "text")
