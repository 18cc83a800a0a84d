"""Versions of terminals' keys: by hand and over the wire."""

import pytest

from ekarte_core import (
    key_in_force,
    next_key_version,
    note_terminal_key,
    terminal_keys_in_use,
    terminal_keys_since,
)
from tests.core.shop import Shop


@pytest.mark.parametrize(
    ("version", "following"),
    [
        (1, 10_001),
        (2, 20_001),
        (9_999, 99_990_001),
        (10_001, 10_002),
        (19_998, 19_999),
        (19_999, None),
        (99_999_999, None),
    ],
)
def test_what_follows_a_key_over_the_wire(version, following):
    assert next_key_version(version) == following


@pytest.mark.parametrize(
    ("handed", "used", "in_force"),
    [
        (1, 0, 1),
        (1, 10_001, 10_001),
        (2, 10_001, 2),
        (2, 19_999, 2),
        (2, 20_001, 20_001),
        (1, 20_001, 20_001),
    ],
)
def test_a_key_by_hand_comes_after_all_that_followed_the_one_before(
    handed, used, in_force
):
    assert key_in_force(handed, used) == in_force


def test_no_key_over_the_wire_is_one_by_hand():
    versions = set()
    for handed in (1, 2, 3):
        version: int | None = handed
        for _ in range(3):
            assert version is not None
            versions.add(version)
            version = next_key_version(version)
    assert len(versions) == 9


def test_what_was_used_is_noted_once_and_read_from_where_it_was_left(shop: Shop):
    def note(terminal: str, version: int) -> bool:
        return shop.ledger.lend(
            lambda cr: note_terminal_key(cr, terminal, version, shop.now)
        )

    def read(upto: int):
        return shop.ledger.lend(lambda cr: terminal_keys_since(cr, upto))

    assert (read(0).versions, read(0).upto) == ({}, 0)
    assert note("00000011", 10_001)
    assert not note("00000011", 10_001)
    assert note("00000011", 10_002)
    assert note("00000012", 20_001)
    seen = read(0)
    assert seen.versions == {"00000011": 10_002, "00000012": 20_001}
    assert read(seen.upto).upto == seen.upto
    far = seen.upto + 200
    assert read(far).versions == {}
    # A row whose number was taken before others were committed is not missed.
    shop.sql(
        f"INSERT INTO ekarte.terminal_key VALUES ({far - 50}, '00000013', 10001, now())"
    )
    assert read(far).versions == {"00000013": 10_001}
    used = shop.ledger.lend(
        lambda cr: terminal_keys_in_use(cr, ["00000011", "00000099"])
    )
    assert {terminal: key.version for terminal, key in used.items()} == {
        "00000011": 10_002
    }
