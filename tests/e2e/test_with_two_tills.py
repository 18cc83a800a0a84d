"""Two tills, many sessions, one card: what is on it is spent once.

After test_whole_day, on the same stack: the books of that day are closed by then.
"""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ekarte_stack.odoo_door import Refused
from ekarte_stack.till_shop import TillShop
from tests.e2e.loose_till import LooseTill, new_uuid, number, scanned
from tests.e2e.whole_stack import WholeStack

SESSIONS = 8
MONEY = 50_00
# New cards each time: the stack may have seen an earlier run.
SERIALS = itertools.count(int(time.time() * 10) % 90_000_000)


@pytest.fixture(scope="module")
def stack(run_file):
    return WholeStack(run_file)


@pytest.fixture(scope="module")
def tills(stack):
    odoo = stack.run["odoo"]
    shop = TillShop(odoo["url"], odoo["database"])
    return [LooseTill(shop, till) for till in shop.tills()[:2]]


@pytest.fixture
def gift_card(tills):
    """A gift card with 50.00 on it, sold a moment ago at the first till."""
    value = number("9990002", next(SERIALS))
    tills[0].sell_gift_card(value, MONEY)
    return value


def money_on(till, value):
    """What is on a gift card: (in all, not held by anybody)."""
    answer = till.ask("ekarte_peek", new_uuid(), scanned(value))
    (row,) = [row for row in answer["card"]["balances"] if row["unit"] == "EUR"]
    return row["value"], row["available"]


def all_at_once(calls):
    """Start calls at the same moment in threads of their own; what each came to."""
    start = threading.Barrier(len(calls))

    def one(call):
        start.wait()
        try:
            return call()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return [
            future.result() for future in [pool.submit(one, call) for call in calls]
        ]


def sessions_of(tills):
    """As many browsers as there are to be, half of them at each till."""
    return [tills[place % len(tills)].again() for place in range(SESSIONS)]


def booked(stack, key):
    """How many operations the ledger approved for an order, by command."""
    return dict(
        stack.rows(
            "SELECT command, count(*) FROM ekarte.operation"
            " WHERE reference = %s AND rc = '00'"
            " AND command IN ('sale', 'confirm', 'activate', 'top_up')"
            " GROUP BY command",
            key,
        )
    )


def test_of_two_tills_that_ask_for_the_same_money_one_gets_it(tills, gift_card):
    purchases = [till.purchase(gift_card) for till in tills]
    answers = all_at_once(
        [lambda purchase=purchase: purchase.hold(gift=MONEY) for purchase in purchases]
    )
    assert sorted(answer["held"] for answer in answers) == [False, True]
    (refused,) = [answer for answer in answers if not answer["held"]]
    assert refused["rc"] == "51"
    assert refused["message"]
    assert money_on(tills[0], gift_card) == (MONEY, 0)


def test_of_eight_sessions_one_holds_the_money(tills, gift_card):
    purchases = [till.purchase(gift_card) for till in sessions_of(tills)]
    answers = all_at_once(
        [lambda purchase=purchase: purchase.hold(gift=MONEY) for purchase in purchases]
    )
    assert not [answer for answer in answers if isinstance(answer, Refused)]
    assert [answer["rc"] for answer in answers].count("00") == 1
    assert all(answer["message"] for answer in answers if not answer["held"])
    assert money_on(tills[0], gift_card) == (MONEY, 0)


def test_what_is_left_goes_to_as_many_as_it_is_enough_for(tills, gift_card):
    purchases = [till.purchase(gift_card) for till in sessions_of(tills)]
    share = 20_00
    answers = all_at_once(
        [lambda purchase=purchase: purchase.hold(gift=share) for purchase in purchases]
    )
    assert [answer["held"] for answer in answers].count(True) == MONEY // share
    assert money_on(tills[0], gift_card) == (MONEY, MONEY % share)


def test_orders_stored_at_once_spend_the_money_once(stack, tills, gift_card):
    sessions = sessions_of(tills)
    purchases = [till.purchase(gift_card) for till in sessions]
    holds = all_at_once(
        [lambda purchase=purchase: purchase.hold(gift=MONEY) for purchase in purchases]
    )
    # Everybody stores as if the card had approved; one of them is right.
    orders = [purchase.order(card_minor=MONEY) for purchase in purchases]
    stored = all_at_once(
        [
            lambda till=till, order=order: till.store(order)
            for till, order in zip(sessions, orders, strict=True)
        ]
    )
    for hold, answer in zip(holds, stored, strict=True):
        if hold["held"]:
            assert not isinstance(answer, Refused), answer
        else:
            assert isinstance(answer, Refused)
            assert answer.is_for_people, answer
    assert money_on(tills[0], gift_card) == (0, 0)
    assert sum(sum(booked(stack, p.key).values()) for p in purchases) == 1


def test_an_order_sent_by_eight_sessions_is_booked_once(stack, tills, gift_card):
    purchase = tills[0].purchase(gift_card)
    assert purchase.hold(gift=MONEY)["held"]
    order = purchase.order()
    sessions = sessions_of(tills[:1])
    answers = all_at_once([lambda till=till: till.store(order) for till in sessions])
    faults = [answer for answer in answers if isinstance(answer, Refused)]
    assert all(fault.is_for_people for fault in faults), faults
    tills[0].store(order)  # and once more, when all is over
    assert booked(stack, purchase.key) == {"confirm": 1}
    assert len(tills[0].shop.find("pos.order", ["uuid", "=", purchase.key])) == 1
    assert money_on(tills[0], gift_card) == (0, 0)


def test_a_card_sold_by_eight_sessions_is_loaded_once(stack, tills):
    value = number("9990002", next(SERIALS))
    key = new_uuid()
    line = tills[0].line_of_load("gift_card", MONEY)
    words = (key, line["uuid"], scanned(value), line["product_id"], MONEY)
    assert tills[0].ask("ekarte_load", *words)["rc"] == "00"
    order = tills[0].order(key, [line], [tills[0].payment(tills[0].cash, MONEY)])
    all_at_once(
        [lambda till=till: till.store(order) for till in sessions_of(tills[:1])]
    )
    assert booked(stack, key) == {"activate": 1}
    assert money_on(tills[0], value) == (MONEY, MONEY)


def test_the_same_hold_asked_for_eight_times_is_one_hold(tills, gift_card):
    purchase = tills[0].purchase(gift_card)
    cart = tills[0].cart(purchase.lines)
    words = (purchase.key, purchase.payment, cart, {"gift": 20_00})
    answers = all_at_once(
        [
            lambda till=till: till.ask("ekarte_hold", *words)
            for till in sessions_of(tills[:1])
        ]
    )
    assert all(answer["held"] for answer in answers), answers
    assert money_on(tills[0], gift_card) == (MONEY, 30_00)


def test_what_one_till_gives_back_the_other_may_hold(tills, gift_card):
    here, there = (till.purchase(gift_card) for till in tills)
    assert here.hold(gift=MONEY)["held"]
    assert not there.hold(gift=MONEY)["held"]
    assert tills[0].ask("ekarte_release", here.key)["rc"] == "00"
    assert there.hold(gift=MONEY)["held"]
