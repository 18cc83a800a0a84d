"""The rest of a purchase is paid by bank card: here and there, or nowhere."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ekarte_core import Answer, Keyring
from tests.gateway import bank_town, town
from tests.gateway.bank_town import (
    Acquirer,
    booked,
    calm,
    open_holds,
    part,
    settle,
)
from tests.gateway.conftest import BANK_ENV, BANK_KEY, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem
from tests.gateway.shop import ask, balance, gift_card, order

CHIP = "9F2608CAFECAFECAFECAFE9F2701809F100706010A03A0A800"


@pytest.fixture(scope="module")
def host() -> Iterator[Acquirer]:
    """One host for the tests that only change its mood."""
    with Acquirer(BANK_KEY) as made:
        yield made


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NullModem]:
    """A serial line between the gateway and a terminal."""
    modem = NullModem(tmp_path_factory.mktemp("line"))
    yield modem
    modem.close()


@pytest.fixture(scope="module")
def open_shop(
    host: Acquirer,
    line: NullModem,
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    bank_keys: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    """One gateway for them."""
    folder = tmp_path_factory.mktemp("bank")
    made = GatewayProcess(
        new_ledger(),
        keyring,
        keyring_file,
        folder,
        **BANK_ENV,
        EKARTE_BANK_KEYS=str(bank_keys),
        EKARTE_SERIAL=f"{line.gateway_path}={bank_town.LINE}@115200",
    )
    publish(made.dsn, folder, **bank_town.network(host.port))
    made.start_ready()
    made.wait_for_event("bank signed on")
    made.wait_for_event("line open")
    yield made
    assert made.stop() == 0
    assert made.broken_invariants() == []


@pytest.fixture
def shop(open_shop: GatewayProcess, host: Acquirer) -> Iterator[GatewayProcess]:
    """The gateway, with the bank in its usual mood and a clean book."""
    calm(open_shop, host)
    yield open_shop
    open_shop.hang_up()


def club_sale(shop: GatewayProcess, amount: int, **fields: Any) -> Answer:
    """A sale of a club card with 5 % off; the rest by bank card."""
    fields.setdefault("card", town.club_number())
    fields.setdefault("bank", part())
    return ask(shop.http(bank_town.BANK), "sale", amount=amount, **fields)


def test_the_bank_is_asked_for_the_discounted_amount(shop, host):
    answer = club_sale(shop, 2000)
    assert (answer.rc, answer.discount, answer.amount_due) == ("00", 100, 1900)
    assert answer.bank is not None
    assert (answer.bank.rc, answer.bank.amount) == ("00", 1900)
    (entry,) = host.purchases()
    assert entry["amount"] == 1900
    assert entry["number"] == bank_town.NUMBER
    assert answer.bank.rrn == entry["reference"]
    assert host.book()["faults"] == []
    assert booked(shop) == host.charged() == [1900]
    assert shop.broken_invariants() == []


def test_the_same_over_iso_8583(shop, host):
    till = shop.iso(bank_town.ISO)
    for value, expiry in ((bank_town.TRACK2, ""), (bank_town.NUMBER, "2912")):
        request = order(
            "sale",
            till,
            card=town.club_number(),
            amount=2000,
            bank=part(value, expiry=expiry, pin_block="A1B2C3D4E5F60718"),
        )
        answer = till.send(request)
        assert (answer.rc, answer.bank.rc, answer.bank.amount) == ("00", "00", 1900)
        first = till.last_raw
        till.send(request, repeat=True)
        assert till.last_raw == first
    assert host.charged() == [1900, 1900]
    assert bank_town.NUMBER not in shop.log_text()


def test_the_same_over_a_serial_line(shop, host, line):
    till = shop.on_line(line.terminal_path, bank_town.LINE)
    bank = part(pin_block="A1B2C3D4E5F60718", chip=CHIP)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=bank)
    answer = till.send(request)
    assert (answer.rc, answer.bank.rc, answer.bank.amount) == ("00", "00", 1900)
    assert till.send(request) == answer
    host.mood("decline")
    declined = order("sale", till, card=town.club_number(), amount=3000, bank=bank)
    answer = till.send(declined)
    assert (answer.rc, answer.bank.rc) == ("05", "51")
    assert ask(till, "reverse", original=request.operation).rc == "00"
    settle(shop)
    assert host.charged() == booked(shop) == []
    (entry, _) = host.purchases()
    assert entry["terminal"].strip() == "T0067"


@pytest.mark.parametrize("number", [bank_town.BANK, bank_town.ISO])
def test_a_chips_data_go_to_the_bank_as_they_came_and_stay_nowhere(shop, host, number):
    till = shop.iso(number) if number == bank_town.ISO else shop.http(number)
    request = order(
        "sale", till, card=town.club_number(), amount=2000, bank=part(chip=CHIP)
    )
    assert till.send(request).rc == "00"
    first = till.last_raw
    other = CHIP.replace("CAFE", "BABE")  # a chip says something new each time
    again = msgspec.structs.replace(request, bank=part(chip=other))
    till.send(again)
    assert till.last_raw == first
    (told,) = [m for m in host.book()["seen"] if m["t"] == "0200"]
    assert (told["55"], told["22"]) == (CHIP, "052")
    tables = shop.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'")
    for (table,) in tables:
        text = str(shop.sql(f"SELECT t::text FROM ekarte.{table} AS t"))
        assert "CAFE" not in text, table
        assert "cafe" not in text, table
    assert "CAFE" not in shop.log_text()


@pytest.mark.parametrize("chip", ["9F2", "9G", "00" * 256])
def test_what_is_no_chip_data_is_refused_by_name_alone(shop, host, chip):
    till = shop.http(bank_town.BANK)
    sale = {"card": town.club_number(), "amount": 2000}
    answer = ask(till, "sale", bank=part(chip=chip), **sale)
    assert (answer.rc, answer.field) == ("30", "bank.chip")
    assert chip not in answer.message
    assert host.purchases() == []


def test_what_the_card_pays_is_not_asked_of_the_bank(shop, host):
    till = shop.http(bank_town.BANK)
    value = gift_card(till, 5000)
    answer = club_sale(shop, 7000, card=value, tender={"gift": 5000})
    assert answer.rc == "00"
    assert host.charged() == [2000]
    assert balance(till, value) == 0


def test_nothing_is_asked_of_the_bank_when_nothing_is_due(shop, host):
    till = shop.http(bank_town.BANK)
    value = gift_card(till, 5000)
    answer = club_sale(shop, 3000, card=value)
    assert (answer.rc, answer.amount_due, answer.bank) == ("00", 0, None)
    assert host.purchases() == []
    assert balance(till, value) == 2000


@pytest.mark.parametrize(
    ("mood", "rc", "said"),
    [
        ("decline", "05", "51"),
        ("drop", "91", "91"),
        ("swallow", "91", "91"),
        ("late", "91", "91"),
        ("garbage", "91", "91"),
        ("hang_up", "91", "91"),
        ("unclear", "91", "91"),
        ("partial", "91", "91"),
        ("wrong_amount", "91", "91"),
    ],
)
def test_what_the_bank_does_not_clearly_approve_stands_nowhere(
    shop, host, mood, rc, said
):
    till = shop.http(bank_town.BANK)
    value = gift_card(till, 5000)
    host.mood(mood)
    answer = club_sale(shop, 7000, card=value, tender={"gift": 5000})
    assert (answer.rc, answer.bank.rc) == (rc, said), answer
    assert till.last_status == 200
    settle(shop)
    assert host.charged() == []
    assert booked(shop) == []
    assert open_holds(shop) == 0
    assert balance(till, value) == 5000
    assert shop.broken_invariants() == []


@pytest.mark.parametrize("mood", ["approve", "slow", "twice"])
def test_what_the_bank_approves_stands_in_both(shop, host, mood):
    host.mood(mood)
    assert club_sale(shop, 2000).rc == "00"
    settle(shop)
    assert booked(shop) == host.charged() == [1900]


def test_a_refusal_of_the_ledger_is_not_asked_of_the_bank(shop, host):
    answer = club_sale(shop, 2000, card="9990009999999999")
    assert answer.rc == "14"
    assert host.purchases() == []
    settle(shop)
    assert open_holds(shop) == 0


@pytest.mark.parametrize("mood", ["approve", "decline", "swallow"])
def test_a_repeat_is_the_same_to_the_byte_and_asks_nobody(shop, host, mood):
    host.mood(mood)
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    till.send(request)
    first = till.last_raw
    settle(shop)
    for code in ("", "0123456789ABCDEF"):  # a device enciphers its code anew
        again = msgspec.structs.replace(request, bank=part(pin_block=code))
        till.send(again)
        assert till.last_raw == first
    assert len(host.purchases()) == 1
    assert host.purchases()[0]["asked"] == 1


def test_the_same_number_with_other_content_is_refused(shop, host):
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    assert till.send(request).rc == "00"
    for changes in (
        {"amount": 2100},
        {"bank": part("4000001234567907")},
        {"bank": None},
    ):
        other = msgspec.structs.replace(request, **changes)
        assert till.send(other).rc == "94", changes
    assert host.charged() == [1900]


def test_a_number_used_without_a_bank_is_refused_with_one(shop, host):
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000)
    assert till.send(request).rc == "00"
    other = msgspec.structs.replace(request, bank=part())
    assert till.send(other).rc == "94"
    assert host.purchases() == []


def test_status_shows_what_was_told(shop, host):
    till = shop.http(bank_town.BANK)
    for mood in ("approve", "decline", "swallow"):
        host.mood(mood)
        request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
        told = till.send(request)
        answer = ask(till, "status", original=request.operation)
        assert answer.rc == "00"
        assert answer.original == told


def test_a_reversal_undoes_it_here_and_there(shop, host):
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    assert till.send(request).rc == "00"
    back = order("reverse", till, original=request.operation)
    assert till.send(back).rc == "00"
    first = till.last_raw
    till.send(back)
    assert till.last_raw == first
    settle(shop)
    assert booked(shop) == host.charged() == []
    assert shop.broken_invariants() == []


def test_a_reversal_that_the_ledger_refuses_leaves_the_bank_alone(shop, host):
    """Goods have come back meanwhile: the purchase cannot be undone any more."""
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    assert till.send(request).rc == "00"
    assert ask(till, "refund", original=request.operation, amount=500).rc == "00"
    assert ask(till, "reverse", original=request.operation).rc == "77"
    settle(shop)
    assert host.charged() == [1900]


def test_a_reversal_that_comes_first_keeps_the_bank_unasked(shop, host):
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    assert ask(till, "reverse", original=request.operation).rc == "00"
    assert till.send(request).rc != "00"
    assert host.purchases() == []


def test_a_pump_pays_what_was_delivered(shop, host):
    till = shop.http(bank_town.PUMP)
    held = order("authorize", till, card=town.club_number(), amount=5000, bank=part())
    answer = till.send(held)
    assert (answer.rc, answer.bank.amount) == ("00", 4750)
    first = till.last_raw
    till.send(held)
    assert till.last_raw == first
    done = order("confirm", till, original=held.operation, amount=3200)
    answer = till.send(done)
    assert (answer.rc, answer.amount_due, answer.bank.amount) == ("00", 3040, 3040)
    first = till.last_raw
    till.send(done)
    assert till.last_raw == first
    settle(shop)
    (entry,) = host.purchases()
    assert (entry["amount"], entry["completed"], entry["reversed"]) == (
        4750,
        3040,
        False,
    )
    assert booked(shop) == host.charged() == [3040]
    assert host.book()["faults"] == []


@pytest.mark.parametrize("ends", ["reverse", "expiry"])
def test_an_authorization_that_is_given_up_is_reversed_at_the_bank(
    make_shop, host, tmp_path, ends
):
    shop = make_shop()
    calm(shop, host)
    if ends == "expiry":
        changes = bank_town.network(host.port)
        (pump,) = (t for t in changes["terminals"] if t["id"] == bank_town.PUMP)
        pump["hold_s"] = 1
        publish(shop.dsn, tmp_path, **changes)
        shop.wait_until(lambda: shop.ready()["network_version"] == 3, "in use")
    till = shop.http(bank_town.PUMP)
    held = order("authorize", till, card=town.club_number(), amount=5000, bank=part())
    assert till.send(held).rc == "00"
    if ends == "reverse":
        assert ask(till, "reverse", original=held.operation).rc == "00"
    settle(shop)
    assert host.charged() == []
    assert open_holds(shop) == 0
    assert ask(till, "confirm", original=held.operation).rc != "00"


def test_a_confirmed_authorization_can_be_reversed(shop, host):
    till = shop.http(bank_town.PUMP)
    held = order("authorize", till, card=town.club_number(), amount=5000, bank=part())
    till.send(held)
    done = order("confirm", till, original=held.operation, amount=3200)
    assert till.send(done).rc == "00"
    assert ask(till, "reverse", original=done.operation).rc == "00"
    settle(shop)
    assert booked(shop) == host.charged() == []


def test_reversals_are_repeated_until_they_are_acknowledged(shop, host):
    host.mood("swallow", follow="drop")
    assert club_sale(shop, 2000).rc == "91"
    shop.wait_until(
        lambda: sum(m["t"] == "0401" for m in host.book()["seen"]) >= 3, "repeated"
    )
    assert shop.metric("ekarte_bank_messages_waiting") == 1
    host.mood("approve")
    settle(shop)
    kinds = [m["t"] for m in host.book()["seen"] if m["t"] in ("0400", "0401")]
    assert kinds[0] == "0400"
    assert set(kinds[1:]) == {"0401"}
    messages = {
        tuple(sorted((k, v) for k, v in m.items() if k not in ("t", "bm", "64", "128")))
        for m in host.book()["seen"]
        if m["t"] in ("0400", "0401")
    }
    assert len({tuple(p for p in m if p[0] != "p") for m in messages}) == 1
    assert host.charged() == []


def test_while_the_bank_is_away_the_answer_comes_at_once(shop, host):
    host.do(signs_on=False, hang_up=True)
    shop.wait_until(lambda: shop.metric("ekarte_bank_up") == 0, "the line is lost")
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000, bank=part())
    assert till.send(request).rc == "91"
    assert till.last_status == 503
    host.do(signs_on=True)
    shop.wait_until(lambda: shop.metric("ekarte_bank_up") == 1, "signed on again")
    assert till.send(request).rc == "00"
    assert host.charged() == [1900]


def test_a_terminal_without_an_acquirer_is_told_so(shop, host):
    till = shop.http(bank_town.NO_BANK)
    answer = ask(till, "sale", card=town.club_number(), amount=2000, bank=part())
    assert answer.rc == "92"
    assert host.purchases() == []


def test_without_banks_a_bank_part_has_no_route(gateway):
    till = gateway.http()
    answer = ask(till, "sale", card=town.club_number(), amount=2000, bank=part())
    assert (answer.rc, answer.field) == ("92", "bank")


def test_an_ordinary_sale_at_such_a_terminal_asks_no_bank(shop, host):
    till = shop.http(bank_town.BANK)
    request = order("sale", till, card=town.club_number(), amount=2000)
    assert till.send(request).bank is None
    assert ask(till, "reverse", original=request.operation).rc == "00"
    assert host.purchases() == []


def test_neither_database_nor_logs_hold_the_bank_cards_number(make_shop, host):
    shop = make_shop(reversal_card=True)
    calm(shop, host)
    host.mood("swallow", follow="drop")
    assert club_sale(shop, 2000, bank=part(pin_block="A1B2C3D4E5F60718")).rc == "91"
    assert shop.sql("SELECT count(*) FROM ekarte.bank_card") == [(1,)]
    tables = shop.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'")
    for (table,) in tables:
        text = str(shop.sql(f"SELECT t::text FROM ekarte.{table} AS t"))
        for secret in (bank_town.NUMBER, bank_town.NUMBER.encode().hex(), "A1B2C3D4"):
            assert secret not in text, table
    assert bank_town.NUMBER not in shop.log_text()
    assert "A1B2C3D4" not in shop.log_text()
    host.mood("approve")
    settle(shop)
    assert shop.sql("SELECT count(*) FROM ekarte.bank_card") == [(0,)]
    named = [m for m in host.book()["seen"] if m["t"] in ("0400", "0401")]
    assert {m["2"] for m in named} == {bank_town.NUMBER}
    assert host.book()["faults"] == []


def test_a_reversal_goes_without_the_number_where_nobody_asks_for_it(shop, host):
    host.mood("swallow")
    club_sale(shop, 2000)
    settle(shop)
    assert all("2" not in m for m in host.book()["seen"] if m["t"] == "0400")
    assert host.charged() == []
