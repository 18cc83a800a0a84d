"""Whatever dies between two steps: booked and charged, or neither, to the cent."""

import random
import threading
import time
from typing import Any

import pytest

from ekarte_auth_gateway.testing import HttpTerminal, TerminalError
from ekarte_core import Answer, Request
from tests.gateway import bank_town, town
from tests.gateway.bank_town import Acquirer, booked, open_holds, part, settle
from tests.gateway.conftest import BANK_ENV, BANK_KEY, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order

DYING = "tests.gateway.dying_gateway"
NEVER = "1000000"
STEPS_MAX = 20
TRIES_MAX = 600


def send(till: Any, request: Request) -> Answer | None:
    """One try; None where nobody answered, or nothing certain."""
    try:
        answer = till.send(request)
    except (TerminalError, OSError):
        return None
    return None if till.last_status == 503 else answer


def insist(till: Any, request: Request) -> Answer:
    """Repeat with the same number until there is an answer, as a terminal does."""
    for _ in range(TRIES_MAX):
        answer = send(till, request)
        if answer is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("no answer at all")


def start_dying(shop: GatewayProcess, operation: int, at: int) -> None:
    """Have it die after so many steps of an operation; started where it is not."""
    order_file = shop.log_file.with_name("order")
    order_file.write_text(f"{operation} {at}")
    if shop.module != DYING:
        shop.kill()  # it runs as itself
        shop.module = DYING
    if not shop.is_started:
        seen = len(shop.logs())
        shop.start_ready(DIE_ORDER=str(order_file))
        shop.wait_for_event("bank signed on", seen)


def check(shop: GatewayProcess, host: Acquirer) -> None:
    """The host's book and our ledger say the same."""
    settle(shop)
    assert sorted(booked(shop)) == sorted(host.charged())
    assert host.book()["faults"] == []
    assert open_holds(shop) == 0
    assert shop.broken_invariants() == []
    assert all(entry["asked"] == 1 for entry in host.purchases())


@pytest.mark.parametrize("mood", ["approve", "decline", "swallow"])
def test_killed_after_any_step_it_ends_in_both_or_in_neither(make_shop, host, mood):
    """Step by step until one goes through unharmed; gift money must be there, too."""
    shop = make_shop()
    till = shop.http(bank_town.BANK)
    value = gift_card(till, 50_000)
    host.mood(mood)
    spent, died = 0, 0
    shop.kill()
    for at in range(1, STEPS_MAX):
        number = town.operation()
        start_dying(shop, number, at)
        till = shop.http(bank_town.BANK)
        request = order(
            "sale",
            till,
            operation=number,
            card=value,
            amount=2000 + at,
            tender={"gift": 500},
            bank=part(),
        )
        first = send(till, request)
        if first is None:
            died += 1
            shop.kill()
            start_dying(shop, number, int(NEVER))
            till = shop.http(bank_town.BANK)
        answer = insist(till, request)
        raw = till.last_raw
        assert insist(till, request) == answer
        assert till.last_raw == raw
        if answer.rc == "00":
            assert answer.bank.amount == answer.amount_due == 1500 + at
            spent += 500
        check(shop, host)
        assert balance(till, value) == 50_000 - spent
        if first is not None:
            break
    assert died >= 5
    assert first is not None, "there is no end to the steps"


def test_killed_while_it_is_reversed_it_is_reversed_in_both(make_shop, host):
    shop = make_shop()
    shop.kill()
    died = 0
    for at in range(1, STEPS_MAX):
        number, back = town.operation(), town.operation()
        start_dying(shop, number, int(NEVER))
        till = shop.http(bank_town.BANK)
        card = town.club_number()
        sale = order(
            "sale", till, operation=number, card=card, amount=1000, bank=part()
        )
        assert insist(till, sale).rc == "00"
        start_dying(shop, number, at)
        till = shop.http(bank_town.BANK)
        undo = order("reverse", till, operation=back, original=number)
        first = send(till, undo)
        if first is None:
            died += 1
            shop.kill()
            start_dying(shop, number, int(NEVER))
            till = shop.http(bank_town.BANK)
        assert insist(till, undo).rc == "00"
        check(shop, host)
        assert host.charged() == []
        if first is not None:
            break
    assert died >= 1


def test_killed_twice_while_it_is_taken_up_it_still_ends(make_shop, host):
    shop = make_shop()
    shop.kill()
    for at in (1, 2, 3):
        number = town.operation()
        start_dying(shop, number, 4)  # the bank has approved by then
        till = shop.http(bank_town.BANK)
        request = order(
            "sale",
            till,
            operation=number,
            card=town.club_number(),
            amount=1000,
            bank=part(),
        )
        assert send(till, request) is None
        shop.kill()
        shop.log_file.with_name("order").write_text(f"{number} {at}")
        shop.start()
        shop.kill_after(1.5)
        start_dying(shop, number, int(NEVER))
        till = shop.http(bank_town.BANK)
        insist(till, request)
        check(shop, host)


