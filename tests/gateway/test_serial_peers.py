"""Others at the end of the line: pyTeliumManager, and a cable that socat makes."""

import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from telium import Telium, TeliumAsk, TeliumResponse
from telium.manager import TerminalInitializationFailedException

from ekarte_auth_gateway.serial import Link
from ekarte_auth_gateway.serial.link import block_of
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem, OpenEnd
from tests.gateway.shop import ask, gift_card, order


class Device:
    """Our link at an end of a line, answering each body."""

    def __init__(self, end: OpenEnd, answer: Callable[[bytes], bytes]) -> None:
        self.heard: list[bytes] = []
        self.kinds: list[str] = []
        self._end = end
        self._answer = answer
        self._link = Link()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Device":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._end.handle], [], [], 0.02)
            now_s = time.monotonic()
            if ready:
                data = self._end.read(1)
                events = self._link.receive(data, now_s)
            else:
                events = self._link.tick(now_s)
            for event in events:
                self.kinds.append(event.kind)
                if event.kind == "message":
                    self.heard.append(event.body)
                    self._link.send(self._answer(event.body), now_s)
            if out := self._link.take_out():
                self._end.write(out)


@pytest.fixture
def end() -> Iterator[OpenEnd]:
    made = OpenEnd()
    yield made
    made.close()


def payment(amount: float) -> TeliumAsk:
    return TeliumAsk.new_payment(amount, target_currency="EUR", checkout_unique_id="42")


def approved(body: bytes) -> bytes:
    """What a bank's terminal answers, written by their own code."""
    asked = TeliumAsk.decode(block_of(body))
    response = TeliumResponse(
        "42", 0, asked.amount, "1", "4711690000000000".ljust(55), "978", "0123456789"
    )
    return response.encode().encode("ascii")[1:-2]


def test_a_foreign_cash_register_and_our_link_understand_each_other(end):
    with Device(end, approved) as device:
        register = Telium(end.path)
        assert register.is_ok()
        asked = payment(12.5)
        for _ in range(3):
            assert register.ask(asked)
            told = register.verify(asked, waiting_timeout=5)
            assert told is not None
            assert told.has_succeeded
            assert (told.amount, told.transaction_id) == (12.5, "0123456789")
        register.close()
    assert device.kinds == ["message", "sent"] * 3
    assert set(device.heard) == {asked.encode().encode("ascii")[1:-2]}


def test_a_foreign_cash_register_hears_nothing_where_nobody_is(end):
    register = Telium(end.path, timeout=0.3)
    assert not register.is_ok()
    with pytest.raises(TerminalInitializationFailedException):
        register.ask(payment(1.0))
    register.close()


def test_a_foreign_cash_register_on_the_gateways_line(make_gateway, tmp_path):
    """It speaks the link, not our bodies: what it says is taken, and answered 30."""
    modem = NullModem(tmp_path)
    gateway: GatewayProcess = make_gateway(
        EKARTE_SERIAL=f"{modem.gateway_path}={town.SERIAL_1}"
    ).start_ready()
    gateway.wait_for_event("line open")
    register = Telium(modem.terminal_path)
    assert register.is_ok()
    assert register.ask(payment(12.5))
    gateway.wait_for_event("message cannot be read")
    register.close()
    assert ask(gateway.on_line(modem.terminal_path), "echo").rc == "00"
    modem.close()


def test_a_day_over_a_cable_of_socat(make_gateway, tmp_path):
    ours, theirs = tmp_path / "gateway", tmp_path / "terminal"
    cable = subprocess.Popen(
        [
            "socat",
            f"pty,raw,echo=0,link={ours}",
            f"pty,raw,echo=0,link={theirs}",
        ]
    )
    try:
        gateway: GatewayProcess = make_gateway(
            EKARTE_SERIAL=f"{ours}={town.SERIAL_1}"
        ).start_ready()
        gateway.wait_for_event("line open")
        terminal = gateway.on_line(str(theirs))
        value = gift_card(terminal, 5000, code="271828")
        sale = order("sale", terminal, card=value, amount=700, access_code="271828")
        answer = terminal.send(sale)
        assert (answer.rc, answer.tendered) == ("00", {"gift": 700})
        told = ask(terminal, "status", original=sale.operation)
        assert told.original == answer
        back = ask(terminal, "refund", original=sale.operation, amount=200)
        assert back.rc == "00"
        closed = ask(terminal, "close", batch=1, totals=())
        assert closed.rc == "95"
        assert ask(terminal, "close", batch=1, totals=closed.totals).rc == "00"
        assert gateway.stop() == 0
        assert gateway.broken_invariants() == []
    finally:
        cable.terminate()
        cable.wait()
