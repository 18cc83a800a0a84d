"""The serial frame over TCP: what it refuses beside what it allows."""

import os
import socket

import pytest

from ekarte_auth_gateway.codec import frames, mac_of
from ekarte_auth_gateway.testing import TerminalError
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, card, gift_card, order


class Wire:
    """One TCP connection, bytes as a test wants them."""

    def __init__(self, gateway: GatewayProcess, terminal: str = town.FRAME_1) -> None:
        self.terminal_id = terminal
        self._mac = mac_of("hmac-sha256", gateway.key(terminal))
        self._socket = socket.create_connection(("127.0.0.1", gateway.frame_port), 10)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def body(self, command: str, *more: tuple[str, str], **fields) -> bytes:
        """A request's body; `more` parts replace its own, None takes one away."""
        pairs = frames.write_request(order(command, self, **fields))
        changed = dict(more)
        pairs = [pair for pair in pairs if pair[0] not in changed]
        return frames.pack(
            pairs + [pair for pair in more if pair[1] is not None], self._mac
        )

    def sale(self, *more: tuple[str, str], **fields) -> bytes:
        fields.setdefault("card", card(town.club_number()))
        return self.body("sale", *more, **{"amount": 1000, **fields})

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def give(self, body: bytes) -> None:
        self.send(len(body).to_bytes(2, "big") + body)

    def take(self) -> bytes:
        head = self._exactly(2)
        return self._exactly(int.from_bytes(head, "big")) if head else b""

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            try:
                piece = self._socket.recv(count - len(got))
            except ConnectionResetError:
                return b""
            if not piece:
                return b""
            got += piece
        return got

    def ask(self, body: bytes):
        self.give(body)
        raw = self.take()
        assert raw, "the gateway hung up"
        return frames.read_answer(frames.unpack(raw))


@pytest.fixture
def wire(gateway):
    with Wire(gateway) as made:
        yield made


