"""The access code of a card that is replaced guards its successor too."""

import pytest

from tests.core.shop import GIFT, Shop, number

OLD, NEW = number(GIFT, 1), number(GIFT, 2)


@pytest.fixture
def guarded(shop: Shop) -> Shop:
    """A gift card of 20.00 with the code 4711."""
    assert shop.do("activate", OLD, 2000, access_code="4711").rc == "00"
    return shop


@pytest.mark.parametrize(
    ("code", "rc"), [(None, "55"), ("0815", "55"), ("4711", "00")], ids=str
)
def test_a_card_in_use_is_replaced_with_its_code_only(
    guarded: Shop, code: str | None, rc: str
):
    assert guarded.do("replace", OLD, other=NEW, access_code=code).rc == rc
    assert guarded.broken() == []


def test_three_wrong_codes_lock_it_for_a_replacement_as_well(guarded: Shop):
    for _try in range(3):
        guarded.do("replace", OLD, other=NEW, access_code="0000")
    assert guarded.do("replace", OLD, other=NEW, access_code="4711").rc == "75"


def test_a_lost_card_is_replaced_without(guarded: Shop):
    assert guarded.do("block", OLD, reason="lost").rc == "00"
    assert guarded.do("replace", OLD, other=NEW).rc == "00"


def test_the_new_card_asks_for_the_old_code(guarded: Shop):
    guarded.do("replace", OLD, other=NEW, access_code="4711")
    assert guarded.do("sale", NEW, 500).rc == "55"
    assert guarded.do("sale", NEW, 500, access_code="4711").rc == "00"
    assert guarded.available(NEW, "GIFT") == 1500


@pytest.mark.parametrize(("code", "rc"), [(None, "57"), ("0815", "55")], ids=str)
def test_a_wrong_code_is_wrong_where_none_was_needed(
    guarded: Shop, code: str | None, rc: str
):
    """A gift card has nothing to check in with, but a guess is a guess."""
    assert guarded.do("check_in", OLD, access_code=code).rc == rc
