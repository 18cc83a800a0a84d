"""Vouchers: used once; what they do not pay is forfeited; what comes back."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARD = number(PLAY)
TEN = {"at": 1, "value": 1000}
COFFEE = {"at": 1, "voucher_kind": "goods", "product": "COFFEE"}


def prize(*prizes, **parameters):
    """A point for 100.00; the customer chooses prizes of a point each."""
    prizes = [*prizes, {"at": 1000, "value": 1}]  # several: none by itself
    parameters = {"step": 10000, "prizes": prizes} | parameters
    return program("PRIZE", "bonus_prize", **parameters)


def voucher(shop: Shop, card: str = CARD) -> str:
    """Choose the first prize; returns its code."""
    before = {one.code for one in shop.do("inquire", card).vouchers}
    answer = shop.do("redeem", card, lines=[Line(sku="1", amount=0)], program="PRIZE")
    assert answer.rc == "00"
    (new,) = (one.code for one in answer.vouchers if one.code not in before)
    return new


def codes(shop: Shop, card: str = CARD) -> list[str]:
    return [one.code for one in shop.do("inquire", card).vouchers]


def coffee(quantity: str = "1", amount: int = 300, sku: str = "COFFEE") -> Line:
    return Line(sku=sku, group="food", quantity=quantity, amount=amount)


@pytest.fixture
def money(shop: Shop) -> Shop:
    """Ten points; each buys a voucher of 10.00."""
    shop.publish(network_with(prize(TEN), program("GIFT2", "gift_card")))
    shop.do("sale", CARD, 100000)
    return shop


@pytest.fixture
def goods(shop: Shop) -> Shop:
    """Ten points; each buys a coffee. 10 % on everything."""
    shop.publish(
        network_with(prize(COFFEE), program("OFF", "fixed_discount", rate=1000))
    )
    shop.do("sale", CARD, 120000)
    return shop


# --- money


@pytest.mark.parametrize(
    ("amount", "due", "paid", "rest"),
    [(1500, 500, 1000, 0), (1000, 0, 1000, 0), (999, 0, 999, 1), (1, 0, 1, 999)],
)
def test_it_pays_up_to_its_value_and_the_rest_is_forfeited(
    money: Shop, amount: int, due: int, paid: int, rest: int
):
    code = voucher(money)
    answer = money.do("sale", CARD, amount, voucher=code)
    assert (answer.rc, answer.amount_due) == ("00", due)
    assert answer.tendered == {"voucher": paid}
    told = f"voucher {code}: 0.{rest:02d}" if rest < 100 else f"voucher {code}: 9.99"
    assert any(line.startswith(told) for line in answer.explain) == (rest > 0)
    assert money.do("sale", CARD, 100, voucher=code).rc == "57"


def test_a_code_that_is_not_the_cards(money: Shop):
    code = voucher(money)
    other = number(PLAY, 2)
    money.do("sale", other, 100)
    assert money.do("sale", other, 100, voucher=code).rc == "57"
    assert money.do("sale", CARD, 100, voucher="NO-SUCH-CODE").rc == "57"
    assert money.do("sale", CARD, 100, voucher=code).rc == "00"


@pytest.mark.parametrize(("days", "rc"), [(30, "00"), (31, "54")])
def test_it_ends_after_its_days(shop: Shop, days: int, rc: str):
    shop.publish(network_with(prize(TEN | {"valid_days": 30})))
    shop.do("sale", CARD, 10000)
    code = voucher(shop)
    shop.later(days=days)
    assert shop.do("sale", CARD, 100, voucher=code).rc == rc


def test_an_ended_voucher_lapses_and_is_unknown_then(shop: Shop):
    shop.publish(network_with(prize(TEN | {"valid_days": 30})))
    shop.do("sale", CARD, 10000)
    code = voucher(shop)
    shop.later(days=31)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1
    assert shop.do("sale", CARD, 100, voucher=code).rc == "57"
    assert codes(shop) == []


@pytest.mark.parametrize(("gift", "rc"), [(500, "00"), (501, "13")])
def test_other_tenders_pay_only_what_the_voucher_leaves(
    money: Shop, gift: int, rc: str
):
    money.do("top_up", CARD, 5000)
    code = voucher(money)
    answer = money.do("sale", CARD, 1500, voucher=code, gift=gift)
    assert answer.rc == rc
    if rc == "00":
        assert answer.tendered == {"voucher": 1000, "gift": 500}


def test_a_shortage_of_another_tender_leaves_the_voucher(money: Shop):
    money.do("top_up", CARD, 300)
    code = voucher(money)
    assert money.do("sale", CARD, 1500, voucher=code, gift=500).rc == "51"
    assert codes(money) == [code]
    answer = money.do("sale", CARD, 1500, voucher=code, gift=500, partial=True)
    assert (answer.rc, answer.amount_due) == ("10", 200)


def test_what_a_voucher_paid_earns_nothing(money: Shop):
    code = voucher(money)
    before = money.balance(CARD, "PRIZE", "points")
    answer = money.do("sale", CARD, 10999, voucher=code)
    assert answer.earned == ()
    assert money.balance(CARD, "PRIZE", "points") == before


@pytest.mark.parametrize(("accept_at", "rc"), [("own", "57"), ("coalition", "00")])
def test_another_issuer_takes_it_only_in_the_coalition(
    shop: Shop, accept_at: str, rc: str
):
    shop.publish(network_with(prize(TEN, accept_at=accept_at)))
    shop.do("sale", CARD, 10000)
    code = voucher(shop)
    assert shop.do("sale", CARD, 1000, voucher=code, terminal="00000031").rc == rc


# --- holds


def test_a_held_voucher_is_not_used_elsewhere(money: Shop):
    code = voucher(money)
    hold = money.request("authorize", CARD, 1500, voucher=code)
    assert money.send(hold).tendered == {"voucher": 1000}
    assert money.do("sale", CARD, 1500, voucher=code).rc == "57"
    assert codes(money) == []
    assert money.do("reverse", original=hold).rc == "00"
    assert codes(money) == [code]


def test_a_hold_that_expires_gives_the_voucher_back(money: Shop):
    code = voucher(money)
    money.do("authorize", CARD, 1500, voucher=code)
    money.later(seconds=301)
    assert money.expire() == 1
    assert codes(money) == [code]


@pytest.mark.parametrize("amount", [1500, 1200, 1000, 400])
def test_confirming_less_forfeits_what_the_voucher_does_not_pay(
    money: Shop, amount: int
):
    code = voucher(money)
    hold = money.request("authorize", CARD, 1500, voucher=code)
    money.send(hold)
    answer = money.do("confirm", amount=amount, original=hold)
    assert answer.tendered == {"voucher": min(amount, 1000)}
    assert answer.amount_due == max(amount - 1000, 0)
    assert codes(money) == []


def test_a_voucher_that_ends_under_a_hold_is_captured(shop: Shop):
    shop.publish(network_with(prize(TEN | {"valid_days": 1})))
    shop.do("sale", CARD, 10000)
    code = voucher(shop)
    shop.now = shop.now.replace(day=22, hour=21, minute=58)
    hold = shop.request("authorize", CARD, 1500, voucher=code)
    assert shop.send(hold).rc == "00"
    shop.later(minutes=4)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 0
    assert shop.do("confirm", original=hold).tendered == {"voucher": 1000}


# --- what comes back


def used(shop: Shop, amount: int, **more):
    code = voucher(shop)
    sale = shop.request("sale", CARD, amount, voucher=code, **more)
    assert shop.send(sale).rc == "00"
    return code, sale


def test_with_a_part_of_the_goods_its_part_comes_back_under_the_same_code(money: Shop):
    code, sale = used(money, 2000)
    back = money.do("refund", amount=500, original=sale)
    assert (back.amount_due, back.tendered) == (250, {"voucher": 250})
    (found,) = money.do("inquire", CARD).vouchers
    assert (found.code, found.value) == (code, 250)
    # A part that was given back may be used, and the rest of the goods return still.
    assert money.do("sale", CARD, 300, voucher=code).tendered == {"voucher": 250}
    assert money.do("refund", amount=1500, original=sale).tendered == {"voucher": 750}


def test_the_whole_purchase_brings_the_forfeited_rest_back_too(money: Shop):
    code, sale = used(money, 400)
    assert money.do("refund", amount=100, original=sale).tendered == {"voucher": 100}
    (found,) = money.do("inquire", CARD).vouchers
    assert found.value == 100
    money.do("refund", amount=300, original=sale)
    (found,) = money.do("inquire", CARD).vouchers
    assert (found.code, found.value) == (code, 1000)


def test_a_reversal_restores_it_whole(money: Shop):
    code, sale = used(money, 400)
    assert money.do("reverse", original=sale).rc == "00"
    (found,) = money.do("inquire", CARD).vouchers
    assert (found.code, found.value) == (code, 1000)


def test_the_answer_of_a_refund_lists_what_came_back(money: Shop):
    code, sale = used(money, 1000)
    back = money.do("refund", amount=1000, original=sale)
    assert [one.code for one in back.vouchers] == [code]


def test_a_refund_in_pieces_after_the_voucher_ended_keeps_its_date(shop: Shop):
    shop.publish(network_with(prize(TEN | {"valid_days": 30})))
    shop.do("sale", CARD, 10000)
    code, sale = used(shop, 1000)
    shop.later(days=31)
    assert shop.do("refund", amount=1000, original=sale).tendered == {"voucher": 1000}
    assert codes(shop) == []
    assert shop.do("sale", CARD, 500, voucher=code).rc == "54"


def test_a_refund_that_is_reversed_uses_it_again(money: Shop):
    code, sale = used(money, 2000)
    refund = money.request("refund", amount=2000, original=sale)
    money.send(refund)
    assert codes(money) == [code]
    assert money.do("reverse", original=refund).rc == "00"
    assert codes(money) == []


# --- goods


def test_a_unit_of_the_product_is_free(goods: Shop):
    code = voucher(goods)
    answer = goods.do("sale", CARD, lines=[coffee()], voucher=code)
    assert (answer.amount, answer.discount, answer.amount_due) == (300, 300, 0)
    assert answer.tendered == {}
    assert codes(goods) == []


def test_of_two_one_is_free_and_the_other_discounted(goods: Shop):
    code = voucher(goods)
    answer = goods.do("sale", CARD, lines=[coffee("2", 600)], voucher=code)
    assert (answer.discount, answer.amount_due) == (300 + 30, 270)


@pytest.mark.parametrize(
    ("quantity", "amount", "free"),
    [("3", 1000, 333), ("1.5", 300, 200), ("0.5", 300, 300), ("2.000", 601, 301)],
)
def test_the_price_of_a_unit(goods: Shop, quantity: str, amount: int, free: int):
    code = voucher(goods)
    answer = goods.do("sale", CARD, lines=[coffee(quantity, amount)], voucher=code)
    rest = amount - free
    assert answer.discount == free + (rest + 5) // 10


def test_the_first_line_with_the_product(goods: Shop):
    code = voucher(goods)
    lines = [coffee(sku="TEA", amount=500), coffee(amount=200), coffee(amount=400)]
    answer = goods.do("sale", CARD, lines=lines, voucher=code)
    assert answer.discount == 50 + 200 + 40


def test_without_the_product_it_is_refused_and_kept(goods: Shop):
    code = voucher(goods)
    assert goods.do("sale", CARD, lines=[coffee(sku="TEA")], voucher=code).rc == "57"
    assert goods.do("sale", CARD, 300, voucher=code).rc == "57"
    assert codes(goods) == [code]


def test_other_issuers_give_no_goods_for_it(shop: Shop):
    shop.publish(network_with(prize(COFFEE, accept_at="coalition")))
    shop.do("sale", CARD, 10000)
    code = voucher(shop)
    abroad = shop.do("sale", CARD, lines=[coffee()], voucher=code, terminal="00000031")
    assert (abroad.rc, codes(shop)) == ("57", [code])


def test_goods_come_back_as_money_off_and_the_voucher_with_the_last_of_them(
    goods: Shop,
):
    code = voucher(goods)
    sale = goods.request("sale", CARD, lines=[coffee("2", 600)], voucher=code)
    goods.send(sale)
    first = goods.do("refund", lines=[coffee("1", 300)], original=sale)
    assert (first.amount_due, codes(goods)) == (135, [])
    last = goods.do("refund", lines=[coffee("1", 300)], original=sale)
    assert (last.amount_due, codes(goods)) == (135, [code])
    assert [one.product for one in last.vouchers] == ["COFFEE"]


def test_a_goods_voucher_is_confirmed_with_its_discount(goods: Shop):
    code = voucher(goods)
    lines = [coffee("2", 600)]
    hold = goods.request("authorize", CARD, lines=lines, voucher=code)
    assert goods.send(hold).discount == 330
    booked = goods.do("confirm", original=hold)
    assert (booked.discount, booked.amount_due, codes(goods)) == (330, 270, [])


@pytest.mark.parametrize(
    ("amount", "off"), [(600, 330), (400, 310), (300, 300), (200, 200)]
)
def test_of_what_is_confirmed_the_unit_is_free_first(
    goods: Shop, amount: int, off: int
):
    code = voucher(goods)
    hold = goods.request("authorize", CARD, lines=[coffee("2", 600)], voucher=code)
    goods.send(hold)
    booked = goods.do("confirm", lines=[coffee(amount=amount)], original=hold)
    assert (booked.rc, booked.discount, codes(goods)) == ("00", off, [])


def test_a_voucher_for_goods_that_are_not_confirmed_stays(goods: Shop):
    code = voucher(goods)
    cake = Line(sku="CAKE", group="books", amount=500)
    hold = goods.request("authorize", CARD, lines=[coffee(), cake], voucher=code)
    assert goods.send(hold).discount == 350
    booked = goods.do("confirm", lines=[cake], original=hold)
    assert (booked.discount, codes(goods)) == (50, [code])


def test_a_purchase_that_is_free_altogether_is_returned(goods: Shop):
    code = voucher(goods)
    sale = goods.request("sale", CARD, lines=[coffee()], voucher=code)
    goods.send(sale)
    back = goods.do("refund", lines=[coffee()], original=sale)
    assert (back.rc, back.amount_due, codes(goods)) == ("00", 0, [code])


# --- several


def test_each_purchase_takes_one_and_the_others_stay(money: Shop):
    first, second = voucher(money), voucher(money)
    assert money.do("sale", CARD, 1000, voucher=second).rc == "00"
    assert codes(money) == [first]


def test_codes_are_no_guess_and_a_repeat_gets_the_same(money: Shop):
    request = money.request(
        "redeem", CARD, lines=[Line(sku="1", amount=0)], program="PRIZE"
    )
    first, again = money.run(request, request)
    assert first.vouchers == again.vouchers
    assert len(codes(money)) == 1


def test_a_blocked_card_uses_no_voucher_and_its_new_card_does(money: Shop):
    code = voucher(money)
    money.do("block", CARD, reason="lost")
    assert money.do("sale", CARD, 1000, voucher=code).rc == "41"
    new = number(PLAY_GOLD)
    assert money.do("replace", CARD, other=new).rc == "00"
    assert money.do("sale", new, 1000, voucher=code).rc == "00"


def test_the_access_code_guards_vouchers(shop: Shop):
    shop.publish(network_with(prize(TEN), access_code="optional"))
    shop.do("activate", CARD, access_code="4711")
    shop.do("sale", CARD, 10000)
    lines = [Line(sku="1", amount=0)]
    assert shop.do("redeem", CARD, lines=lines, program="PRIZE").rc == "55"
    (found,) = shop.do(
        "redeem", CARD, lines=lines, program="PRIZE", access_code="4711"
    ).vouchers
    assert shop.do("sale", CARD, 1000, voucher=found.code).rc == "55"
    paid = shop.do("sale", CARD, 1000, voucher=found.code, access_code="4711")
    assert paid.rc == "00"