MALFORMED = {
    "amount of letters": ([("AM", "12AB")], "30", "AM"),
    "amount huge": ([("AM", "999999999999")], "13", "AM"),
    "card missing": ([("CN", None)], "30", "card"),
    "command unknown": ([("CM", "77")], "12", "CM"),
    "command missing": ([("CM", None)], "30", "CM"),
    "batch too large": ([("BN", "1000000")], "30", "BN"),
    "operation of letters": ([("ON", "12x")], "30", "ON"),
    "currency unknown": ([("CU", "EURO")], "30", "CU"),
    "currency of elsewhere": ([("CU", "USD")], "30", "currency"),
    "tag unknown": ([("ZZ", "x")], "30", "ZZ"),
    "tender negative": ([("GU", "-5")], "13", "GU"),
    "day that does not exist": ([("DT", "20260230"), ("TM", "100000")], "30", "DT"),
    "block of another key": ([("PB", "00" * 16)], "30", "PB"),
    "lines too many": ([("LN", "1;1;;")] * 201, "30", "LN"),
    "columns of no slip": ([("SP", "text:7")], "30", "SP"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_body_is_refused_by_tag(gateway, wire, case):
    more, rc, field = MALFORMED[case]
    before = gateway.operations()
    answer = wire.ask(wire.sale(*more))
    assert (answer.rc, answer.field) == (rc, field)
    assert answer.message
    assert wire.ask(wire.body("echo")).rc == "00"  # the line was not cut
    assert gateway.operations() == before


def test_a_well_formed_body_is_booked(gateway, wire):
    before = gateway.operations()
    assert wire.ask(wire.sale()).rc == "00"
    assert gateway.operations() == before + 1


def test_every_answer_carries_a_right_mac_refusals_too(gateway, wire):
    mac = mac_of("hmac-sha256", gateway.key(town.FRAME_1))
    for more in ([], [("AM", "x")], [("CM", "77")]):
        wire.give(wire.sale(*more))
        assert frames.mac_is_right(frames.unpack(wire.take()), mac)


def test_a_wrong_a_missing_and_a_foreign_mac_are_refused(gateway, wire):
    before = gateway.operations()
    body = wire.sale()
    other = Wire(gateway, town.SERIAL_1)
    foreign = frames.pack(
        frames.write_request(order("sale", wire, card=town.club_number(), amount=1)),
        mac_of("hmac-sha256", gateway.key(town.SERIAL_1)),
    )
    other.__exit__()
    changed = body.replace(b"AM0041000", b"AM0041001")
    for wrong in (body[:-1] + b"G", body[:-21], changed, foreign):
        answer = wire.ask(wrong)
        assert (answer.rc, answer.field) == ("63", "MC")
    assert gateway.operations() == before
    assert wire.ask(body).rc == "00"


@pytest.mark.parametrize(
    ("terminal", "mac"),
    [
        (town.SERIAL_PLAIN, "none"),
        (town.SERIAL_CMAC, "aes-cmac"),
        (town.SERIAL_RETAIL, "x9.19"),
    ],
)
def test_each_kind_of_mac_is_served(gateway, terminal, mac):
    made = gateway.frame(terminal, mac)
    value = gift_card(made, 1000, code="271828")
    assert ask(made, "sale", card=value, amount=1, access_code="314159").rc == "55"
    assert ask(made, "sale", card=value, amount=1, access_code="271828").rc == "00"
    wrong = gateway.frame(terminal, "hmac-sha256")
    if mac == "none":
        with pytest.raises(TerminalError, match="wrong MAC"):
            ask(wrong, "echo")
    else:
        with pytest.raises(TerminalError, match="wrong MAC"):
            ask(wrong, "sale", card=value, amount=1)


@pytest.mark.parametrize("other", [town.HTTP_1, town.HTTP_NO_MAC, town.ISO_1])
def test_a_terminal_of_another_protocol_cannot_come_by_frames(gateway, other):
    before = gateway.operations()
    with Wire(gateway, other) as wire:
        answer = wire.ask(wire.sale())
        assert (answer.rc, answer.field) == ("58", "TI")
    assert gateway.operations() == before


def test_a_blocked_terminal_is_refused_though_its_mac_is_right(gateway):
    before = gateway.operations()
    with Wire(gateway, town.SERIAL_BLOCKED) as wire:
        answer = wire.ask(wire.sale())
        assert (answer.rc, answer.field) == ("58", "TI")
        assert wire.ask(wire.sale(("AM", "999999999999"))).rc == "58"
    assert gateway.operations() == before


def test_a_repeat_gets_the_same_bytes_and_other_content_94(gateway, wire):
    value = card(town.club_number())
    number = town.operation()
    bodies = [wire.sale(card=value, operation=number) for _ in range(2)]
    answers = []
    for body in bodies:
        wire.give(body)
        answers.append(wire.take())
    assert answers[0] == answers[1]
    before = gateway.operations()
    other = wire.sale(card=value, operation=number, amount=1001)
    assert wire.ask(other).rc == "94"
    assert gateway.operations() == before


def test_a_new_access_code_travels_as_a_block(gateway):
    terminal = gateway.frame()
    value = gift_card(terminal, 1000, code="271828")
    changed = ask(
        terminal, "set_code", card=value, access_code="271828", new_access_code="161803"
    )
    assert changed.rc == "00"
    assert ask(terminal, "sale", card=value, amount=1, access_code="271828").rc == "55"
    assert ask(terminal, "sale", card=value, amount=1, access_code="161803").rc == "00"


@pytest.mark.parametrize("length", [0, 5, 9000, 65535])
def test_a_frame_of_impossible_length_ends_the_connection(gateway, wire, length):
    seen = len(gateway.logs())
    wire.send(length.to_bytes(2, "big") + b"0" * 20)
    assert wire.take() == b""
    gateway.wait_for_event("length that no message has", seen)


def test_a_body_without_an_addressee_ends_the_connection(gateway):
    for body in (b"CM00205ON0011CN0011", b"CM00205TI00800000036", os.urandom(60)):
        with Wire(gateway) as wire:
            wire.give(body)
            assert wire.take() == b""
    assert ask(gateway.frame(), "echo").rc == "00"


def test_a_body_that_breaks_off_is_answered_30_when_its_sender_is_known(wire):
    body = wire.sale()
    assert wire.ask(body[:-3]).rc == "30"
    assert wire.ask(wire.body("echo")).rc == "00"


def test_many_bodies_in_flight_are_all_answered(wire):
    bodies = [wire.sale() for _ in range(100)]
    wire.send(b"".join(len(body).to_bytes(2, "big") + body for body in bodies))
    told = [frames.unpack(wire.take()) for _ in bodies]
    assert {frame.first("RC") for frame in told} == {"00"}
    assert len({frame.first("ON") for frame in told}) == 100


def test_connections_over_the_limit_are_closed(make_gateway):
    gateway = make_gateway(EKARTE_CONNECTIONS_MAX="2").start_ready()
    kept = [Wire(gateway) for _ in range(2)]
    assert kept[1].ask(kept[1].body("echo")).rc == "00"
    with Wire(gateway) as surplus:
        assert surplus.take() == b""
    for wire in kept:
        wire.__exit__()
