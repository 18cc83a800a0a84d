"""Where features meet: vouchers and refunds, friends and pools, cards and new cards."""

import pytest

from ekarte_core import Line
from tests.core.shop import (
    PLAY,
    PLAY_GOLD,
    Shop,
    network_with,
    number,
    program,
)

ONE, TWO, NEW = number(PLAY, 1), number(PLAY, 2), number(PLAY_GOLD, 1)
OFFICE = "00000071"


def prize(**parameters):
    """A point for 1.00; each ten become a voucher of 5.00."""
    parameters = {"step": 100, "prizes": [{"at": 10, "value": 500}]} | parameters
    return program("PRIZE", "bonus_prize", **parameters)


def points(shop: Shop, card: str = ONE) -> int:
    return shop.balance(card, "PRIZE", "points")


def pool(shop: Shop, card: str, main: str | None):
    return shop.do("pool", card, terminal=OFFICE, other=main)


def test_a_chain_of_purchases_by_vouchers_is_returned_from_either_end(shop: Shop):
    """A earned a voucher that paid B: whatever comes back first, nobody gains."""
    shop.publish(network_with(prize()))
    first = shop.request("sale", ONE, 1000)
    (voucher,) = shop.send(first).vouchers
    second = shop.request("sale", ONE, 500, voucher=voucher.code)
    shop.send(second)
    undo = shop.request("refund", amount=500, original=second)
    assert shop.send(undo).tendered == {"voucher": 500}
    back = shop.do("refund", amount=1000, original=first)
    assert (back.amount_due, back.vouchers) == (1000, ())
    # The voucher is a point again and gone: the first refund cannot be undone now.
    assert shop.do("reverse", original=undo).rc == "51"


def test_the_voucher_is_held_while_the_goods_that_earned_it_come_back(shop: Shop):
    shop.publish(network_with(prize()))
    first = shop.request("sale", ONE, 1000)
    (voucher,) = shop.send(first).vouchers
    hold = shop.request("authorize", ONE, 600, voucher=voucher.code)
    shop.send(hold)
    back = shop.do("refund", amount=1000, original=first)
    assert back.amount_due == 500
    assert shop.do("confirm", original=hold).tendered == {"voucher": 500}


def test_one_voucher_in_two_requests_of_a_group_pays_once(shop: Shop):
    shop.publish(network_with(prize()))
    (voucher,) = shop.do("sale", ONE, 1000).vouchers
    answers = shop.run(
        shop.request("sale", ONE, 500, voucher=voucher.code),
        shop.request("sale", ONE, 500, voucher=voucher.code, terminal="00000021"),
    )
    assert [a.rc for a in answers] == ["00", "57"]


def test_a_voucher_of_another_issuer_is_used_and_returned_there(shop: Shop):
    shop.publish(network_with(prize(accept_at="coalition")))
    (voucher,) = shop.do("sale", ONE, 1000).vouchers
    sale = shop.request("sale", ONE, 800, voucher=voucher.code, terminal="00000031")
    assert shop.send(sale).amount_due == 300
    back = shop.do("refund", amount=800, original=sale, terminal="00000031")
    assert (back.amount_due, back.tendered) == (300, {"voucher": 500})
    assert [v.value for v in shop.do("inquire", ONE).vouchers] == [500]


def test_a_discount_of_everything_leaves_the_voucher_nothing_to_pay(shop: Shop):
    shop.publish(network_with(prize(), program("FREE", "fixed_discount", rate=10000)))
    shop.do("enroll", ONE)
    answer = shop.do("sale", ONE, 1000)
    assert (answer.amount_due, answer.earned, answer.vouchers) == (0, (), ())