def test_what_one_gateway_leaves_another_ends(
    make_shop, host, keyring, keyring_file, bank_keys, tmp_path
):
    """Two on one ledger: one is killed for good, the other is not even restarted."""
    first = make_shop()
    folder = tmp_path / "second"
    folder.mkdir()
    second = GatewayProcess(
        first.dsn,
        keyring,
        keyring_file,
        folder,
        **BANK_ENV,
        EKARTE_BANK_KEYS=str(bank_keys),
    )
    try:
        second.start_ready()
        second.wait_for_event("bank signed on")
        first.kill()
        for at in (1, 3, 4, 5):
            number = town.operation()
            start_dying(first, number, at)
            till = first.http(bank_town.BANK)
            request = order(
                "sale",
                till,
                operation=number,
                card=town.club_number(),
                amount=1000,
                bank=part(),
            )
            assert send(till, request) is None
            other = second.http(bank_town.BANK)
            answer = insist(other, request)
            assert answer.rc in ("00", "91")
            check(second, host)
            first.kill()
    finally:
        second.kill()


STORM = {
    "approve": 6,
    "slow": 3,
    "twice": 2,
    "decline": 2,
    "drop": 1,
    "swallow": 2,
    "late": 2,
    "garbage": 1,
    "hang_up": 1,
    "unclear": 1,
    "wrong_amount": 1,
    "partial": 1,
}
FOLLOW_STORM = {"approve": 2, "drop": 1, "swallow": 1, "late": 1, "twice": 1}
TILLS = (bank_town.BANK, bank_town.BANK_2, bank_town.BANK_3, bank_town.BANK_4)


class Till(threading.Thread):
    """A terminal that sells, repeats what was not answered, and sometimes reverses."""

    def __init__(self, shop: GatewayProcess, number: str, seed: int, sales: int):
        super().__init__()
        self.shop = shop
        self.chance = random.Random(seed)
        self.sales = sales
        self.terminal = HttpTerminal(shop.url, number, shop.key(number))
        self.told: list[tuple[Request, bytes]] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        for _ in range(self.sales):
            request = order(
                "sale",
                self.terminal,
                card=town.club_number(),
                amount=self.chance.randrange(100, 9999),
                bank=part(),
            )
            answer = insist(self.terminal, request)
            self.told.append((request, self.terminal.last_raw))
            if answer.rc not in ("00", "05", "91"):
                self.wrong.append(answer.rc)
            if answer.rc == "00" and self.chance.random() < 0.2:
                self.reverse(request)

    def reverse(self, request: Request) -> None:
        back = order("reverse", self.terminal, original=request.operation)
        if insist(self.terminal, back).rc != "00":
            self.wrong.append("a reversal was refused")


def test_in_a_storm_the_hosts_book_and_ours_agree(make_shop, host):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    shop = make_shop(reversal_card=True)
    host.do(weights=STORM, follow_weights=FOLLOW_STORM, late_s=0.8, seed=seed)
    tills = [Till(shop, name, chance.random(), 12) for name in TILLS]
    for till in tills:
        till.start()
    kills = 0
    while any(till.is_alive() for till in tills):
        time.sleep(chance.uniform(0.2, 2.0))
        shop.kill()
        shop.start_ready()
        kills += 1
    host.mood("approve")
    check(shop, host)
    for till in tills:
        assert till.wrong == []
        for request, raw in till.told:
            insist(till.terminal, request)
            assert till.terminal.last_raw == raw
        till.terminal.close()
    assert ask(shop.http(bank_town.BANK), "echo").rc == "00"
    entries = host.purchases()
    print(f"{kills} kills, {len(entries)} purchases, {len(host.charged())} charged")
    assert kills > 1
    assert 0 < len(host.charged()) < len(entries)
    assert any(entry["reversed"] for entry in entries)


def test_a_bank_key_that_others_may_read_is_not_used(make_gateway, host, tmp_path):
    """All other tests here have one that is closed."""
    key = tmp_path / "ACQ1.key"
    key.write_text(BANK_KEY + "\n")
    key.chmod(0o644)
    gateway = make_gateway(EKARTE_BANK_KEYS=str(tmp_path), **BANK_ENV)
    publish(gateway.dsn, tmp_path, **bank_town.network(host.port))
    gateway.start_ready()
    told = gateway.wait_for_event("acquirer cannot be used")
    assert "chmod 640" in told["reason"]
    assert BANK_KEY not in gateway.log_text()
