"""Codes of RFC 6238 with the vectors of its appendix B, and where the edges of a code's life are."""

from __future__ import annotations

import pytest

from portal.domain.second_factor import (
    address_of,
    cleaned,
    code_at,
    is_code,
    made_recovery_codes,
    made_secret,
    step_of,
    written_secret,
)

SEED = b"12345678901234567890"
SEEDS = {
    "sha1": SEED,
    "sha256": b"12345678901234567890123456789012",
    "sha512": b"1234567890123456789012345678901234567890123456789012345678901234",
}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("at", "sha1", "sha256", "sha512"), VECTORS)
def test_the_vectors_of_the_rfc(at: int, sha1: str, sha256: str, sha512: str):
    for algorithm, expected in (("sha1", sha1), ("sha256", sha256), ("sha512", sha512)):
        assert code_at(SEEDS[algorithm], at // 30, digits=8, algorithm=algorithm) == expected


@pytest.mark.parametrize("late_seconds", [-30, 0, 29, 30])
def test_a_clock_may_be_half_a_minute_off(late_seconds: int):
    assert step_of(SEED, code_at(SEED, 100), at=3000 + late_seconds, after=0) == 100


@pytest.mark.parametrize("late_seconds", [-31, 60, 3600])
def test_but_not_more(late_seconds: int):
    assert step_of(SEED, code_at(SEED, 100), at=3000 + late_seconds, after=0) is None


def test_a_step_that_was_used_is_over():
    assert step_of(SEED, code_at(SEED, 100), at=3000, after=100) is None


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345x", "１２３４５６", "12 3456"])
def test_what_is_no_code_is_no_code(text: str):
    assert not is_code(text)
    assert step_of(SEED, text, at=3000, after=0) is None


def test_what_a_person_types_may_have_spaces():
    assert cleaned(" 123 456\n") == "123456"
    assert cleaned("ABCD-efgh") == "abcdefgh"


def test_an_authenticator_is_told_all_it_needs():
    address = address_of(b"12345678901234567890", account="bob", issuer="Codex Father Portal")
    assert address == (
        "otpauth://totp/Codex%20Father%20Portal:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Codex%20Father%20Portal"
    )
    assert written_secret(SEED) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


def test_secrets_and_codes_are_long_and_differ():
    assert len(made_secret()) == 20
    assert made_secret() != made_secret()
    codes = made_recovery_codes() + made_recovery_codes()
    assert len(set(codes)) == 20
    assert {len(cleaned(code)) for code in codes} == {16}
