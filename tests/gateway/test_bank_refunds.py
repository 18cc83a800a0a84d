"""Goods paid by bank card come back: so does the money, to the same card."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ekarte_core import Keyring, LedgerConnection, Offline, Original, Request
from tests.gateway import bank_town, town
from tests.gateway.bank_town import Acquirer, calm, given_back, part, settle
from tests.gateway.conftest import BANK_ENV, BANK_KEY, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order
from tests.gateway.test_bank_kills import NEVER, STEPS_MAX, insist, send, start_dying


@pytest.fixture(scope="module")
def host() -> Iterator[Acquirer]:
    with Acquirer(BANK_KEY) as made:
        yield made


@pytest.fixture(scope="module")
def open_shop(
    host: Acquirer,
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    bank_keys: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("bank_refunds")
    env = {**BANK_ENV, "EKARTE_BANK_KEYS": str(bank_keys)}
    made = GatewayProcess(new_ledger(), keyring, keyring_file, folder, **env)
    publish(made.dsn, folder, **bank_town.network(host.port))
    made.start_ready()
    made.wait_for_event("bank signed on")
    yield made
    made.kill()
    assert made.broken_invariants() == []


@pytest.fixture
def shop(open_shop: GatewayProcess, host: Acquirer) -> Iterator[GatewayProcess]:
    calm(open_shop, host)
    yield open_shop
    open_shop.hang_up()


@pytest.fixture
def till(shop: GatewayProcess) -> Any:
    return shop.http(bank_town.BANK)


def bought(till: Any, amount: int = 2000, **fields: Any) -> Request:
    """A sale of a club card with 5 % off; the rest by bank card."""
    fields.setdefault("card", town.club_number())
    request = order("sale", till, amount=amount, bank=part(), **fields)
    assert till.send(request).rc == "00"
    return request


def test_goods_come_back_in_parts_and_the_bank_is_told_of_each(shop, host, till):
    sale = bought(till)
    first = ask(till, "refund", original=sale.operation, amount=500)
    assert (first.rc, first.amount_due) == ("00", 475)
    assert (first.bank.rc, first.bank.amount) == ("09", 475)
    assert [line.right for line in first.slip[-2:]] == ["****7899", "4.75 EUR"]
    rest = ask(till, "refund", original=sale.operation, amount=1500)
    assert rest.bank.amount == 1425
    more = ask(till, "refund", original=sale.operation, amount=1)
    assert (more.rc, more.bank) == ("13", None)
    settle(shop)
    assert sorted(given_back(host)) == [475, 1425]
    assert host.charged() == [1900]
    told = [m for m in host.book()["seen"] if m.get("3") == "200000"]
    purchase = next(m for m in host.book()["seen"] if m["t"] == "0200")
    for message in told:
        assert message["t"] == "0220"
        assert message["90"][:20] == "0200" + purchase["11"] + purchase["7"]
        assert message["37"] != purchase["37"]
    assert host.book()["faults"] == []


def test_a_repeat_is_the_same_to_the_byte_and_gives_back_once(shop, host, till):
    sale = bought(till)
    refund = order("refund", till, original=sale.operation, amount=500)
    till.send(refund)
    first = till.last_raw
    for _ in range(2):
        till.send(refund)
        assert till.last_raw == first
    other = msgspec.structs.replace(refund, amount=600)
    assert till.send(other).rc == "94"
    answer = ask(till, "status", original=refund.operation)
    assert answer.original.bank.amount == 475
    settle(shop)
    assert given_back(host) == [475]


def test_what_the_loyalty_card_paid_goes_back_to_it_and_the_rest_to_the_bank(
    shop, host, till
):
    value = gift_card(till, 500)
    sale = bought(till, 2000, card=value, tender={"gift": 500})
    assert ask(till, "refund", original=sale.operation, amount=2000).bank.amount == 1500
    settle(shop)
    assert given_back(host) == [1500]
    assert balance(till, value) == 500


def test_what_the_bank_had_no_part_in_is_not_told_to_it(shop, host, till):
    value = gift_card(till, 5000)
    sale = bought(till, 2000, card=value)
    answer = ask(till, "refund", original=sale.operation, amount=2000)
    assert (answer.rc, answer.bank) == ("00", None)
    cash = order("sale", till, card=town.club_number(), amount=1000)
    assert till.send(cash).rc == "00"
    assert ask(till, "refund", original=cash.operation, amount=1000).bank is None
    settle(shop)
    assert host.book()["refunds"] == {}


def test_of_what_was_paid_out_offline_no_bank_hears(shop, host, till):
    """The customer has that money: 4.75 in cash of the 19.00."""
    sale = bought(till)
    advice = order(
        "advice",
        till,
        card=sale.card,
        original=sale.operation,
        amount=500,
        local_time=datetime.now().astimezone(),
        offline=Offline(command="refund", amount_due=475),
    )
    assert (till.send(advice).rc, due_of(shop, advice)) == ("00", 475)
    answer = ask(till, "refund", original=sale.operation, amount=400)
    assert (answer.rc, answer.bank.amount) == ("00", 380)
    settle(shop)
    assert given_back(host) == [380]


def test_of_what_odoos_till_gives_back_no_bank_hears(shop, host, till):
    sale = bought(till)
    original = Original(terminal=sale.terminal, batch=1, operation=sale.operation)
    ledger = LedgerConnection(shop.dsn, shop.keyring)
    back = Request(
        command="refund",
        terminal=town.ODOO,
        batch=1,
        operation=town.operation(),
        original=original,
        amount=500,
    )
    now = datetime.now().astimezone()
    (outcome,) = ledger.run([back], ledger.network(None), now)
    ledger.close()
    assert (outcome.rc, due_of(shop, back)) == ("00", 475)
    assert ask(till, "refund", original=sale.operation, amount=400).bank.amount == 380
    settle(shop)
    assert given_back(host) == [380]


def test_a_refund_that_went_on_offline_was_paid_out_there(shop, host, till):
    """The desk began it and the ledger was not asked; then its advice came."""
    sale = bought(till)
    (course,) = shop.sql("SELECT max(id) FROM ekarte.bank_operation")[0]
    advice = order(
        "advice",
        till,
        card=sale.card,
        original=sale.operation,
        amount=500,
        local_time=datetime.now().astimezone(),
        offline=Offline(command="refund", amount_due=475),
    )
    begun(shop, course, advice)
    assert till.send(advice).rc == "00"
    assert ask(till, "refund", original=sale.operation, amount=400).bank.amount == 380
    settle(shop)
    assert given_back(host) == [380]


def begun(shop: GatewayProcess, course: int, refund: Request) -> None:
    """Write that the desk has begun a refund, and then that nothing came of it."""
    shop.sql(
        """INSERT INTO ekarte.bank_step (operation_id, number, at, step, message,
               amount, rc, auth_code, rrn, reason)
           SELECT s.operation_id, max(s.number) + n.plus, now(), n.step, '', 0, '', '',
               '', n.reason
           FROM ekarte.bank_step AS s,
               (VALUES (1, 'refunding', %s), (2, 'kept', '')) AS n (plus, step, reason)
           WHERE s.operation_id = %s GROUP BY s.operation_id, n.plus, n.step, n.reason
           RETURNING 1""",
        f"{refund.terminal}/{refund.batch}/{refund.operation}",
        course,
    )


def due_of(shop: GatewayProcess, request: Request) -> int:
    """What the ledger says was due to the customer."""
    return int(
        shop.sql(
            "SELECT amount_due FROM ekarte.operation WHERE terminal = %s"
            " AND batch = %s AND number = %s",
            *(request.terminal, request.batch, request.operation),
        )[0][0]
    )


def test_a_pump_gives_back_of_what_was_delivered(shop, host):
    pump = shop.http(bank_town.PUMP)
    held = order("authorize", pump, card=town.club_number(), amount=5000, bank=part())
    assert pump.send(held).rc == "00"
    done = order("confirm", pump, original=held.operation, amount=4000)
    assert pump.send(done).rc == "00"
    assert ask(pump, "refund", original=done.operation, amount=1000).bank.amount == 950
    settle(shop)
    assert given_back(host) == [950]
    assert host.charged() == [3800]


@pytest.mark.parametrize("mood", ["drop", "swallow", "unclear", "late"])
def test_a_refund_is_told_until_the_bank_acknowledges(shop, host, till, mood):
    sale = bought(till)
    host.mood("approve", follow=mood)
    assert ask(till, "refund", original=sale.operation, amount=500).rc == "00"
    shop.wait_until(
        lambda: sum(m.get("3") == "200000" for m in host.book()["seen"]) >= 3,
        "repeated",
    )
    host.mood("approve")
    settle(shop)
    assert given_back(host) == [475]
    kinds = [m["t"] for m in host.book()["seen"] if m.get("3") == "200000"]
    assert (kinds[0], set(kinds[1:])) == ("0220", {"0221"})


def test_a_refund_that_the_bank_refuses_is_told_to_people_and_not_repeated(
    shop, host, till
):
    sale = bought(till)
    host.mood("approve", follow="decline")
    refund = order("refund", till, original=sale.operation, amount=500)
    assert till.send(refund).rc == "00"
    settle(shop)
    assert given_back(host) == []
    told = shop.wait_for_event("bank refuses a refund")
    assert (told["amount"], told["rc"]) == (475, "78")
    assert shop.sql("SELECT count(*) FROM ekarte.bank_delivery WHERE how = 'refused'")
    seen = sum(m.get("3") == "200000" for m in host.book()["seen"])
    host.mood("approve")
    till.send(refund)
    settle(shop)
    assert sum(m.get("3") == "200000" for m in host.book()["seen"]) == seen


def test_a_refund_is_reversed_here_and_there(shop, host, till):
    sale = bought(till)
    refund = order("refund", till, original=sale.operation, amount=500)
    assert till.send(refund).rc == "00"
    undo = order("reverse", till, original=refund.operation)
    for _ in range(2):
        assert till.send(undo).rc == "00"
    settle(shop)
    assert given_back(host) == []
    # Now nothing has gone back, and the sale itself can be reversed.
    assert ask(till, "reverse", original=sale.operation).rc == "00"
    settle(shop)
    assert host.charged() == []
    assert host.book()["faults"] == []


def test_killed_while_it_is_refunded_the_bank_is_told_once(make_shop, host):
    """Step by step until one goes through unharmed."""
    shop = make_shop()
    settle(shop)
    host.do(forget=True)
    shop.kill()
    told, died = [], 0
    for at in range(1, STEPS_MAX):
        number, back = town.operation(), town.operation()
        start_dying(shop, number, int(NEVER))
        till = shop.http(bank_town.BANK)
        bought(till, operation=number)
        start_dying(shop, number, at)
        till = shop.http(bank_town.BANK)
        refund = order(
            "refund", till, operation=back, original=number, amount=500 + 100 * at
        )
        first = send(till, refund)
        if first is None:
            died += 1
            shop.kill()
            start_dying(shop, number, int(NEVER))
            till = shop.http(bank_town.BANK)
        answer = insist(till, refund)
        assert answer.bank.amount == answer.amount_due
        told.append(answer.amount_due)
        settle(shop)
        assert sorted(given_back(host)) == sorted(told)
        if first is not None:
            break
    assert died >= 2
    assert host.book()["faults"] == []
    assert shop.broken_invariants() == []
