"""The same scenarios over every transport: the same answers, the same ledger."""

import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from ekarte_auth_gateway.nexo import api_key
from ekarte_core import Answer, Keyring
from tests.gateway import scenarios, town
from tests.gateway.conftest import publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.ledger_rows import QUERIES, rows_of, rows_of_batches
from tests.gateway.modem import NullModem
from tests.gateway.nexo_terminal import NexoTerminal
from tests.gateway.register import Register
from tests.gateway.scenarios import OVER_NEXO, SCENARIOS, Player

TRANSPORTS = ["http", "iso_a", "iso_b", "serial", "frame"]
Rows = dict[str, list[tuple[Any, ...]]]


class Day(NamedTuple):
    """All scenarios at one terminal: answers by scenario, and the ledger after them."""

    terminal: str
    answers: dict[str, list[Answer]]
    rows: Rows


def _terminal(transport: str, gateway: GatewayProcess, modem: NullModem) -> Any:
    if transport == "nexo":
        key = api_key(gateway.key(town.NEXO_1))
        return NexoTerminal(Register(gateway.nexo_port, town.NEXO_1, key))
    if transport == "http":
        return gateway.http(town.HTTP_1)
    if transport == "iso_a":
        return gateway.iso(town.ISO_1)
    if transport == "iso_b":
        return gateway.iso(town.ISO_B, profile="B")
    if transport == "serial":
        return gateway.on_line(modem.terminal_path)
    return gateway.frame()


@pytest.fixture(scope="module")
def day_of(
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Day]:
    """Play the day on a transport, once; each on a ledger of its own."""
    days: dict[str, Day | AssertionError] = {}

    def play(transport: str) -> Day:
        folder = tmp_path_factory.mktemp(transport)
        modem = NullModem(folder)
        dsn = new_ledger()
        publish(dsn, folder, **scenarios.document())
        gateway = GatewayProcess(
            dsn,
            keyring,
            keyring_file,
            folder,
            EKARTE_SERIAL=f"{modem.gateway_path}={town.SERIAL_1}@115200",
        )
        try:
            gateway.start_ready()
            gateway.wait_for_event("line open")
            terminal = _terminal(transport, gateway, modem)
            now = datetime.now(timezone.utc)
            names = OVER_NEXO if transport == "nexo" else tuple(SCENARIOS)
            answers = {name: Player(terminal, name, now).play() for name in names}
            assert gateway.stop() == 0
            assert gateway.broken_invariants() == []
            return Day(terminal.terminal_id, answers, rows_of(gateway))
        finally:
            gateway.kill()
            modem.close()

    def day(transport: str) -> Day:
        if transport not in days:
            try:
                days[transport] = play(transport)
            except AssertionError as fault:  # once is enough
                days[transport] = fault
        played = days[transport]
        if isinstance(played, AssertionError):
            raise played
        return played

    return day


@pytest.mark.parametrize("table", QUERIES)
@pytest.mark.parametrize("transport", TRANSPORTS[1:])
def test_the_ledger_is_the_same_row_by_row(day_of, transport, table):
    rows = day_of(transport).rows[table]
    assert rows, f"no {table}: nothing was compared"
    assert rows == day_of("http").rows[table]


VOUCHER = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}")


def plain(answer: Answer, terminal: str) -> Answer:
    """An answer without what differs from ledger to ledger: numbers, codes, times."""

    def hide(text: str) -> str:
        shown = VOUCHER.sub("V", text.replace(terminal, "T"))
        return re.sub(r"\d+", "0", shown)

    def without(struct: Any, **hidden: Any) -> Any:
        return msgspec.structs.replace(struct, **hidden)

    return without(
        answer,
        txn=hide(answer.txn),
        auth_code=hide(answer.auth_code),
        field="",  # named as the transport names it
        hold_until=None,
        server_time=None,
        explain=tuple(VOUCHER.sub("V", one) for one in answer.explain),
        vouchers=tuple(
            without(one, code="", valid_until=None) for one in answer.vouchers
        ),
        slip=tuple(
            without(line, text=hide(line.text), right=hide(line.right))
            for line in answer.slip
        ),
        original=plain(answer.original, terminal) if answer.original else None,
    )


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("transport", TRANSPORTS[1:])
def test_the_answers_are_the_same(day_of, transport, name):
    told, expected = (
        [plain(answer, day.terminal) for answer in day.answers[name]]
        for day in (day_of(transport), day_of("http"))
    )
    for place, pair in enumerate(zip(told, expected, strict=True), start=1):
        differs = {
            row.name: values
            for row in msgspec.structs.fields(Answer)
            if (values := [getattr(one, row.name) for one in pair])[0] != values[1]
        }
        assert differs == {}, f"step {place}"


# --- cash registers: what nexo has words for


def test_over_nexo_the_ledger_is_the_same_as_far_as_nexo_goes(day_of):
    batches = {1 + list(SCENARIOS).index(name) for name in OVER_NEXO}
    told, expected = (
        rows_of_batches(day_of(transport).rows, batches)
        for transport in ("nexo", "http")
    )
    for table, rows in expected.items():
        assert told[table] == rows, table
    assert len(expected["operations"]) > len(OVER_NEXO)


def test_over_nexo_the_answers_say_the_same(day_of):
    """What the card has paid, the discount, and the points that came or went."""

    def spoken(answers: list[Answer], over_nexo: bool) -> list[Any]:
        return [
            (
                one.rc,
                one.tendered.get("card", 0)
                if over_nexo
                else sum(one.tendered.values()) - one.price_reduction,
                one.discount,
                abs(sum(row.points for row in one.earned)),
            )
            if name in ("sale", "authorize", "confirm", "accrue")
            else one.rc
            for name, one in zip(commands, answers, strict=True)
        ]

    for name in OVER_NEXO:
        commands = [made.command for made in SCENARIOS[name]]
        told = spoken(day_of("nexo").answers[name], over_nexo=True)
        assert told == spoken(day_of("http").answers[name], over_nexo=False), name
