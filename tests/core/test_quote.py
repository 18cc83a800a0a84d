"""A quote: an inquiry with an amount or lines says what `authorize` would say now."""

import pytest

from ekarte_core import CardRef, Line, LineAnswer, Tender, decode_answer
from tests.core.shop import (
    CLUB,
    FUEL,
    PLAY,
    Shop,
    network_document,
    network_with,
    number,
    program,
)

CARD = number(PLAY)
SAID = (
    "rc",
    "amount",
    "discount",
    "discount_rate",
    "amount_due",
    "tendered",
    "earned",
    "converted",
    "lines",
    "price_reduction",
)


def said(answer) -> dict:
    return {name: getattr(answer, name) for name in SAID}


def quoted_and_authorized(shop: Shop, card: str, *args, **more) -> tuple:
    """The quote, what the ledger held before and after it, the authorization."""
    before = shop.sql("SELECT count(*) FROM ekarte.operation")
    quote = shop.do("inquire", card, *args, **more)
    assert shop.sql("SELECT count(*) FROM ekarte.operation") == before
    return quote, shop.do("authorize", card, *args, **more)


def club_with_bonus(shop: Shop) -> str:
    card = shop.club(5000)
    assert shop.balance(card, "BONUS") == 0
    assert shop.do("sale", card, 1000).converted == 100
    return card


def test_a_quote_says_what_authorize_would(shop: Shop):
    card = club_with_bonus(shop)
    lines = [("food", 1200), ("books", 333), ("food", 4000)]
    quote, held = quoted_and_authorized(shop, card, lines=lines, bonus=100)
    assert said(quote) == said(held)
    assert (quote.amount, quote.discount, quote.amount_due) == (5533, 332, 5101)
    assert quote.earned
    assert (quote.txn, quote.auth_code, quote.hold_until) == ("", "", None)
    assert not set(held.explain) - set(quote.explain)


def test_a_quote_moves_nothing_and_shows_what_is_there(shop: Shop):
    card = club_with_bonus(shop)
    plain = shop.do("inquire", card)
    quote = shop.do("inquire", card, 5000, bonus=100)
    assert quote.balances == plain.balances
    assert quote.card_state == "active"
    assert shop.do("inquire", card) == plain
    assert shop.broken() == []


def test_a_quote_tells_the_distance_after_this_purchase(shop: Shop):
    card = shop.club(1000)
    quote = shop.do("inquire", card, 2000)
    sold = shop.do("sale", card, 2000)
    steps = [told for told in sold.explain if "more for" in told]
    assert steps
    assert set(steps) <= set(quote.explain)


def test_a_quote_without_an_amount_is_the_inquiry_of_old(shop: Shop):
    card = shop.club(1000)
    plain = shop.do("inquire", card)
    assert (plain.rc, plain.discount_rate, plain.amount) == ("00", 500, 0)
    assert (plain.lines, plain.earned, plain.tendered) == ((), (), {})


@pytest.mark.parametrize(
    ("rc", "amount", "tender"),
    [
        ("13", 100, {"gift": 200}),
        ("51", 9000, {"gift": 3000}),
        ("57", 1000, {"bonus": 100}),
        ("00", 1000, {"gift": 1000}),
        ("00", 1000, {}),
    ],
)
def test_a_tender_is_tried_and_refused_as_authorize_does(
    shop: Shop, rc: str, amount: int, tender: dict
):
    card = shop.gift(2000)
    quote, held = quoted_and_authorized(shop, card, amount, **tender)
    assert (quote.rc, held.rc) == (rc, rc)
    assert said(quote) == said(held)


def test_a_quote_of_ended_value_says_54(shop: Shop):
    shop.publish(network_with(program("G", "gift_card", valid_months=1)))
    shop.do("activate", CARD, 2000)
    shop.later(days=40)
    quote, held = quoted_and_authorized(shop, CARD, 500, gift=500)
    assert (quote.rc, held.rc) == ("54", "54")


