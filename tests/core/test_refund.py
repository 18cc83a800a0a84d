"""Refunds: in proportion, to where it came from, never more than the purchase."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekarte_core import Original, Request
from tests.core.shop import (
    BOOK,
    CLUB,
    FUEL,
    GIFT,
    Shop,
    changed,
    network_document,
    number,
)


def _bought(shop: Shop, *args, **kwargs) -> Request:
    sale = shop.request("sale", *args, **kwargs)
    assert shop.send(sale).rc == "00"
    return sale


def test_goods_returned_put_the_money_back_on_the_card(shop: Shop):
    card = shop.gift(2000)
    sale = _bought(shop, card, 1500)
    answer = shop.do("refund", amount=1500, original=sale)
    assert (answer.rc, answer.tendered, answer.amount_due) == ("00", {"gift": 1500}, 0)
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_refund_is_partial_and_repeated_up_to_the_purchase(shop: Shop):
    card = shop.gift(2000)
    sale = _bought(shop, card, 1500)
    assert shop.do("refund", amount=500, original=sale).rc == "00"
    assert shop.do("refund", amount=999, original=sale).rc == "00"
    assert shop.do("refund", amount=2, original=sale).rc == "13"
    assert shop.do("refund", amount=1, original=sale).rc == "00"
    assert shop.do("refund", amount=1, original=sale).rc == "13"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_refund_above_the_purchase_is_refused(shop: Shop):
    card = shop.gift(2000)
    sale = _bought(shop, card, 1500)
    assert shop.do("refund", amount=1501, original=sale).rc == "13"
    assert shop.balance(card, "GIFT") == 500


def test_a_refund_that_was_undone_may_be_made_again(shop: Shop):
    card = shop.gift(2000)
    sale = _bought(shop, card, 1500)
    refund = shop.request("refund", amount=1500, original=sale)
    shop.send(refund)
    shop.do("reverse", original=refund)
    assert shop.do("refund", amount=1500, original=sale).rc == "00"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_declined_purchase_has_nothing_to_refund(shop: Shop):
    sale = shop.request("sale", shop.gift(2000), 2500)
    shop.send(sale)
    assert shop.do("refund", amount=100, original=sale).rc == "25"


def test_a_reversed_purchase_has_nothing_to_refund(shop: Shop):
    sale = _bought(shop, shop.gift(2000), 1500)
    shop.do("reverse", original=sale)
    assert shop.do("refund", amount=100, original=sale).rc == "77"


def test_a_refund_of_an_unknown_purchase_is_refused(shop: Shop):
    never = shop.request("sale", shop.gift(2000), 1500)
    assert shop.do("refund", amount=100, original=never).rc == "25"


@pytest.mark.parametrize("command", ["unblock", "refund"])
def test_only_purchases_are_refunded(shop: Shop, command: str):
    card = shop.gift(2000)
    sale = _bought(shop, card, 1500)
    other = {
        "unblock": shop.request("unblock", card),
        "refund": shop.request("refund", amount=500, original=sale),
    }[command]
    assert shop.send(other).rc == "00"
    assert shop.do("refund", amount=500, original=other).rc == "77"


def test_a_refund_may_name_the_authorization_or_its_confirmation(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    confirm = shop.request("confirm", amount=1200, original=hold)
    shop.send(confirm)
    assert shop.do("refund", amount=700, original=hold).rc == "00"
    assert shop.do("refund", amount=500, original=confirm).rc == "00"
    assert shop.do("refund", amount=1, original=hold).rc == "13"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_refund_of_an_open_hold_is_refused(shop: Shop):
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 1500)
    shop.send(hold)
    assert shop.do("refund", amount=100, original=hold).rc == "77"


def test_a_refund_on_another_card_is_refused(shop: Shop):
    card, other = shop.gift(2000), shop.gift(2000, serial=2)
    sale = _bought(shop, card, 1500)
    assert shop.do("refund", other, 100, original=sale).rc == "77"
    assert shop.do("refund", card, 100, original=sale).rc == "00"


@pytest.mark.parametrize("prefix", [GIFT, CLUB, "123400000000"])
def test_a_refund_on_a_card_never_seen_is_refused(shop: Shop, prefix: str):
    sale = _bought(shop, shop.gift(2000), 1500)
    assert shop.do("refund", number(prefix, 77), 100, original=sale).rc == "77"


def test_a_refund_takes_points_and_turnover_back(shop: Shop):
    card = number(CLUB)
    sale = _bought(shop, card, 4000)
    answer = shop.do("refund", amount=2000, original=sale)
    assert [row.points for row in answer.earned] == [-4]
    assert (answer.discount, answer.amount_due) == (100, 1900)
    assert shop.balance(card, "BONUS", "points") == 3
    assert shop.balance(card, "DISC", "turnover") == 1900
    assert shop.broken() == []


def test_points_already_converted_are_taken_from_the_money(shop: Shop):
    card = shop.club(4500)
    sale = _bought(shop, card, 5000)
    assert shop.balance(card, "BONUS") == 100
    before = shop.balance(card, "BONUS", "points")
    answer = shop.do("refund", amount=5000, original=sale)
    points = -answer.earned[0].points
    missing = points - before
    assert missing > 0
    assert shop.balance(card, "BONUS", "points") == 0
    assert shop.balance(card, "BONUS") == 100 - 10 * missing
    assert answer.amount_due == 5000 - answer.discount
    assert shop.broken() == []


def test_points_already_spent_are_kept_back_from_what_is_returned(shop: Shop):
    shop.publish(_plain_bonus())
    card = number(CLUB)
    sale = _bought(shop, card, 5000)
    assert shop.do("sale", card, 400, bonus=100).rc == "00"
    answer = shop.do("refund", amount=5000, original=sale)
    assert (answer.rc, answer.amount_due) == ("00", 4900)
    assert shop.broken() == []


def test_absorb_leaves_points_already_spent_with_the_issuer(shop: Shop):
    shop.publish(_plain_bonus(clawback="absorb"))
    card = number(CLUB)
    sale = _bought(shop, card, 5000)
    shop.do("sale", card, 400, bonus=100)
    assert shop.do("refund", amount=5000, original=sale).amount_due == 5000


def test_bonus_money_paid_comes_back_as_bonus_money(shop: Shop):
    shop.publish(_plain_bonus())
    card = shop.club(5000)
    sale = _bought(shop, card, 400, bonus=100)
    answer = shop.do("refund", amount=400, original=sale)
    assert (answer.tendered, answer.amount_due) == ({"bonus": 100}, 300)
    assert shop.balance(card, "BONUS") == 100
    assert shop.broken() == []


def test_a_refund_after_the_period_leaves_the_new_sums_alone(shop: Shop):
    card = number(CLUB)
    old = _bought(shop, card, 10000)
    shop.later(days=365)
    shop.do("sale", card, 6000)
    new = shop.balance(card, "DISC", "turnover")
    shop.do("refund", amount=10000, original=old)
    assert shop.balance(card, "DISC", "turnover") == new


def test_lines_of_a_refund_get_the_discount_they_had(shop: Shop):
    shop.publish(_half_price_books())
    card = number(BOOK)
    sale = _bought(
        shop, card, lines=[("books", 1000), ("food", 1000)], terminal="00000041"
    )
    answer = shop.do(
        "refund", lines=[("books", 400)], original=sale, terminal="00000041"
    )
    assert (answer.discount, answer.amount_due) == (200, 200)
    answer = shop.do(
        "refund", lines=[("food", 1000)], original=sale, terminal="00000041"
    )
    assert (answer.discount, answer.amount_due) == (0, 1000)


def test_lines_of_a_refund_give_back_what_paid_for_them(shop: Shop):
    """Half-price books and full-price food, all paid by gift card."""
    shop.publish(_half_price_books())
    card = number("999000600000")
    at_books = {"terminal": "00000041"}
    shop.do("activate", card, 5000, **at_books)
    sale = _bought(
        shop, card, lines=[("books", 1000), ("food", 1000)], gift=1500, **at_books
    )
    answer = shop.do("refund", lines=[("books", 1000)], original=sale, **at_books)
    assert (answer.tendered, answer.amount_due) == ({"gift": 500}, 0)
    answer = shop.do("refund", lines=[("food", 1000)], original=sale, **at_books)
    assert (answer.tendered, answer.amount_due) == ({"gift": 1000}, 0)
    assert shop.balance(card, "BOOK-GIFT", **at_books) == 5000
    assert shop.broken() == []


def test_lines_returned_from_a_purchase_without_lines_had_its_discount(shop: Shop):
    sale = _bought(shop, number(CLUB), 10000)
    answer = shop.do("refund", lines=[("food", 5000)], original=sale)
    assert (answer.discount, answer.amount_due) == (250, 4750)


def test_goods_that_were_not_bought_are_not_taken_back(shop: Shop):
    sale = _bought(shop, number(BOOK), lines=[("books", 1000)], terminal="00000041")
    answer = shop.do(
        "refund", lines=[("food", 500)], original=sale, terminal="00000041"
    )
    assert answer.rc in ("13", "77")


def test_more_of_a_group_than_was_bought_is_not_taken_back(shop: Shop):
    sale = _bought(
        shop, number(BOOK), lines=[("books", 1000), ("food", 1000)], terminal="00000041"
    )
    answer = shop.do(
        "refund", lines=[("books", 1500)], original=sale, terminal="00000041"
    )
    assert answer.rc in ("13", "77")


def test_a_refund_keeps_the_tax_rate_of_the_purchase(shop: Shop):
    sale = _bought(shop, number(BOOK), lines=[("books", 1000)], terminal="00000041")
    document = network_document()
    document["goods_groups"][2]["tax_rate_bp"] = 1200
    shop.publish(document)
    shop.do("refund", lines=[("books", 500)], original=sale, terminal="00000041")
    rates = shop.sql("SELECT DISTINCT tax_rate_bp FROM ekarte.sale_line")
    assert rates == [(500,)]


def test_a_refund_at_another_till_of_the_issuer_is_allowed(shop: Shop):
    sale = _bought(shop, shop.gift(2000), 1500)
    back = shop.request("refund", amount=1500, terminal="00000021")
    named = Original(batch=1, operation=sale.operation, terminal="00000011")
    assert shop.send(_with(back, original=named)).rc == "00"


def test_a_refund_at_another_issuers_till_is_refused(shop: Shop):
    sale = _bought(shop, shop.gift(2000), 1500)
    back = shop.request("refund", amount=1500, terminal="00000031")
    named = Original(batch=1, operation=sale.operation, terminal="00000011")
    assert shop.send(_with(back, original=named)).rc == "25"


def test_a_refund_of_a_fuel_purchase_gives_the_discount_back(shop: Shop):
    card = number(FUEL)
    at_fuel = {"terminal": "00000031"}
    shop.do("sale", card, lines=[("fuel", 10000)], **at_fuel)
    sale = _bought(shop, card, lines=[("fuel", 5000)], **at_fuel)
    answer = shop.do("refund", amount=5000, original=sale, **at_fuel)
    assert (answer.discount, answer.amount_due) == (100, 4900)
    assert shop.broken() == []


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_returned_the_sum_is_the_same(
    returning_shop: Shop, data: st.DataObject
):
    """In one piece or in many: each figure sums to the purchase's, to the cent."""
    shop = returning_shop
    serial = shop.numbers["serial"] = shop.numbers.get("serial", 0) + 1
    card = number(CLUB, serial)
    lines = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["food", "books"]), st.integers(1, 9999)),
            min_size=1,
            max_size=3,
        ).filter(lambda lines: sum(amount for _, amount in lines) >= 5)
    )
    shop.do("sale", card, 20000)
    turnover = shop.balance(card, "DISC", "turnover")
    bonus = data.draw(st.integers(0, min(300, sum(a for _, a in lines) * 8 // 10)))
    bought = shop.request("sale", card, lines=lines, bonus=bonus)
    sale = shop.send(bought)
    assert sale.rc == "00"
    left, discount, due, back, points = sale.amount, 0, 0, 0, 0
    for pieces in range(data.draw(st.integers(1, 5)), 0, -1):
        piece = data.draw(st.integers(1, left - pieces + 1)) if pieces > 1 else left
        answer = shop.do("refund", amount=piece, original=bought)
        assert answer.rc == "00"
        assert answer.amount_due >= 0
        left -= piece
        discount += answer.discount
        due += answer.amount_due
        back += answer.tendered.get("bonus", 0)
        points -= sum(row.points for row in answer.earned)
    assert (discount, due, back) == (sale.discount, sale.amount_due, bonus)
    assert points == sum(row.points for row in sale.earned)
    assert shop.balance(card, "DISC", "turnover") == turnover


@pytest.fixture
def returning_shop(shop: Shop) -> Shop:
    shop.publish(changed("BONUS", clawback="absorb"))
    return shop


def _with(request: Request, **fields) -> Request:
    return msgspec.structs.replace(request, **fields)


def _plain_bonus(**parameters) -> dict:
    document = changed("BONUS", **parameters)
    document["card_types"][0]["programs"] = ["BONUS"]
    return document


def _half_price_books() -> dict:
    """The bookshop sells books at half price to holders of a card with both."""
    document = network_document()
    for program in document["programs"]:
        if program["code"] == "BOOK-DISC":
            program["parameters"] = {"rate": 5000, "groups": ["books"]}
        if program["code"] == "BOOK-GIFT":
            program["parameters"] = {}
    document["card_types"].append(
        {
            "code": "BOOK-BOTH",
            "issuer": "BOOKS",
            "name": "Both",
            "programs": ["BOOK-GIFT", "BOOK-DISC"],
            "ranges": [{"from": "9990006000000000", "to": "9990006999999999"}],
        }
    )
    return document


def test_only_the_refund_that_closed_a_card_opens_it_again_when_reversed(shop: Shop):
    card = number(GIFT)
    sold = shop.request("activate", card, 5000)
    loaded = shop.request("top_up", card, 5000)
    for request in (sold, loaded):
        assert shop.send(request).rc == "00"
    part = shop.request("refund", amount=250, original=loaded)
    closing = shop.request("refund", amount=500, original=sold)
    for request in (part, closing):
        assert shop.send(request).rc == "00"
    assert shop.do("reverse", original=part).card_state == "closed"
    assert shop.do("sale", card, 100).rc == "54"
    assert shop.do("reverse", original=closing).card_state == "active"
    assert shop.do("sale", card, 100).rc == "00"
    assert shop.broken() == []
