"""Batches that are closed on time, without their terminals; and what comes after."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ekarte_core import (
    BatchTotal,
    NumberUse,
    Offline,
    Request,
    clock,
    decode_answer,
    use_of_number,
)
from ekarte_core.service.closing import BATCHES_BACK, NUMBER_KEPT, close_batches
from tests.core.shop import CLUB, Shop, network_document, number

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)  # 11:00 in Riga
CARD = number(CLUB)


def closing_at(close_at: str) -> dict[str, Any]:
    document = network_document()
    document["terminals"][0]["close_at"] = close_at
    return document


@pytest.fixture
def timed(shop: Shop) -> Shop:
    """Terminal 00000011 is closed at 23:30 of its branch's clock."""
    shop.now = NINE
    shop.publish(closing_at("23:30"))
    return shop


def close_now(shop: Shop) -> int:
    return shop.ledger.clock(shop.network, shop.now)["batches"]


def at_riga(shop: Shop, hour: int, minute: int, day: int = 21) -> None:
    shop.now = datetime(2026, 11, day, hour - 2, minute, tzinfo=timezone.utc)


def totals(*rows: tuple[str, int, int]) -> tuple[BatchTotal, ...]:
    return tuple(BatchTotal(command=c, count=n, amount=a) for c, n, a in rows)


def test_an_open_batch_is_closed_when_its_time_has_come(timed: Shop):
    timed.do("sale", CARD, 1000)
    timed.do("sale", CARD, 500)
    at_riga(timed, 23, 29)
    assert close_now(timed) == 0
    at_riga(timed, 23, 30)
    assert close_now(timed) == 1
    assert close_now(timed) == 0
    ((terminal, reference, body),) = timed.sql(
        "SELECT o.terminal, o.reference, o.answer FROM ekarte.operation AS o"
        " INNER JOIN ekarte.batch_close AS b ON b.operation_id = o.id"
        " WHERE b.terminal = '00000011' AND b.batch = 1"
    )
    assert (terminal, reference) == ("~close", "00000011")
    assert decode_answer(body).totals == totals(("sale", 2, 1500))
    assert timed.broken() == []


def test_what_the_gateway_numbers_itself_is_no_batch_of_the_terminal(timed: Shop):
    """Holds of purchases with a bank card, batch above 999999 (ADR 0028)."""
    timed.do("authorize", CARD, 1000, batch=1_000_001)
    at_riga(timed, 23, 30)
    assert close_now(timed) == 0
    timed.do("sale", CARD, 1000)
    at_riga(timed, 23, 31)
    timed.do("authorize", CARD, 1000, batch=1_000_001)
    assert close_now(timed) == 0
    at_riga(timed, 23, 30, day=22)
    assert close_now(timed) == 1
    assert timed.sql("SELECT batch FROM ekarte.batch_close") == [(1,)]


def test_a_terminal_without_a_time_keeps_its_batch(timed: Shop):
    timed.do("sale", CARD, 1000, terminal="00000021")
    at_riga(timed, 23, 59)
    assert close_now(timed) == 0


def test_what_began_after_the_time_waits_for_the_next_day(timed: Shop):
    at_riga(timed, 23, 31)
    timed.do("sale", CARD, 1000)
    assert close_now(timed) == 0
    at_riga(timed, 23, 29, day=22)
    assert close_now(timed) == 0
    at_riga(timed, 23, 30, day=22)
    assert close_now(timed) == 1


def test_all_that_the_terminal_left_open_is_closed(timed: Shop):
    for batch in (1, 2, 3):
        timed.do("sale", CARD, 100, batch=batch)
    timed.do("close", batch=1, totals=totals(("sale", 1, 100)))
    at_riga(timed, 23, 30)
    assert close_now(timed) == 2


@pytest.mark.parametrize(("day", "utc"), [(28, 21), (29, 20)])
def test_the_clock_is_the_branchs_own_summer_and_winter(shop: Shop, day: int, utc: int):
    """On 29 March the clock goes forward: 23:30 is 21:30 UTC, then 20:30."""
    shop.now = datetime(2026, 3, day, 9, 0, tzinfo=timezone.utc)
    shop.publish(closing_at("23:30"))
    shop.do("sale", CARD, 1000)
    shop.now = datetime(2026, 3, day, utc, 29, tzinfo=timezone.utc)
    assert close_now(shop) == 0
    shop.later(minutes=1)
    assert close_now(shop) == 1


def test_after_it_the_terminal_takes_the_next_batch(timed: Shop):
    timed.do("sale", CARD, 1000)
    at_riga(timed, 23, 30)
    close_now(timed)
    assert timed.do("sale", CARD, 1000).rc == "95"
    assert timed.do("sale", CARD, 1000, batch=2).rc == "00"


def test_the_terminal_learns_afterwards_whether_all_was_there(timed: Shop):
    timed.do("sale", CARD, 1000)
    at_riga(timed, 23, 30)
    close_now(timed)
    wrong = timed.do("close", totals=totals(("sale", 1, 999)))
    assert (wrong.rc, wrong.totals) == ("95", totals(("sale", 1, 1000)))
    assert timed.do("close", totals=wrong.totals).rc == "00"
    assert len(timed.sql("SELECT batch FROM ekarte.batch_close")) == 1
    assert timed.broken() == []


def test_a_batch_that_its_terminal_closed_is_closed_once(timed: Shop):
    timed.do("sale", CARD, 1000)
    right = totals(("sale", 1, 1000))
    assert timed.do("close", totals=right).rc == "00"
    again = timed.do("close", totals=right)
    assert (again.rc, again.totals) == ("95", ())