def test_a_quote_over_the_credit_limit_says_61(shop: Shop):
    credit = program("C", "credit_card", credit_limit=1000)
    shop.publish(network_with(credit))
    shop.do("activate", CARD)
    quote, held = quoted_and_authorized(shop, CARD, 1001, credit=1001)
    assert (quote.rc, held.rc) == ("61", "61")


def test_a_quote_on_credit_is_refused_while_a_statement_is_overdue(shop: Shop):
    shop.publish(network_with(program("C", "credit_card", credit_limit=1000)))
    shop.do("activate", CARD)
    shop.do("sale", CARD, 400, credit=400)
    shop.later(days=60)
    shop.ledger.clock(shop.network, shop.now)
    shop.later(days=60)
    quote, held = quoted_and_authorized(shop, CARD, 100, credit=100)
    assert (quote.rc, held.rc) == ("62", "62")
    assert quote.explain == held.explain != ()
    assert shop.do("inquire", CARD).rc == "00"


def test_a_part_is_quoted_where_a_part_is_welcome(shop: Shop):
    card = shop.gift(2000)
    quote = shop.do("inquire", card, 9000, gift=3000, partial=True)
    assert (quote.rc, quote.tendered, quote.amount_due) == ("10", {"gift": 2000}, 7000)


def test_a_card_that_only_pays_quotes_the_whole_amount(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("inquire", card, 1500).tendered == {"gift": 1500}
    assert shop.do("inquire", card, 2500).rc == "51"
    # Who wants no more than the card's state names a tender of nothing.
    nothing = shop.request("inquire", card, 2500)
    asked = type(nothing)(
        command="inquire",
        terminal=nothing.terminal,
        card=CardRef(value=card),
        amount=2500,
        tender=Tender(),
    )
    answer = shop.send(asked)
    assert (answer.rc, answer.tendered, answer.amount_due) == ("00", {}, 2500)


def test_a_quote_wants_the_lines_to_sum_up_and_the_networks_currency(shop: Shop):
    card = shop.club(1000)
    assert shop.do("inquire", card, 999, lines=[("food", 1000)]).rc == "13"
    refused = shop.do("inquire", card, 1000, currency="USD")
    assert (refused.rc, refused.field) == ("30", "currency")
    assert shop.do("inquire", card, currency="USD").rc == "00"


def test_a_card_to_come_is_quoted_as_if_registered(shop: Shop):
    card = number(CLUB)
    quote, held = quoted_and_authorized(shop, card, 5000)
    assert said(quote) == said(held)
    assert (quote.card_state, quote.discount) == ("new", 250)


def test_a_quote_registers_no_card(shop: Shop):
    shop.do("inquire", number(CLUB), 5000)
    assert shop.sql("SELECT count(*) FROM ekarte.card") == [(0,)]


def test_a_quote_says_what_is_missing_to_be_given_a_card(shop: Shop):
    shop.publish(network_with(program("D", "fixed_discount", rate=500)))
    document = network_with(
        program("D", "fixed_discount", rate=500), qualify_amount=2000
    )
    shop.publish(document)
    quote = shop.do("inquire", CARD, 1500)
    assert quote.rc == "78"
    assert quote.explain == shop.do("authorize", CARD, 1500).explain
    assert any("5.00" in told for told in quote.explain)
    # The refused purchase left the card's row; the answer is the same.
    assert shop.do("inquire", CARD, 1500).explain == quote.explain
    assert shop.do("inquire", CARD, 2000).rc == "00"
    assert shop.do("inquire", CARD).explain == ()


def test_the_first_purchase_without_discount_is_quoted_without(shop: Shop):
    document = network_with(
        program("D", "fixed_discount", rate=500), discount_at_once=False
    )
    shop.publish(document)
    quote, held = quoted_and_authorized(shop, CARD, 1000)
    assert said(quote) == said(held)
    assert quote.discount == 0


def test_a_voucher_that_would_come_has_no_code_yet(shop: Shop):
    prize = program("PRIZE", "bonus_prize", step=100, prizes=[{"at": 10, "value": 500}])
    shop.publish(network_with(prize))
    quote = shop.do("inquire", CARD, 1000)
    assert quote.vouchers == ()
    assert any("…" in told for told in quote.explain)
    # Nor has it when it is authorized: its confirmation will issue it.
    held = shop.do("authorize", CARD, 1000)
    assert any("…" in told for told in held.explain)
    assert len(shop.do("sale", CARD, 1000).vouchers) == 1


def test_a_quote_needs_no_access_code_but_a_wrong_one_is_wrong(shop: Shop):
    card = shop.gift(2000)
    shop.do("block", card)
    shop.do("unblock", card)
    assert shop.do("set_code", card, new_access_code="1234").rc == "00"
    assert shop.do("inquire", card, 500, gift=500).rc == "00"
    assert shop.do("authorize", card, 500, gift=500).rc == "55"
    assert shop.do("inquire", card, 500, gift=500, access_code="9999").rc == "55"
    assert shop.do("inquire", card, 500, gift=500, access_code="1234").rc == "00"


# The code pad: `code_asked`


def test_the_answer_says_whether_the_access_code_is_needed(shop: Shop):
    card = shop.gift(2000)
    assert shop.do("inquire", card).code_asked is False
    shop.do("set_code", card, new_access_code="1234")
    assert shop.do("inquire", card).code_asked is True
    assert shop.do("inquire", card, 500).code_asked is True
    assert shop.do("authorize", card, 500).code_asked is True
    assert shop.do("authorize", card, 500, access_code="1234").code_asked is False
    for _ in range(3):
        refused = shop.do("sale", card, 500, access_code="9999")
    assert (shop.do("sale", card, 500).rc, refused.code_asked) == ("75", True)


def test_a_wrong_code_tells_how_many_may_still_be_tried(shop: Shop):
    card = shop.gift(2000)
    shop.do("set_code", card, new_access_code="1234")
    assert shop.do("sale", card, 500).tries_left == 3  # none was given, none counted
    given = [shop.do("sale", card, 500, access_code="9999") for _ in range(4)]
    assert [(one.rc, one.tries_left) for one in given] == [
        ("55", 2),
        ("55", 1),
        ("55", 0),
        ("75", 0),
    ]
    shop.do("unblock", card)
    assert shop.do("inquire", card, access_code="9999").tries_left == 2
    assert shop.do("inquire", card, access_code="1234").tries_left == 0


# Each line


def test_each_line_gets_its_own_discount_in_the_requests_order(shop: Shop):
    shop.publish(
        network_with(program("D", "fixed_discount", rate=1000, groups=["food"]))
    )
    lines = [("books", 500), ("food", 1000), ("", 700), ("food", 250)]
    wanted = (
        LineAnswer(),
        LineAnswer(discount=100, rate=1000),
        LineAnswer(),
        LineAnswer(discount=25, rate=1000),
    )
    quote, held = quoted_and_authorized(shop, CARD, lines=lines)
    assert quote.lines == held.lines == wanted
    sold = shop.do("sale", CARD, lines=lines)
    assert sold.lines == wanted
    assert sum(line.discount for line in sold.lines) == sold.discount


def test_without_lines_none_are_answered(shop: Shop):
    sale = shop.request("sale", shop.club(1000), 5000)
    assert shop.send(sale).lines == ()
    assert b'"lines"' not in shop.last.answer


def test_a_confirmation_answers_the_lines_it_names(shop: Shop):
    card = shop.club(1000)
    held = shop.request("authorize", card, lines=[("food", 1000), ("books", 1000)])
    shop.send(held)
    done = shop.do("confirm", original=held, lines=[("books", 600), ("food", 800)])
    assert done.lines == (
        LineAnswer(discount=30, rate=500),
        LineAnswer(discount=40, rate=500),
    )
    again = shop.request("authorize", card, lines=[("food", 1000)])
    shop.send(again)
    assert shop.do("confirm", original=again).lines == ()


def test_a_marginal_discount_is_spread_over_the_lines_to_the_cent(shop: Shop):
    steps = [{"from": 0, "rate": 0}, {"from": 1000, "rate": 1000}]
    shop.publish(
        network_with(program("D", "calculated_discount", tiers=steps, mode="marginal"))
    )
    lines = [("food", 333), ("food", 333), ("books", 1335)]
    answer = shop.do("inquire", CARD, lines=lines)
    assert answer.rc == "00"
    assert sum(line.discount for line in answer.lines) == answer.discount == 100


def test_a_line_shows_what_a_goods_voucher_gives_of_it(shop: Shop):
    coffee = {"at": 10, "voucher_kind": "goods", "product": "COFFEE"}
    shop.publish(
        network_with(program("PRIZE", "bonus_prize", step=100, prizes=[coffee]))
    )
    (voucher,) = shop.do("sale", CARD, 1000).vouchers
    lines = [
        Line(sku="CAKE", amount=300),
        Line(sku="COFFEE", amount=250, quantity="1"),
    ]
    quote = shop.do("inquire", CARD, lines=lines, voucher=voucher.code)
    assert quote.lines == (LineAnswer(), LineAnswer(discount=250))
    assert (quote.amount_due, quote.price_reduction) == (300, 0)


# Price reduction and payment


def test_own_bonus_money_lowers_the_price_and_gift_money_pays(shop: Shop):
    card = club_with_bonus(shop)
    sold = shop.do("sale", card, 1000, bonus=60)
    assert (sold.tendered, sold.price_reduction) == ({"bonus": 60}, 60)
    gift = shop.gift(2000)
    assert shop.do("sale", gift, 500).price_reduction == 0


def test_bonus_money_of_an_ally_is_payment(shop: Shop):
    document = network_document()
    for one in document["programs"]:
        if one["code"] == "BONUS":
            one["parameters"] |= {"accept_at": "coalition"}
    shop.publish(document)
    card = club_with_bonus(shop)
    there = shop.do("sale", card, 1000, bonus=60, terminal="00000031")
    assert (there.tendered, there.price_reduction) == ({"bonus": 60}, 0)


def test_authorize_and_confirm_say_the_reduction_too(shop: Shop):
    card = club_with_bonus(shop)
    held = shop.request("authorize", card, 1000, bonus=100)
    assert shop.send(held).price_reduction == 100
    assert shop.do("confirm", None, 40, original=held).price_reduction == 38


def test_a_refund_says_what_part_of_it_was_a_reduction(shop: Shop):
    card = club_with_bonus(shop)
    sale = shop.request("sale", card, 1000, bonus=100)
    shop.send(sale)
    back = shop.do("refund", None, 500, original=sale)
    assert (back.tendered, back.price_reduction) == ({"bonus": 50}, 50)


def test_a_reversal_says_what_part_of_it_was_a_reduction(shop: Shop):
    card = club_with_bonus(shop)
    sale = shop.request("sale", card, 1000, bonus=100)
    shop.send(sale)
    assert shop.do("reverse", original=sale).price_reduction == 100


def test_a_refund_says_what_was_kept_for_used_points(shop: Shop):
    card = shop.club()
    sale = shop.request("sale", card, 5000)
    assert shop.send(sale).converted == 0
    assert shop.do("sale", card, 1000).converted == 100
    assert shop.do("sale", card, 1000, bonus=100).rc == "00"
    back = shop.do("refund", None, 5000, original=sale)
    assert back.rc == "00"
    assert back.kept > 0
    assert back.amount_due == back.amount - back.discount - back.kept
    other = shop.request("sale", number(FUEL), 500, terminal="00000031")
    shop.send(other)
    whole = shop.do("refund", None, 500, original=other, terminal="00000031")
    assert (whole.rc, whole.kept) == ("00", 0)


def test_what_is_not_so_is_left_out_of_the_answer(shop: Shop):
    shop.do("sale", shop.club(1000), 500)
    for name in (b"price_reduction", b"kept", b"code_asked", b"lines"):
        assert name not in shop.last.answer
    assert decode_answer(shop.last.answer).kept == 0
