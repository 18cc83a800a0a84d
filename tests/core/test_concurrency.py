"""Several gateways on one ledger, with real threads and connections."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ekarte_core.service.locking import lock_jobs
from tests.core.rivals import SOON_S, lend, odoo, together, until_answered
from tests.core.shop import CLUB, Shop, number


def test_fifty_euro_are_spent_fifty_times_and_no_more(shop: Shop, gateways):
    card = shop.gift(5000)
    terminals = ["00000011", "00000012", "00000021", "00000031"]
    work = []
    for gateway, terminal in zip(gateways, terminals, strict=True):
        requests = [
            shop.request("sale", card, 100, terminal=terminal) for _ in range(20)
        ]
        groups = [requests[n : n + 4] for n in range(0, 20, 4)]
        work.append(
            lambda gateway=gateway, groups=groups: [
                row for group in groups for row in until_answered(shop, gateway, group)
            ]
        )
    outcomes = [row for rows in together(work) for row in rows]
    assert Counter(row.rc for row in outcomes) == {"00": 50, "51": 30}
    assert shop.balance(card, "GIFT") == 0
    assert shop.broken() == []


def test_one_key_from_two_gateways_books_once(shop: Shop, gateways):
    for serial in range(10):
        card = shop.gift(2000, serial)
        sale = shop.request("sale", card, 700)
        one, two = together(
            [
                lambda gateway=gateway, sale=sale: until_answered(shop, gateway, [sale])
                for gateway in gateways[:2]
            ]
        )
        assert one[0].answer == two[0].answer
        assert sorted([one[0].status, two[0].status]) == ["new", "repeat"]
        assert shop.balance(card, "GIFT") == 1300
    assert shop.broken() == []


def test_one_key_without_a_card_from_two_gateways_books_once(shop: Shop, gateways):
    for batch in range(1, 11):
        close = shop.request("close", batch=batch)
        one, two = together(
            [
                lambda gateway=gateway, close=close: gateway.run(
                    [close], shop.network, shop.now
                )
                for gateway in gateways[:2]
            ]
        )
        assert one[0].answer == two[0].answer
        assert one[0].rc == "00"


def test_one_first_purchase_from_two_gateways_registers_once(shop: Shop, gateways):
    for serial in range(10):
        card = number(CLUB, serial)
        sales = [
            shop.request("sale", card, 1000, terminal=terminal)
            for terminal in ("00000011", "00000021")
        ]
        done = together(
            [
                lambda gateway=gateway, sale=sale: until_answered(shop, gateway, [sale])
                for gateway, sale in zip(gateways, sales, strict=False)
            ]
        )
        assert [rows[0].rc for rows in done] == ["00", "00"]
        assert shop.balance(card, "BONUS", "points") == 2
    assert shop.broken() == []


def test_a_reversal_and_its_original_at_two_gateways_exclude_each_other(
    shop: Shop, gateways
):
    """Whichever comes first: never reversed with 00 and booked all the same."""
    for serial in range(15):
        card = shop.gift(2000, serial)
        sale = shop.request("sale", card, 700)
        reverse = shop.request("reverse", original=sale)
        sold, undone = together(
            [
                lambda gateway=gateway, request=request: until_answered(
                    shop, gateway, [request]
                )[0]
                for gateway, request in zip(gateways, (sale, reverse), strict=False)
            ]
        )
        assert undone.rc == "00"
        assert sold.rc in ("00", "05")
        assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


@pytest.mark.parametrize("named", [False, True], ids=["no card", "card named"])
@pytest.mark.parametrize("known", [False, True], ids=["first purchase", "known card"])
def test_an_original_that_is_booked_between_two_looks_of_its_reversal(
    shop: Shop, gateways, monkeypatch: pytest.MonkeyPatch, known: bool, named: bool
):
    """The reversal found no card to lock, and then finds the original."""
    card = shop.club(1000) if known else number(CLUB)
    before = shop.do("inquire", card).balances
    sale = shop.request("sale", card, 2000)
    reverse = shop.request("reverse", card if named else None, original=sale)
    booked = []

    def lock_then_be_late(*args: Any, **kwargs: Any) -> Any:
        found = lock_jobs(*args, **kwargs)
        if not booked:
            booked.append(None)
            booked[0] = gateways[1].run([sale], shop.network, shop.now)[0]
        return found

    monkeypatch.setattr("ekarte_core.service.execute.lock_jobs", lock_then_be_late)
    undone = until_answered(shop, gateways[0], [reverse])[0]
    sold = until_answered(shop, gateways[1], [sale])[0]
    assert undone.rc == "00"
    assert sold.rc in ("00", "05")
    after = shop.do("inquire", card).balances
    assert {(b.program, b.unit): b.value for b in after if b.value} == {
        (b.program, b.unit): b.value for b in before if b.value
    }
    assert shop.broken() == []


def test_a_reversal_waits_for_an_original_that_is_being_booked(shop: Shop, gateways):
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    reverse = shop.request("reverse", original=sale)
    with ThreadPoolExecutor(1) as pool, odoo(shop) as cr:
        assert lend(shop, cr, sale)[0].rc == "00"
        later = pool.submit(until_answered, shop, gateways[0], [reverse])
        time.sleep(0.2)
        cr.connection.commit()
        assert later.result()[0].rc == "00"
    assert shop.balance(card, "GIFT") == 2000
    assert shop.broken() == []


def test_a_batch_is_not_closed_past_a_purchase_that_is_being_booked(
    shop: Shop, gateways
):
    """Totals without it would settle the batch, and the sale would fall out."""
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700, batch=7)
    close = shop.request("close", batch=7)
    with ThreadPoolExecutor(1) as pool, odoo(shop) as cr:
        assert lend(shop, cr, sale)[0].rc == "00"
        later = pool.submit(until_answered, shop, gateways[0], [close])
        time.sleep(0.2)
        cr.connection.commit()
        closed = later.result()[0]
    assert closed.rc == "95"


def test_a_busy_card_is_answered_busy_and_its_neighbours_at_once(shop: Shop, gateways):
    held, free = shop.gift(2000), shop.gift(2000, serial=2)
    requests = [
        shop.request("sale", free, 100),
        shop.request("sale", held, 100),
        shop.request("sale", free, 100),
    ]
    with odoo(shop) as cr:
        lend(shop, cr, shop.request("sale", held, 700, terminal="00000021"))
        began = time.monotonic()
        outcomes = gateways[0].run(requests, shop.network, shop.now)
        assert time.monotonic() - began < SOON_S
        assert [row.status for row in outcomes] == ["new", "busy", "new"]
        assert [row.rc for row in outcomes] == ["00", "91", "00"]
    assert until_answered(shop, gateways[0], [requests[1]])[0].rc == "00"
    assert shop.balance(held, "GIFT") == 1200


def test_a_caller_that_wants_to_wait_waits_for_a_busy_card(shop: Shop, gateways):
    card = shop.gift(2000)
    request = shop.request("sale", card, 100)
    with ThreadPoolExecutor(1) as pool, odoo(shop) as cr:
        lend(shop, cr, shop.request("sale", card, 700, terminal="00000021"))
        later = pool.submit(
            gateways[0].run, [request], shop.network, shop.now, wait=True
        )
        time.sleep(0.2)
        assert not later.done()
        cr.connection.commit()
        assert later.result()[0].status == "new"
    assert shop.balance(card, "GIFT") == 1200


def test_a_card_being_registered_elsewhere_does_not_stall_its_neighbours(
    shop: Shop, gateways
):
    """A long transaction of Odoo makes a new card; the gateway must not hang on it."""
    fresh, free = number(CLUB), shop.gift(2000)
    requests = [shop.request("sale", fresh, 1000), shop.request("sale", free, 100)]
    with ThreadPoolExecutor(1) as pool, odoo(shop) as cr:
        lend(shop, cr, shop.request("sale", fresh, 700, terminal="00000021"))
        later = pool.submit(gateways[0].run, requests, shop.network, shop.now)
        began = time.monotonic()
        while not later.done() and time.monotonic() - began < SOON_S:
            time.sleep(0.01)
        in_time = later.done()
        cr.connection.commit()
        outcomes = later.result()
    assert in_time, "the group waited for the other transaction"
    assert [row.status for row in outcomes] == ["busy", "new"]
    assert until_answered(shop, gateways[0], requests[:1])[0].rc == "00"


def test_random_groups_of_many_gateways_neither_deadlock_nor_lose(
    shop: Shop, gateways, dice: random.Random
):
    cards = [shop.gift(10000, serial) for serial in range(12)]
    terminals = ["00000011", "00000012", "00000021", "00000031"]
    work, sent = [], Counter()
    for gateway, terminal in zip(gateways, terminals, strict=True):
        groups = []
        for _ in range(12):
            chosen = [dice.choice(cards) for _ in range(10)]
            groups.append(
                [shop.request("sale", card, 1, terminal=terminal) for card in chosen]
            )
            sent.update(chosen)
        wait = dice.random() < 0.5
        work.append(
            lambda gateway=gateway, groups=groups, wait=wait: [
                row
                for group in groups
                for row in (
                    gateway.run(group, shop.network, shop.now, wait=True)
                    if wait
                    else until_answered(shop, gateway, group)
                )
            ]
        )
    outcomes = [row for rows in together(work) for row in rows]
    assert Counter(row.rc for row in outcomes) == {"00": sum(sent.values())}
    for card in cards:
        assert shop.balance(card, "GIFT") == 10000 - sent[card]
    assert shop.broken() == []


def test_random_dependent_groups_of_many_gateways_keep_every_cent(
    shop: Shop, gateways, dice: random.Random
):
    """Waves lock more cards later on: a deadlock is retried, nothing is lost."""
    cards = [shop.gift(10000, serial) for serial in range(6)]
    terminals = ["00000011", "00000012", "00000021"]
    work = []
    for gateway, terminal in zip(gateways, terminals, strict=False):
        groups = []
        for _ in range(3):
            group = []
            for _ in range(3):
                hold = shop.request(
                    "authorize", dice.choice(cards), 10, terminal=terminal
                )
                group.append(hold)
                end = dice.choice(["confirm", "reverse"])
                group.append(shop.request(end, original=hold, terminal=terminal))
            groups.append(group)
        work.append(
            lambda gateway=gateway, groups=groups: [
                row
                for group in groups
                for row in gateway.run(group, shop.network, shop.now, wait=True)
            ]
        )
    outcomes = [row for rows in together(work) for row in rows]
    assert {row.rc for row in outcomes} == {"00"}
    captured = [r for r in outcomes if r.request.command == "confirm"]
    left = sum(shop.balance(card, "GIFT") for card in cards)
    assert left == 60000 - 10 * len(captured)
    assert shop.broken() == []


def test_two_expiries_at_once_release_each_hold_once(shop: Shop, gateways):
    cards = [shop.gift(2000, serial) for serial in range(10)]
    for card in cards:
        shop.do("authorize", card, 700)
    shop.later(seconds=301)
    counts = together(
        [
            lambda gateway=gateway: gateway.expire_holds(shop.network, shop.now)
            for gateway in gateways
        ]
    )
    assert sum(counts) + shop.expire() == 10
    assert all(shop.available(card, "GIFT") == 2000 for card in cards)
    assert shop.broken() == []


def test_two_settlements_at_once_cover_each_operation_once(shop: Shop, gateways):
    for serial in range(10):
        shop.gift(2000, serial)
    shop.later(hours=1)
    found = together(
        [
            lambda gateway=gateway: gateway.build_settlement(
                shop.network, shop.now, shop.now
            )
            for gateway in gateways
        ]
    )
    assert sorted(number is None for number in found) == [False, True, True, True]
    rows = shop.sql(
        "SELECT count(*), count(DISTINCT operation_id) FROM ekarte.settlement_operation"
    )
    assert rows == [(10, 10)]


def test_sealing_goes_on_while_operations_are_booked(shop: Shop, gateways):
    cards = [shop.gift(10000, serial) for serial in range(4)]
    stop = threading.Event()

    def sealing() -> int:
        count = 0
        while not stop.is_set():
            count += gateways[0].seal(shop.now)
        return count

    def selling() -> list[str]:
        try:
            return [
                row.rc
                for _ in range(40)
                for row in gateways[1].run(
                    [shop.request("sale", card, 1) for card in cards],
                    shop.network,
                    shop.now,
                )
            ]
        finally:
            stop.set()

    sealed, rcs = together([sealing, selling])
    assert set(rcs) == {"00"}
    assert sealed + shop.ledger.seal(shop.now) == 164
    assert shop.ledger.seal(shop.now) == 0
    assert shop.broken() == []
