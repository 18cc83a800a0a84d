"""Lines of the real gateway: pseudo-terminals, raw bytes, real terminals."""

import os
import signal
import time

import pytest

from ekarte_auth_gateway.codec import frames, mac_of
from ekarte_auth_gateway.serial.link import ACK, ENQ, EOT, NAK, block_of
from ekarte_auth_gateway.testing import TerminalError
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem, OpenEnd
from tests.gateway.shop import ask, balance, gift_card, order


def sign(number: int) -> bytes:
    return bytes([number])


@pytest.fixture
def modem(tmp_path):
    made = NullModem(tmp_path)
    yield made
    made.close()


@pytest.fixture
def end():
    made = OpenEnd()
    yield made
    made.close()


@pytest.fixture
def lined(make_gateway, modem, end) -> GatewayProcess:
    """A gateway with two lines: one to a terminal, one whose other end we hold."""
    gateway = make_gateway(
        EKARTE_SERIAL=f"{modem.gateway_path}={town.SERIAL_1}@115200,"
        f" {end.path}={town.SERIAL_2}@115200"
    ).start_ready()
    gateway.wait_until(
        lambda: gateway.metric("ekarte_serial_line_up") == 2, "both lines are open"
    )
    return gateway


def take_answer(end: OpenEnd) -> bytes:
    """Play the receiving half of the link by hand; return the body."""
    assert end.read(1) == sign(ENQ)
    end.write(sign(ACK))
    raw = b""
    while len(raw) < 3 or raw[-2] != 0x03:
        raw += end.read(1)
    assert block_of(raw[1:-2]) == raw
    end.write(sign(ACK))
    assert end.read(1) == sign(EOT)
    return raw[1:-2]


def give(end: OpenEnd, body: bytes) -> None:
    """Play the sending half."""
    end.write(sign(ENQ))
    assert end.read(1) == sign(ACK)
    end.write(block_of(body))
    assert end.read(1) == sign(ACK)
    end.write(sign(EOT))


def body_of(gateway: GatewayProcess, command: str, **fields) -> bytes:
    class Sender:
        terminal_id = fields.pop("terminal", town.SERIAL_2)

    mac = mac_of("hmac-sha256", gateway.key(Sender.terminal_id))
    return frames.pack(frames.write_request(order(command, Sender, **fields)), mac)


def test_a_day_on_a_line(lined, modem):
    terminal = lined.on_line(modem.terminal_path)
    value = gift_card(terminal, 2000)
    assert ask(terminal, "sale", card=value, amount=1500).tendered == {"gift": 1500}
    assert ask(terminal, "sale", card=value, amount=501).rc == "51"
    assert balance(terminal, value) == 500
    names = 'ekarte_requests_total{command="sale",rc="00",transport="serial"}'
    assert lined.metric(names) == 1


def test_a_repeat_on_a_line_gets_the_same_bytes(lined, modem):
    terminal = lined.on_line(modem.terminal_path)
    sale = order("sale", terminal, card=town.club_number(), amount=1000)
    answer = terminal.send(sale)
    first = terminal.last_raw
    before = lined.operations()
    assert terminal.send(sale) == answer
    assert terminal.last_raw == first
    assert lined.operations() == before


def test_the_bytes_of_an_exchange(lined, end):
    give(end, body_of(lined, "echo", operation=77))
    body = take_answer(end)
    assert body.startswith(b"CM00216TI00800000032BN0011ON00277RC00200")
    mac = mac_of("hmac-sha256", lined.key(town.SERIAL_2))
    assert frames.mac_is_right(frames.unpack(body), mac)


def test_noise_a_wrong_lrc_and_a_broken_block_are_answered_nak(lined, end):
    before = lined.operations()
    body = body_of(lined, "sale", card=town.club_number(), amount=1000)
    raw = block_of(body)
    end.write(b"\x00noise\xff")
    end.write(sign(ENQ))
    assert end.read(1) == sign(ACK)
    for wrong in (raw[:-1] + bytes([raw[-1] ^ 1]), raw[1:], raw[:40]):
        end.write(wrong)
        assert end.read(1) == sign(NAK)
    assert lined.operations() == before
    for piece in (raw[:1], raw[1:30], raw[30:]):  # split frames are no fault
        end.write(piece)
        time.sleep(0.05)
    assert end.read(1) == sign(ACK)
    end.write(sign(EOT))
    assert b"RC00200" in take_answer(end)
    assert lined.operations() == before + 1
    events = "ekarte_serial_line_events_total"
    assert lined.metric(f'{events}{{event="bad_block",line="{end.path}"}}') == 3


def test_an_answer_is_sent_again_until_it_is_acknowledged(lined, end):
    give(end, body_of(lined, "echo"))
    assert end.read(1) == sign(ENQ)
    assert end.read(1) == sign(ENQ)  # we said nothing: once more
    end.write(sign(ACK))
    first = end.read(3)
    end.write(sign(NAK))
    rest = end.read(4096, 0.5)
    assert rest.count(first) == 1
    end.write(sign(ACK))
    assert end.read(1) == sign(EOT)


