"""A terminal that tries out cards is slowed down by every gateway, others are not."""

from datetime import datetime, timezone

import pytest

from ekarte_core import Answer, Offline
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order

FREE, FREE_ADVICES = 20, 200
STRANGE = "9999990000000000"


def guess(terminal) -> Answer:
    """Ask for cards that nobody has issued, until that is refused."""
    for tried in range(2 * FREE):
        answer = ask(terminal, "inquire", card=STRANGE)
        if answer.rc != "14":
            assert tried > FREE
            return answer
    raise AssertionError("nobody minds")


def guessed(terminal) -> str:
    return ask(terminal, "inquire", card=STRANGE).rc


@pytest.fixture
def gateway(make_gateway) -> GatewayProcess:
    return make_gateway().start_ready()


def test_who_tries_out_cards_waits_and_nobody_else(gateway):
    terminal, other = gateway.http(), gateway.http(town.HTTP_2)
    card = gift_card(other, 1000)
    hold = order("authorize", terminal, card=card, amount=100)
    assert terminal.send(hold).rc == "00"
    slowed = guess(terminal)
    assert (slowed.rc, terminal.last_status) == ("65", 429)
    wait_s = int(terminal.last_headers["Retry-After"])
    assert 0 < wait_s <= 2
    assert f"again in {wait_s} s" in slowed.message
    # What was begun can be ended, and the neighbour has noticed nothing.
    assert ask(terminal, "confirm", original=hold.operation).rc == "00"
    assert ask(terminal, "echo").rc == "00"
    assert ask(other, "sale", card=card, amount=1).rc == "00"
    told = gateway.wait_for_event("terminal slowed down")
    assert told["terminal"] == town.HTTP_1
    assert STRANGE not in gateway.log_text()


@pytest.mark.parametrize("transport", ["http", "iso"])
def test_who_waits_and_repeats_what_was_done_hears_that_it_was(gateway, transport):
    """65 would read as a refusal: the customer would pay again."""
    terminal = getattr(gateway, transport)()
    card = gift_card(terminal, 1000)
    sale = order("sale", terminal, card=card, amount=100)
    short = order("sale", terminal, card=card, amount=5000)
    said = []
    for request in (sale, short):
        terminal.send(request)  # as if the answer had been lost
        said.append(terminal.last_raw)
    assert guess(terminal).rc == "65"
    for request, raw in zip((sale, short), said, strict=True):
        terminal.send(request)
        assert terminal.last_raw == raw
    assert ask(terminal, "sale", card=card, amount=100).rc == "65"  # another number
    other = order("sale", terminal, card=STRANGE, amount=100, operation=sale.operation)
    assert terminal.send(other).rc == "94"
    assert balance(gateway.http(town.HTTP_2), card) == 900
    assert gateway.broken_invariants() == []


def test_who_is_let_go_on_and_repeats_does_not_wait_again(gateway):
    terminal = gateway.http()
    card = gift_card(terminal, 1000)
    guess(terminal)
    sale = order("sale", terminal, card=card, amount=100)
    gateway.wait_until(lambda: terminal.send(sale).rc == "00", "its turn", 10)
    raw = terminal.last_raw
    terminal.send(sale)
    assert terminal.last_raw == raw


def test_cards_are_not_tried_out_by_way_of_advices(gateway):
    terminal = gateway.http()
    card = gift_card(terminal, 1000)
    done = {"offline": Offline(command="sale", amount_due=100), "amount": 100}
    mine = {**done, "local_time": datetime.now(timezone.utc)}
    codes = ["14"]
    while codes[-1] == "14" and len(codes) < 2 * FREE_ADVICES:
        codes.append(ask(terminal, "advice", card=STRANGE, **mine).rc)
    assert len(codes) > FREE_ADVICES
    assert codes[-1] == "91"  # to be told later: what was done must be told
    assert int(terminal.last_headers["Retry-After"]) > 0
    assert ask(terminal, "sale", card=card, amount=100).rc == "00"


def test_wrong_codes_of_many_cards_count_over_iso_too(gateway):
    shop = gateway.http()
    cards = [gift_card(shop, 1000, code="4711") for _ in range(FREE // 2)]
    terminal = gateway.iso()
    codes = []
    for card in cards:
        for _ in range(3):
            paid = ask(terminal, "sale", card=card, amount=1, access_code="0000")
            codes.append(paid.rc)
    assert set(codes[:FREE]) <= {"55", "75"}
    assert codes[-1] == "65"
    assert ask(shop, "sale", card=cards[-1], amount=1, access_code="4711").rc == "00"


def test_a_restart_or_another_gateway_forgets_nothing(
    gateway, keyring, keyring_file, tmp_path
):
    guess(gateway.http())
    gateway.wait_until(lambda: shared(gateway) > 60 * FREE / 2 - 30, "shared", 10)
    # As if it had gone on elsewhere: the wait is then longer than a start takes.
    more = "UPDATE ekarte.terminal_guess SET clear_at = missed_at + '1 h' RETURNING 1"
    assert gateway.sql(more) == [(1,)]
    assert gateway.stop() == 0
    gateway.start_ready()
    assert guessed(gateway.http()) == "65"
    assert gateway.metric("ekarte_terminals_slowed") == 1
    (tmp_path / "two").mkdir()
    two = GatewayProcess(gateway.dsn, keyring, keyring_file, tmp_path / "two")
    try:
        two.start_ready()
        assert guessed(two.http()) == "65"
        assert guessed(two.http(town.HTTP_2)) == "14"
    finally:
        two.kill()


def shared(gateway) -> float:
    """Seconds of misses that the ledger has of the terminal."""
    query = (
        "SELECT coalesce(sum(extract(epoch FROM clear_at - missed_at)), 0)::float"
        " FROM ekarte.terminal_guess"
    )
    return float(gateway.sql(query)[0][0])


def test_a_busy_till_with_strange_cards_now_and_then_goes_on(gateway):
    terminal = gateway.http()
    card = gift_card(terminal, 10_000)
    for _ in range(FREE - 1):
        assert guessed(terminal) == "14"
        for _ in range(3):
            assert ask(terminal, "sale", card=card, amount=1).rc == "00"
