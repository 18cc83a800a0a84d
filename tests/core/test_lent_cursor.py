"""Odoo lends its cursor: REPEATABLE READ, its own commit, and it retries 40001 only."""

import time
from collections import Counter

import psycopg2.errors
import pytest

from tests.core.rivals import lend, odoo, together, until_answered
from tests.core.shop import BOOK, GIFT, Shop, number


def test_odoo_and_a_gateway_spend_from_one_card(shop: Shop, gateways):
    """Odoo retries its serialization failures, as its own server does."""
    card = shop.gift(3000)
    sold = [shop.request("sale", card, 100, terminal="00000021") for _ in range(20)]
    typed = [shop.request("sale", card, 100) for _ in range(20)]

    def as_odoo() -> list[str]:
        found = []
        for request in sold:
            for _attempt in range(50):
                try:
                    with odoo(shop) as cr:
                        found.append(lend(shop, cr, request)[0].rc)
                    break
                except psycopg2.errors.SerializationFailure:
                    time.sleep(0.001)
        return found

    def as_gateway() -> list[str]:
        return [until_answered(shop, gateways[0], [request])[0].rc for request in typed]

    rcs = [rc for rows in together([as_odoo, as_gateway]) for rc in rows]
    assert Counter(rcs) == {"00": 30, "51": 10}
    assert shop.balance(card, "GIFT") == 0
    assert shop.broken() == []


def test_a_serialization_failure_flies_to_the_lender(shop: Shop, gateways):
    card = shop.gift(2000)
    request = shop.request("sale", card, 100, terminal="00000021")
    with odoo(shop) as cr:
        cr.execute("SELECT count(*) FROM ekarte.card")  # takes the snapshot
        gateways[0].run([shop.request("sale", card, 300)], shop.network, shop.now)
        with pytest.raises(psycopg2.errors.SerializationFailure):
            lend(shop, cr, request)
    assert shop.balance(card, "GIFT") == 1700
    assert shop.send(request).rc == "00"


def test_an_undisturbed_lender_gets_its_answer(shop: Shop):
    card = shop.gift(2000)
    with odoo(shop) as cr:
        cr.execute("SELECT count(*) FROM ekarte.card")
        outcome = lend(shop, cr, shop.request("sale", card, 100))[0]
    assert outcome.rc == "00"
    assert shop.balance(card, "GIFT") == 1900


def test_an_old_snapshot_does_not_refund_again(shop: Shop, gateways):
    """Not even where no purse moves: a book at 5 % off, paid in cash."""
    at_books = {"terminal": "00000041"}
    sale = shop.request("sale", number(BOOK), 1000, **at_books)
    shop.send(sale)
    again = shop.request("refund", amount=1000, original=sale, **at_books)
    with odoo(shop) as cr:
        cr.execute("SELECT count(*) FROM ekarte.card")
        back = shop.request("refund", amount=1000, original=sale, **at_books)
        assert gateways[0].run([back], shop.network, shop.now)[0].rc == "00"
        with pytest.raises(psycopg2.errors.SerializationFailure):
            lend(shop, cr, again)
    assert shop.send(again).rc == "13"
    assert shop.broken() == []


@pytest.mark.parametrize("command", ["sale", "authorize", "activate"])
def test_an_old_snapshot_notices_a_purse_or_card_that_is_new(
    shop: Shop, gateways, command: str
):
    """Odoo retries 40001 only: a unique violation would reach the cashier."""
    card = number(GIFT, 7) if command == "activate" else shop.club(1000)
    at_pump = {"terminal": "00000031"}
    mine = shop.request(command, card, 1000, **at_pump)
    with odoo(shop) as cr:
        cr.execute("SELECT count(*) FROM ekarte.card")
        theirs = shop.request(command, card, 1000, **at_pump)
        assert gateways[0].run([theirs], shop.network, shop.now)[0].rc == "00"
        with pytest.raises(psycopg2.errors.SerializationFailure):
            lend(shop, cr, mine)
    assert shop.send(mine).rc == ("05" if command == "activate" else "00")
    assert shop.broken() == []


def test_what_the_lender_rolls_back_has_not_been(shop: Shop):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 100)
    with odoo(shop) as cr:
        assert lend(shop, cr, sale)[0].rc == "00"
        cr.connection.rollback()
    assert shop.balance(card, "GIFT") == 2000
    assert shop.send(sale).rc == "00"
    assert shop.last.status == "new"