def uploaded(shop: Shop, of: Request) -> Request:
    """The same operation as the terminal tells it when it is not sure of anything."""
    assert of.amount is not None
    return shop.request(
        "advice",
        CARD,
        of.amount,
        operation=of.operation,
        batch=of.batch,
        offline=Offline(command="sale", amount_due=of.amount),
        local_time=shop.now,
    )


@pytest.mark.parametrize("on_time", [False, True], ids=["by terminal", "without it"])
def test_after_95_all_is_told_again_and_the_second_close_is_right(
    timed: Shop, on_time: bool
):
    """Of three sales the gateway has two; one was made while nobody answered."""
    sales = [timed.request("sale", CARD, amount) for amount in (100, 200, 300)]
    first, second = timed.run(sales[0], sales[1])
    if on_time:
        at_riga(timed, 23, 30)
        close_now(timed)
    mine = totals(("sale", 3, 600))
    assert timed.do("close", totals=mine).rc == "95"
    told = timed.run(*[uploaded(timed, sale) for sale in sales])
    assert told[:2] == [first, second]
    assert told[2].rc == "00"
    assert ("batch_closed" in told[2].exceptions) is on_time
    last = timed.do("close", totals=mine)
    assert (last.rc, last.totals) == ("00", mine)
    assert timed.broken() == []


def test_a_batch_that_somebody_works_in_is_closed_the_next_time(timed: Shop):
    timed.do("sale", CARD, 1000)
    at_riga(timed, 23, 30)
    busy = timed._look()
    busy.autocommit = False
    with busy.cursor() as cr:
        cr.execute("SELECT pg_advisory_xact_lock_shared(hashtext('00000011'), 1)")
        assert close_now(timed) == 0
    busy.rollback()
    busy.autocommit = True
    assert close_now(timed) == 1


def test_batches_of_the_gateways_own_stay_open(timed: Shop):
    """What a bank card's part holds goes under batches that no terminal has."""
    timed.do("sale", CARD, 1000)
    timed.do("sale", CARD, 1000, batch=1_000_001)
    at_riga(timed, 23, 30)
    assert close_now(timed) == 1
    assert timed.sql("SELECT batch FROM ekarte.batch_close") == [(1,)]


def test_it_is_part_of_what_the_clock_does(timed: Shop):
    timed.do("sale", CARD, 1000)
    timed.now += timedelta(days=1)
    with timed._look().cursor() as cr:
        done = clock(cr, timed.network, timed.keyring, timed.now)
        assert done["batches"] == 1
        assert close_batches(cr, timed.network, timed.keyring, timed.now) == 0


# --- terminals that count no batches


def use(shop: Shop, operation: int) -> NumberUse:
    with shop._look().cursor() as cr:
        return use_of_number(cr, "00000011", operation, shop.now)


def close_batch(shop: Shop, batch: int) -> None:
    told = shop.do("close", batch=batch)
    assert (told.rc, shop.do("close", batch=batch, totals=told.totals).rc) == (
        "95",
        "00",
    )


def test_a_number_that_is_new_belongs_to_the_open_batch(shop: Shop):
    assert use(shop, 900) == NumberUse(1, "")
    shop.do("sale", CARD, 1000, operation=800)
    close_batch(shop, 1)
    assert use(shop, 900) == NumberUse(2, "")
    shop.do("sale", CARD, 1000, terminal="00000021", operation=900)
    assert use(shop, 900) == NumberUse(2, "")


def test_a_number_in_use_belongs_to_its_batch_open_or_closed(shop: Shop):
    shop.do("accrue", CARD, 1000, operation=900)
    assert use(shop, 900) == NumberUse(1, "accrue")
    close_batch(shop, 1)
    assert use(shop, 900) == NumberUse(1, "accrue")
    shop.now += NUMBER_KEPT - timedelta(minutes=1)
    assert use(shop, 900).batch == 1


def test_after_two_days_a_number_of_a_closed_batch_is_new_again(shop: Shop):
    shop.do("sale", CARD, 1000, operation=900)
    shop.now += NUMBER_KEPT
    assert use(shop, 900) == NumberUse(1, "sale")
    close_batch(shop, 1)
    assert use(shop, 900) == NumberUse(2, "")


def test_a_number_is_looked_for_in_so_many_batches_and_the_last_one_counts(shop: Shop):
    shop.do("sale", CARD, 1000, operation=900)
    for batch in range(1, BATCHES_BACK + 1):
        shop.do("sale", CARD, 100, batch=batch, operation=800)
        close_batch(shop, batch)
    assert use(shop, 900) == NumberUse(1, "sale")
    assert use(shop, 800) == NumberUse(BATCHES_BACK, "sale")
    shop.do("sale", CARD, 100, batch=BATCHES_BACK + 1, operation=800)
    close_batch(shop, BATCHES_BACK + 1)
    assert use(shop, 900) == NumberUse(BATCHES_BACK + 2, "")


def test_batches_of_the_gateways_own_are_none_of_the_terminals(shop: Shop):
    """A hold of a purchase with a bank card stands under the same number."""
    shop.do("authorize", CARD, 1000, batch=1_000_001, operation=900)
    assert use(shop, 900) == NumberUse(1, "")
    shop.do("sale", CARD, 1000, operation=900)
    assert use(shop, 900) == NumberUse(1, "sale")
