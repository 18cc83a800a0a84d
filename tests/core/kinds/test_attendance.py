"""Attendance: visits of regular customers are counted."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def publish(shop: Shop, **parameters) -> None:
    shop.publish(network_with(program("GYM", "attendance", **parameters)))


def visits(shop: Shop) -> int:
    return shop.balance(CARD, "GYM", "visited")


def test_visits_are_counted_and_told(shop: Shop):
    publish(shop)
    assert "Gym: visit 1" in shop.do("check_in", CARD).explain
    assert "Gym: visit 2" in shop.do("check_in", CARD).explain
    assert visits(shop) == 2


def test_the_first_visit_registers_the_card(shop: Shop):
    publish(shop)
    assert shop.do("check_in", CARD).card_state == "active"


@pytest.mark.parametrize(("minutes", "rc", "count"), [(89, "65", 1), (90, "00", 2)])
def test_a_second_check_in_within_the_gap_is_refused(
    shop: Shop, minutes: int, rc: str, count: int
):
    publish(shop, min_gap_minutes=90)
    shop.do("check_in", CARD)
    shop.later(minutes=minutes)
    assert shop.do("check_in", CARD).rc == rc
    assert visits(shop) == count


def test_a_refused_visit_starts_no_gap(shop: Shop):
    publish(shop, min_gap_minutes=90)
    shop.do("check_in", CARD)
    shop.later(minutes=89)
    assert shop.do("check_in", CARD).rc == "65"
    shop.later(minutes=1)
    assert shop.do("check_in", CARD).rc == "00"


def test_a_purchase_is_no_visit(shop: Shop):
    publish(shop, min_gap_minutes=90)
    shop.do("sale", CARD, 1000)
    assert visits(shop) == 0
    assert shop.do("check_in", CARD).rc == "00"


def test_a_reversed_visit_was_none(shop: Shop):
    publish(shop, min_gap_minutes=90)
    visit = shop.request("check_in", CARD)
    shop.send(visit)
    assert shop.do("reverse", original=visit).rc == "00"
    assert visits(shop) == 0
    assert shop.do("check_in", CARD).rc == "00"


def test_visits_are_counted_by_the_branchs_own_issuer_only(shop: Shop):
    publish(shop)
    assert shop.do("check_in", CARD, terminal="00000021").rc == "00"
    assert shop.do("check_in", CARD, terminal="00000031").rc != "00"
    assert visits(shop) == 1


def test_a_card_without_a_program_for_visits_cannot_check_in(shop: Shop):
    shop.club(1000)
    assert shop.do("check_in", number("999000100000")).rc == "57"
