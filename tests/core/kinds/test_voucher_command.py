"""The command `voucher`: a voucher is used by itself, or for a purchase; once."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, Shop, network_with, number, program
from tests.core.test_settlement import lines, settle

CARD = number(PLAY)
TEN = {"at": 1, "value": 1000}
COFFEE = {"at": 1, "voucher_kind": "goods", "product": "COFFEE"}


def prize(shop: Shop, what: dict = TEN, access_code: str = "none", **more) -> str:
    """A card with one voucher for its first 100.00; returns the voucher's code."""
    parameters = {"step": 10000, "prizes": [what]} | more
    programs = program("PRIZE", "bonus_prize", **parameters)
    shop.publish(network_with(programs, access_code=access_code))
    shop.do("sale", CARD, 10000)
    (voucher,) = shop.do("inquire", CARD).vouchers
    return voucher.code


def codes(shop: Shop) -> list[str]:
    return [one.code for one in shop.do("inquire", CARD).vouchers]


def test_by_itself_it_buys_for_its_value(shop: Shop):
    code = prize(shop)
    answer = shop.do("voucher", CARD, voucher=code)
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 1000, 0)
    assert (answer.tendered, answer.earned) == ({"voucher": 1000}, ())
    assert codes(shop) == []


def test_it_is_used_once(shop: Shop):
    code = prize(shop)
    first = shop.request("voucher", CARD, voucher=code)
    answer = shop.send(first)
    assert shop.do("voucher", CARD, voucher=code).rc == "57"
    assert shop.send(first) == answer


def test_for_a_purchase_it_pays_what_it_can(shop: Shop):
    code = prize(shop)
    answer = shop.do("voucher", CARD, 12500, voucher=code)
    assert (answer.amount, answer.amount_due) == (12500, 11500)
    assert answer.earned[0].points == 1


def test_what_a_small_purchase_leaves_of_it_is_forfeited(shop: Shop):
    code = prize(shop)
    answer = shop.do("voucher", CARD, 400, voucher=code)
    assert (answer.tendered, answer.amount_due) == ({"voucher": 400}, 0)
    assert codes(shop) == []


@pytest.mark.parametrize("tender", [{}, {"gift": 5}, {"voucher": "X", "gift": 5}])
def test_it_names_one_voucher_and_nothing_else(shop: Shop, tender: dict):
    prize(shop)
    answer = shop.do("voucher", CARD, **tender)
    assert (answer.rc, answer.field) == ("30", "tender")


@pytest.mark.parametrize(("days", "rc"), [(30, "00"), (31, "54")])
def test_it_ends_after_its_days(shop: Shop, days: int, rc: str):
    code = prize(shop, TEN | {"valid_days": 30})
    shop.later(days=days)
    assert shop.do("voucher", CARD, voucher=code).rc == rc


@pytest.mark.parametrize(("code", "rc"), [("0000", "55"), (None, "55"), ("4711", "00")])
def test_a_card_with_a_code_asks_for_it(shop: Shop, code: str | None, rc: str):
    voucher = prize(shop, access_code="optional")
    shop.do("set_code", CARD, new_access_code="4711")
    assert shop.do("voucher", CARD, voucher=voucher, access_code=code).rc == rc


def test_goods_are_handed_out_for_it(shop: Shop):
    code = prize(shop, COFFEE)
    answer = shop.do("voucher", CARD, voucher=code)
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 0, 0)
    assert codes(shop) == []


@pytest.mark.parametrize(("sku", "rc"), [("TEA", "57"), ("COFFEE", "00")])
def test_for_a_purchase_its_goods_are_bought(shop: Shop, sku: str, rc: str):
    code = prize(shop, COFFEE)
    goods = [Line(sku=sku, amount=250), Line(sku="CAKE", amount=300)]
    answer = shop.do("voucher", CARD, lines=goods, voucher=code)
    assert answer.rc == rc
    assert answer.amount_due == (300 if rc == "00" else 0)


@pytest.mark.parametrize("what", [TEN, COFFEE])
@pytest.mark.parametrize("amount", [None, 2000])
def test_reversed_it_can_be_used_again(shop: Shop, what: dict, amount: int | None):
    code = prize(shop, what)
    goods = [Line(sku="COFFEE", amount=amount)] if amount else None
    use = shop.request("voucher", CARD, lines=goods, voucher=code)
    assert shop.send(use).rc == "00"
    assert shop.do("reverse", original=use).rc == "00"
    assert codes(shop) == [code]
    assert shop.do("voucher", CARD, lines=goods, voucher=code).rc == "00"


def test_goods_that_come_back_bring_it_back(shop: Shop):
    code = prize(shop)
    use = shop.request("voucher", CARD, voucher=code)
    shop.send(use)
    back = shop.do("refund", amount=1000, original=use)
    assert (back.tendered, back.amount_due) == ({"voucher": 1000}, 0)
    assert codes(shop) == [code]
    assert shop.do("refund", amount=1, original=use).rc == "13"


def test_the_books_have_it_as_goods_at_a_lower_price(shop: Shop):
    """The seller's own voucher lowers its price: nothing is left to be taxed."""
    code = prize(shop)
    settle(shop)
    shop.do("voucher", CARD, voucher=code)
    booked = lines(settle(shop))
    (sale,) = [row for key, row in booked.items() if key[0] == "sale"]
    assert sale[0] == 0
    assert [key[0] for key in booked] == ["sale", "voucher_spend"]


def test_another_issuer_is_paid_for_it(shop: Shop):
    code = prize(shop, accept_at="coalition")
    settle(shop)
    shop.do("voucher", CARD, voucher=code, terminal="00000031")
    booked = lines(settle(shop))
    (sale,) = [row for key, row in booked.items() if key[0] == "sale"]
    assert (sale[0], sale[2]) == (1000, 1000)


@pytest.mark.parametrize("amount", [None, 12500])
def test_a_replay_by_the_same_rules_finds_the_same(shop: Shop, amount: int | None):
    code = prize(shop)
    shop.do("voucher", CARD, amount, voucher=code)
    assert shop.replayed().same


def test_nobody_signs_for_it(shop: Shop):
    code = prize(shop)
    answer = shop.do("voucher", CARD, voucher=code)
    assert answer.copies == 1
    assert not any(line.style == "signature" for line in answer.slip)