def test_an_answer_that_nobody_takes_is_given_up_and_asked_for_later(lined, end):
    seen = len(lined.logs())
    sale = body_of(lined, "sale", card=town.club_number(), amount=1000)
    give(end, sale)
    assert end.read(4, 3.0) == sign(ENQ) * 3 + sign(EOT)
    lined.wait_for_event("answer not taken", seen)
    before = lined.operations()
    give(end, sale)
    assert b"RC00200" in take_answer(end)
    assert lined.operations() == before


def test_a_terminal_that_begins_anew_gets_the_answer_to_its_last_question(lined, end):
    sale = body_of(lined, "sale", card=town.club_number(), amount=1000)
    echo = body_of(lined, "echo", operation=4711)
    give(end, sale)
    assert end.read(1) == sign(ENQ)  # the answer to the sale: we do not listen
    give(end, echo)
    body = take_answer(end)
    assert b"ON0044711" in body
    assert end.read(1, 1.5) == b""


def test_a_line_belongs_to_one_terminal(lined, end):
    before = lined.operations()
    fields = {"card": town.club_number(), "amount": 1000}
    give(end, body_of(lined, "sale", terminal=town.SERIAL_1, **fields))
    assert b"RC00258" in take_answer(end)
    assert lined.operations() == before
    give(end, body_of(lined, "sale", **fields))
    assert b"RC00200" in take_answer(end)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"hello", b"RC00230"),
        (b"", b"RC00263"),
        (b"CM00216TI00800000032ON0011", b"RC00263"),  # no MAC
        (b"CM00216TI00800000099ON0011", b"RC00258"),
        (b"CM00216TI00800000012ON0011", b"RC00258"),  # of ISO 8583
    ],
)
def test_whatever_comes_over_a_line_is_answered(lined, end, body, said):
    before = lined.operations()
    give(end, body)
    assert said in take_answer(end)
    assert lined.operations() == before


def test_a_line_that_is_pulled_out_and_put_in_again_goes_on(lined, modem):
    terminal = lined.on_line(modem.terminal_path)
    sale = order("sale", terminal, card=town.club_number(), amount=1000)
    answer = terminal.send(sale)
    seen = len(lined.logs())
    modem.pull_out()
    lost = lined.wait_for_event("line lost", seen)
    assert (lost["line"], lost["terminal"]) == (modem.gateway_path, town.SERIAL_1)
    lined.wait_for_event("line cannot be opened", seen)
    assert lined.metric("ekarte_serial_line_up") == 1
    with pytest.raises(TerminalError):
        terminal.send(sale)
    modem.plug_in()
    lined.wait_for_event("line open", seen)
    assert lined.metric("ekarte_serial_line_up") == 2
    events = "ekarte_serial_line_events_total"
    assert lined.metric(f'{events}{{event="lost",line="{modem.gateway_path}"}}') == 1
    assert terminal.send(sale) == answer


def test_a_gateway_starts_without_its_line_and_takes_it_when_it_comes(
    make_gateway, tmp_path
):
    path = tmp_path / "tty0"
    gateway = make_gateway(EKARTE_SERIAL=f"{path}={town.SERIAL_1}").start_ready()
    gateway.wait_for_event("line cannot be opened")
    assert ask(gateway.http(), "echo").rc == "00"
    modem = NullModem(tmp_path)
    gateway.wait_for_event("line open")
    assert ask(gateway.on_line(modem.terminal_path), "echo").rc == "00"
    modem.close()


def test_a_line_is_not_shared_by_two_gateways(lined, make_gateway, end):
    other = make_gateway(EKARTE_SERIAL=f"{end.path}={town.SERIAL_2}").start_ready()
    other.wait_for_event("line cannot be opened")
    give(end, body_of(lined, "echo"))
    assert b"RC00200" in take_answer(end)


def test_a_gateway_that_stops_lets_the_answer_out(lined, end):
    give(end, body_of(lined, "sale", card=town.club_number(), amount=1000))
    assert end.read(1) == sign(ENQ)
    os.kill(lined.pid, signal.SIGTERM)
    lined.wait_for_event("stopping")
    end.write(sign(ACK))
    raw = end.read(4096, 0.5)
    assert b"RC00200" in raw
    end.write(sign(ACK))
    assert end.read(1) == sign(EOT)
    assert lined.stop() == 0


def test_no_secret_of_a_line_reaches_a_log(make_gateway, end):
    gateway = make_gateway(
        EKARTE_SERIAL=f"{end.path}={town.SERIAL_2}", EKARTE_LOG_LEVEL="DEBUG"
    ).start_ready()
    gateway.wait_for_event("line open")
    value, code = town.club_number(), "27182818"
    for body in (
        body_of(gateway, "sale", card=value, amount=1000),
        b"CN016" + value.encode() + b"PB008" + code.encode() + b"x",
        b"CN016" + value.encode(),
    ):
        give(end, body)
        take_answer(end)
    assert gateway.stop() == 0
    for secret in (value, code, gateway.key(town.SERIAL_2).hex()):
        assert secret not in gateway.log_text()
