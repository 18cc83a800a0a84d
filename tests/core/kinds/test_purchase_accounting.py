"""Purchase accounting: sums, purchases and tickets are counted, prices stay."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
COUNT = program("COUNT", "purchase_accounting", ticket_per=250)


def counts(shop: Shop) -> tuple[int, int, int]:
    """Return turnover, purchases, tickets."""
    rows = {row.unit: row.value for row in shop.do("inquire", CARD).balances}
    return rows.get("turnover", 0), rows.get("purchases", 0), rows.get("tickets", 0)


@pytest.fixture
def counting(shop: Shop) -> Shop:
    shop.publish(network_with(COUNT))
    return shop


def test_sums_purchases_and_tickets_are_counted_and_prices_stay(counting: Shop):
    answer = counting.do("sale", CARD, 750)
    assert (answer.discount, answer.amount_due) == (0, 750)
    assert "Count: 3 tickets for the draw" in answer.explain
    assert counts(counting) == (750, 1, 3)
    counting.do("sale", CARD, 249)
    assert counts(counting) == (999, 2, 3)


def test_tickets_are_by_purchase_and_not_by_sum(counting: Shop):
    for _ in range(4):
        counting.do("sale", CARD, 249)
    assert counts(counting) == (996, 4, 0)


def test_without_ticket_per_there_are_no_tickets(shop: Shop):
    shop.publish(network_with(program("COUNT", "purchase_accounting")))
    shop.do("sale", CARD, 100000)
    assert counts(shop) == (100000, 1, 0)


def test_only_its_goods_groups_count(shop: Shop):
    shop.publish(
        network_with(
            program("COUNT", "purchase_accounting", ticket_per=250, groups=["food"])
        )
    )
    shop.do("sale", CARD, lines=[("food", 500), ("books", 1000)])
    assert counts(shop) == (500, 1, 2)
    shop.do("sale", CARD, lines=[("books", 1000)])
    assert counts(shop) == (500, 1, 2)


def test_a_refund_takes_sum_and_tickets_back_and_the_last_one_the_purchase(
    counting: Shop,
):
    sale = counting.request("sale", CARD, 1000)
    counting.send(sale)
    assert counts(counting) == (1000, 1, 4)
    assert counting.do("refund", amount=500, original=sale).rc == "00"
    assert counts(counting) == (500, 1, 2)
    assert counting.do("refund", amount=500, original=sale).rc == "00"
    assert counts(counting) == (0, 0, 0)


def test_a_reversed_purchase_has_never_been(counting: Shop):
    sale = counting.request("sale", CARD, 1000)
    counting.send(sale)
    assert counting.do("reverse", original=sale).rc == "00"
    assert counts(counting) == (0, 0, 0)


@pytest.mark.parametrize("back", [400, 1000])
def test_a_refund_that_is_reversed_has_never_been(counting: Shop, back: int):
    sale = counting.request("sale", CARD, 1000)
    counting.send(sale)
    refund = counting.request("refund", amount=back, original=sale)
    assert counting.send(refund).rc == "00"
    assert counting.do("reverse", original=refund).rc == "00"
    assert counts(counting) == (1000, 1, 4)
    assert counting.do("refund", amount=1000, original=sale).rc == "00"
    assert counts(counting) == (0, 0, 0)


def test_bonus_money_counts_nothing_and_gift_money_does(shop: Shop):
    bonus = program("POINTS", "bonus_amount", step=100, convert_at=1, convert_to=100)
    gift = program("MONEY", "gift_card")
    shop.publish(network_with(COUNT, bonus, gift))
    shop.do("sale", CARD, 500)
    shop.do("top_up", CARD, 500)
    assert counts(shop) == (500, 1, 2)
    shop.do("sale", CARD, 500, bonus=500)
    assert counts(shop) == (500, 1, 2)
    shop.do("sale", CARD, 500, gift=500)
    assert counts(shop) == (1000, 2, 4)