@pytest.mark.parametrize("who_joins", ["friend", "referrer"])
@pytest.mark.parametrize("how", ["reverse", "refund"])
def test_friends_that_pooled_meanwhile_return_the_first_purchase(
    shop: Shop, who_joins: str, how: str
):
    shop.publish(network_with(prize(referral_points=5, prizes=[]), pool=True))
    shop.do("sale", ONE, 300)
    sale = shop.request("sale", TWO, 700, referrer=ONE)
    shop.send(sale)
    assert (points(shop), points(shop, TWO)) == (8, 7)
    joiner, main = (TWO, ONE) if who_joins == "friend" else (ONE, TWO)
    assert pool(shop, joiner, main).rc == "00"
    assert points(shop) == 15
    amount = 700 if how == "refund" else None
    assert shop.do(how, amount=amount, original=sale).rc == "00"
    assert points(shop) == points(shop, TWO) == 3


def test_friends_that_part_and_undo_the_refund(shop: Shop):
    shop.publish(network_with(prize(referral_points=5, prizes=[]), pool=True))
    shop.do("sale", ONE, 300)
    sale = shop.request("sale", TWO, 700, referrer=ONE)
    shop.send(sale)
    pool(shop, TWO, ONE)
    refund = shop.request("refund", amount=700, original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert points(shop) == 15


def test_a_referrer_whose_card_was_replaced_meanwhile_gives_the_points_back(
    shop: Shop,
):
    shop.publish(network_with(prize(referral_points=5, prizes=[])))
    shop.do("sale", ONE, 300)
    sale = shop.request("sale", TWO, 700, referrer=ONE)
    shop.send(sale)
    assert shop.do("replace", ONE, other=NEW).rc == "00"
    assert shop.do("reverse", original=sale).rc == "00"
    assert points(shop, NEW) == 3


def test_a_friends_replaced_card_is_no_new_customer(shop: Shop):
    shop.publish(network_with(prize(referral_points=5, prizes=[])))
    shop.do("sale", ONE, 300)
    shop.do("sale", TWO, 100)
    shop.do("replace", TWO, other=NEW)
    told = shop.do("sale", NEW, 100, referrer=ONE).explain
    assert "Prize: referrals count with the first purchase only" in told


# --- sold cards that were replaced


@pytest.fixture
def sold(shop: Shop):
    """A gift card of 20.00 that was replaced by another; returns its sale."""
    shop.publish(network_with(program("MONEY", "gift_card"), auto_register=False))
    sale = shop.request("activate", ONE, 2000)
    shop.send(sale)
    assert shop.do("replace", ONE, other=NEW).rc == "00"
    return sale


def test_a_sold_card_is_given_back_after_it_was_replaced(shop: Shop, sold):
    back = shop.do("refund", original=sold)
    assert (back.rc, back.amount) == ("00", 2000)
    assert shop.do("sale", NEW, 100).rc in ("51", "54")
    assert shop.do("sale", ONE, 100).rc == "54"


def test_the_old_card_stays_replaced_when_that_is_reversed(shop: Shop, sold):
    refund = shop.request("refund", original=sold)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert shop.do("sale", ONE, 100).rc == "54"
    assert shop.do("sale", NEW, 100).rc == "00"


def test_a_sale_of_a_replaced_card_is_reversed_and_neither_pays(shop: Shop, sold):
    assert shop.do("reverse", original=sold).rc == "00"
    assert shop.do("sale", ONE, 100).rc == "54"
    assert shop.do("sale", NEW, 100).rc in ("51", "78")


@pytest.mark.parametrize("state", ["blocked", "lost"])
def test_a_refund_that_is_reversed_frees_no_card(shop: Shop, state: str):
    shop.publish(network_with(program("MONEY", "gift_card"), auto_register=False))
    sale = shop.request("activate", ONE, 2000)
    shop.send(sale)
    shop.do("block", ONE, reason="lost" if state == "lost" else "")
    refund = shop.request("refund", original=sale)
    assert shop.send(refund).rc == "00"
    assert shop.do("reverse", original=refund).rc == "00"
    assert shop.do("sale", ONE, 100).rc == ("41" if state == "lost" else "62")


# --- counters that move


def growing(**parameters):
    parameters = {
        "base_rate": 500,
        "step_amount": 5000,
        "step_rate": 100,
        "max_rate": 1500,
        "count": "gross",
    } | parameters
    return program("GROWS", "accumulated_discount", **parameters)


def test_a_sum_whose_period_is_over_does_not_come_to_life_in_a_pool(shop: Shop):
    shop.publish(network_with(growing(period_months=1), pool=True))
    shop.do("sale", TWO, 20000)
    shop.later(days=40)
    shop.do("sale", ONE, 100)
    assert shop.do("inquire", TWO).discount_rate == 500
    assert pool(shop, TWO, ONE).rc == "00"
    assert shop.do("inquire", TWO).discount_rate == 500
    assert shop.balance(ONE, "GROWS", "turnover") == 100


def test_nor_does_what_an_idle_card_has_lost(shop: Shop):
    idle = {"idle_days": 10, "idle_step_rate": 100, "period_months": 0}
    shop.publish(network_with(growing(**idle), pool=True))
    shop.do("sale", TWO, 20000)
    shop.later(days=20)
    shop.do("sale", ONE, 100)
    assert shop.do("inquire", TWO).discount_rate == 700
    assert pool(shop, TWO, ONE).rc == "00"
    assert shop.do("inquire", ONE).discount_rate == 700


def test_a_pool_is_no_way_around_the_gap_between_visits(shop: Shop):
    gym = program("GYM", "attendance", min_gap_minutes=60)
    shop.publish(network_with(gym, pool=True))
    shop.do("check_in", ONE)
    shop.later(minutes=30)
    shop.do("check_in", TWO)
    assert pool(shop, TWO, ONE).rc == "00"
    shop.later(minutes=40)
    assert shop.do("check_in", ONE).rc == "65"
    shop.later(minutes=20)
    assert shop.do("check_in", ONE).rc == "00"


# --- passes


def test_both_passes_of_a_card_come_back_and_not_a_visit_more(shop: Shop):
    ten = program("TEN", "visit_pass", visits=10, price=5000)
    shop.publish(network_with(ten, auto_register=False))
    first = shop.request("activate", ONE, 5000)
    shop.send(first)
    second = shop.request("top_up", ONE, 5000)
    shop.send(second)
    for _ in range(4):
        shop.do("check_in", ONE)
    back = [shop.do("refund", original=one).amount for one in (first, second)]
    assert back == [5000, 3000]


# --- other branches, other issuers


def test_points_and_turnover_are_of_the_seller_alone(shop: Shop):
    shop.publish(
        network_with(
            program("POINTS", "bonus_amount", step=100),
            program("FUELPTS", "bonus_amount", "FUEL", step=100),
            program("COUNT", "purchase_accounting"),
        )
    )
    abroad = shop.do("sale", ONE, 1000, terminal="00000031")
    assert [e.program for e in abroad.earned] == ["FUELPTS"]
    home = shop.do("sale", ONE, 1000)
    assert [e.program for e in home.earned] == ["POINTS"]
    assert shop.balance(ONE, "COUNT", "purchases") == 1


def test_everything_at_once_comes_back_to_nothing(shop: Shop):
    """Every kind that earns, on one card; refunds in odd pieces leave no trace."""
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program("SUM", "bonus_amount", step=100, convert_at=10, convert_to=50),
            program("VISIT", "bonus_visit"),
            prize(tiers=[{"at": 500, "card_type": "PLAY-GOLD"}], prizes=[]),
            growing(),
            program("COUNT", "purchase_accounting", ticket_per=700),
            program("GYM", "attendance"),
        )
    )
    shop.do("activate", ONE, 1000)
    lines = [Line(group=g, amount=a) for g, a in (("food", 1111), ("books", 2222))]
    sale = shop.request("sale", ONE, lines=lines, gift=777)
    paid = shop.send(sale)
    due = gift = 0
    for group, amount in (("food", 111), ("books", 1), ("books", 2221), ("food", 1000)):
        back = shop.do("refund", lines=[(group, amount)], original=sale)
        assert back.rc == "00"
        due += back.amount_due
        gift += back.tendered.get("gift", 0)
    assert (due, gift) == (paid.amount_due, 777)
    left = {
        (row.program, row.unit): row.value
        for row in shop.do("inquire", ONE).balances
        if row.value
    }
    assert left == {("MONEY", "EUR"): 1000}
