"""What ISO 8583 must refuse, beside what it allows: nothing is booked."""

import os
import time

import pytest

from ekarte_auth_gateway.codec import (
    answer_from_fields,
    mac_is_right,
    mac_of,
    pack,
    unpack,
)
from ekarte_core import Tender
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, card, gift_card, order
from tests.gateway.wire import Line, frame


@pytest.fixture
def line(gateway: GatewayProcess):
    with Line(gateway, town.ISO_1) as made:
        yield made


def sale(line: Line, **fields):
    fields.setdefault("card", card(town.club_number()))
    fields.setdefault("amount", 1000)
    return order("sale", line, **fields)


def echo(line: Line):
    return line.ask(line.fields(order("echo", line)))


MALFORMED = {
    "amount of letters": ({"f4": "12AB00000000"}, "30", "DE4"),
    "amount huge": ({"f4": "999999999999"}, "13", "DE4"),
    "card missing": ({"f2": None}, "30", "card"),
    "card of letters": ({"f2": "99900010000000AA"}, "30", "DE2"),
    "operation missing": ({"f11": None}, "30", "DE11"),
    "operations that contradict": ({"f37": "000000000001"}, "30", "DE37"),
    "operation of letters": ({"f37": "ABCDEFGHIJKL"}, "30", "DE37"),
    "processing code missing": ({"f3": None}, "30", "DE3"),
    "processing code unknown": ({"f3": "990000"}, "12", "DE3"),
    "batch of letters": ({"f60": "12x"}, "30", "DE60"),
    "batch too large": ({"f60": "1000000"}, "30", "DE60"),
    "currency unknown": ({"f49": "000"}, "30", "DE49"),
    "currency of elsewhere": ({"f49": "840"}, "30", "currency"),
    "day that does not exist": ({"f12": "120000", "f13": "0230"}, "30", "DE13"),
    "time without date": ({"f12": "120000", "f13": None}, "30", "DE13"),
    "hour that does not exist": ({"f12": "250000", "f13": "0101"}, "30", "DE13"),
    "other branch": ({"f42": f"{'G2':<15}"}, "03", "DE42"),
    "sub-field unknown": ({"f48": "ZZ001x"}, "30", "DE48.ZZ"),
    "sub-field too long": ({"f48": "LG999lv"}, "30", "DE48.LG"),
    "sub-field without length": ({"f48": "LGxx"}, "30", "DE48.LG"),
    "sub-field in small letters": ({"f48": "lg002lv"}, "30", "DE48"),
    "sub-field twice": ({"f48": "LG002lvLG002lv"}, "30", "DE48.LG"),
    "line of two parts": ({"f48": "LN0031;1"}, "30", "DE48.LN"),
    "line amount of letters": ({"f48": "LN009x;1;food;"}, "30", "DE48.LN"),
    "tender negative": ({"f48": "GU002-5"}, "13", "DE48.GU"),
    "block that is no block": ({"f48": "PB004ABCD"}, "30", "DE48.PB"),
    "block of another key": ({"f48": "PB032" + "00" * 16}, "30", "DE48.PB"),
    "two cards": ({"f35": "9990002000000018=2912"}, "30", "DE35"),
    "card kind unknown": ({"f2": None, "f48": "CN008magic 17"}, "30", "DE48.CN"),
    "text that is not UTF-8": ({"f62": "\xff\xfe"}, "30", "DE62"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_message_is_refused_by_field(gateway, line, case):
    changes, rc, field = MALFORMED[case]
    before = gateway.operations()
    answer = line.ask(line.fields(sale(line), **changes))
    assert (answer.rc, answer.field) == (rc, field)
    assert answer.message
    assert echo(line).rc == "00"  # the line was not cut
    assert gateway.operations() == before


def test_a_well_formed_message_is_booked(gateway, line):
    before = gateway.operations()
    answer = line.ask(line.fields(sale(line), f42=f"{'G1':<15}"))
    assert answer.rc == "00"
    assert gateway.operations() == before + 1


def test_every_answer_carries_a_right_mac_refusals_too(line):
    for changes in ({}, {"f4": "12AB00000000"}, {"f3": "990000"}, {"f11": None}):
        line.send(frame(line.message(line.fields(sale(line), **changes))))
        raw = line.take()
        assert mac_is_right(raw, unpack(raw), line.mac)


@pytest.mark.parametrize(
    ("kind", "answered"),
    [("0600", "0610"), ("0300", "0310"), ("1200", "1210"), ("0900", "0910")],
)
def test_a_message_type_that_is_unknown_is_answered_12(line, kind, answered):
    fields = line.ask_fields(line.fields(sale(line), ft=kind))
    assert (fields["t"], fields["39"]) == (answered, "12")
    assert echo(line).rc == "00"


@pytest.mark.parametrize("kind", ["0210", "0110", "0810", "020A"])
def test_a_message_that_is_no_request_ends_the_connection(gateway, line, kind):
    fields = line.fields(sale(line), ft="0200")
    raw = kind.encode() + line.message(fields)[4:]
    line.send(frame(raw))
    assert line.take() == b""
    with Line(gateway, town.ISO_1) as again:
        assert echo(again).rc == "00"


def test_a_network_code_that_is_unknown_is_answered_12(line):
    answer = line.ask(line.fields(order("echo", line), f70="777"))
    assert (answer.rc, answer.field) == ("12", "DE70")
    assert line.ask(line.fields(order("echo", line), f70="001")).rc == "00"


def test_a_wrong_mac_is_refused_and_nothing_booked(gateway, line):
    before = gateway.operations()
    raw = line.message(line.fields(sale(line)))
    line.send(frame(raw[:-1] + bytes([raw[-1] ^ 1])))
    fields = unpack(line.take())
    assert fields["39"] == "63"
    answer = answer_from_fields(fields)
    assert "MAC" in answer.message
    assert echo(line).rc == "00"
    assert gateway.operations() == before


def test_a_changed_amount_breaks_the_mac(gateway, line):
    before = gateway.operations()
    raw = line.message(line.fields(sale(line, amount=1000)))
    assert raw.count(b"000000001000") == 1
    line.send(frame(raw.replace(b"000000001000", b"000000000001")))
    assert unpack(line.take())["39"] == "63"
    assert gateway.operations() == before


def test_a_missing_mac_is_refused_and_a_mac_in_128_allowed(gateway, line):
    before = gateway.operations()
    line.send(frame(pack(line.fields(sale(line)))))
    assert unpack(line.take())["39"] == "63"
    assert gateway.operations() == before
    with_high_field = line.fields(sale(line), f104="x")
    raw = line.message(with_high_field)
    assert "128" in unpack(raw)
    line.send(frame(raw))
    assert unpack(line.take())["39"] == "00"


def test_fields_after_the_mac_are_not_taken(gateway, line):
    """A MAC in 64 does not cover field 90: whoever adds one must not be heard."""
    before = gateway.operations()
    fields = line.fields(sale(line))
    raw = pack({**fields, "64": "00" * 8, "90": "0" * 42})
    line.send(frame(raw))
    assert unpack(line.take())["39"] == "63"
    assert gateway.operations() == before


def test_another_terminals_key_is_refused(gateway):
    before = gateway.operations()
    thief = gateway.iso(town.ISO_1, key=gateway.key(town.ISO_2))
    with Line(gateway, town.ISO_1) as line:
        raw = pack(
            line.fields(sale(line)), mac_of("hmac-sha256", gateway.key(town.ISO_2))
        )
        line.send(frame(raw))
        assert unpack(line.take())["39"] == "63"
    thief.close()
    assert gateway.operations() == before


def test_a_terminal_without_mac_is_served_without(gateway):
    with Line(gateway, town.ISO_PLAIN, mac=False) as line:
        fields = line.ask_fields(line.fields(sale(line)))
        assert fields["39"] == "00"
        assert not {"64", "128"} & set(fields)


def test_an_unknown_terminal_is_answered_58_without_mac(gateway, line):
    before = gateway.operations()
    fields = line.ask_fields(line.fields(sale(line), f41="99999999"))
    assert fields["39"] == "58"
    assert not {"64", "128"} & set(fields)
    assert gateway.operations() == before


@pytest.mark.parametrize("other", [town.HTTP_1, town.HTTP_NO_MAC, town.ODOO])
def test_a_terminal_of_another_protocol_cannot_come_by_iso(gateway, other):
    """Else an HTTP terminal without MAC would be a way around the signature."""
    before = gateway.operations()
    for mac in (True, False):
        with Line(gateway, other, mac=mac) as line:
            assert line.ask_fields(line.fields(sale(line)))["39"] == "58"
    assert gateway.operations() == before


def test_a_blocked_terminal_is_refused_though_its_mac_is_right(gateway):
    before = gateway.operations()
    with Line(gateway, town.ISO_BLOCKED) as line:
        answer = line.ask(line.fields(sale(line)))
    assert (answer.rc, answer.field) == ("58", "DE41")
    assert gateway.operations() == before


def test_the_same_operation_with_other_content_is_refused_94(gateway, line):
    value = town.club_number()
    first = sale(line, card=card(value))
    assert line.ask(line.fields(first)).rc == "00"
    before = gateway.operations()
    other = sale(line, card=card(value), amount=1001, operation=first.operation)
    assert line.ask(line.fields(other)).rc == "94"
    assert gateway.operations() == before


@pytest.mark.parametrize("repeat", ["0200", "0201"])
def test_a_repeat_gets_the_same_bytes(gateway, line, repeat):
    fields = line.fields(sale(line))
    line.send(frame(line.message(fields)))
    first = line.take()
    before = gateway.operations()
    line.send(frame(line.message({**fields, "t": repeat})))
    assert line.take() == first
    assert gateway.operations() == before


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("authorize", ["0100", "0101"]),
        ("confirm", ["0220", "0221"]),
        ("reverse", ["0400", "0401", "0420", "0421"]),
        ("close", ["0500", "0501"]),
    ],
)
def test_every_repeatable_type_is_repeated_alike(gateway, line, command, kinds):
    terminal = gateway.iso()
    value = gift_card(terminal, 1000)
    held = order("authorize", line, card=value, amount=300)
    if command == "authorize":
        request = held
    elif command == "close":
        request = order("close", line, batch=901)
    else:
        assert terminal.send(held).rc == "00"
        request = order(command, line, original=held.operation)
    answers = []
    for kind in kinds:
        line.send(frame(line.message(line.fields(request, ft=kind))))
        answers.append(line.take())
    assert unpack(answers[0])["39"] == "00"
    bodies = {raw[4:-8] for raw in answers}  # type and MAC differ for 0420
    assert len(bodies) == 1
    terminal.close()


def test_an_access_code_block_of_another_card_is_refused(gateway, line):
    terminal = gateway.iso()
    one = gift_card(terminal, 1000, code="271828")
    two = gift_card(terminal, 1000, code="271828")
    fields = line.fields(sale(line, card=card(one), access_code="271828"))
    moved = {**fields, "2": two}
    answer = line.ask(moved)
    assert (answer.rc, answer.field) == ("30", "DE48.PB")
    assert line.ask(fields).rc == "00"
    terminal.close()


def test_the_tender_of_a_sale_comes_through(gateway, line):
    value = gift_card(gateway.iso(), 1000)
    request = sale(line, card=card(value), amount=500, tender=Tender(gift=200))
    answer = line.ask(line.fields(request))
    assert (answer.rc, answer.tendered, answer.amount_due) == ("00", {"gift": 200}, 300)


def test_a_message_that_breaks_off_is_answered_30_when_its_sender_is_known(line):
    """A frame of the right length whose last field is cut short."""
    raw = line.message(line.fields(sale(line)))
    line.send(frame(raw[:-20]))
    fields = unpack(line.take())
    assert fields["39"] == "30"
    assert echo(line).rc == "00"


def test_a_message_without_terminal_ends_the_connection(line):
    line.send(frame(line.message(line.fields(sale(line), f41=None))))
    assert line.take() == b""


@pytest.mark.parametrize("length", [0, 5, 9000, 65535])
def test_a_frame_of_impossible_length_ends_the_connection(gateway, line, length):
    seen = len(gateway.logs())
    line.send(length.to_bytes(2, "big") + b"0" * 20)
    assert line.take() == b""
    gateway.wait_for_event("length that no message has", seen)


def test_a_frame_cut_short_leaves_a_log_line_and_nothing_booked(gateway):
    before, seen = gateway.operations(), len(gateway.logs())
    with Line(gateway, town.ISO_1) as line:
        raw = frame(line.message(line.fields(sale(line))))
        line.send(raw[:-9])
    gateway.wait_for_event("frame cut short", seen)
    assert gateway.operations() == before


def test_a_message_in_single_bytes_and_several_in_one_write_are_allowed(line):
    raw = frame(line.message(line.fields(sale(line))))
    for position in range(len(raw)):
        line.send(raw[position : position + 1])
        if position % 40 == 0:
            time.sleep(0.001)
    assert unpack(line.take())["39"] == "00"
    many = [line.fields(sale(line)) for _ in range(20)]
    line.send(b"".join(frame(line.message(fields)) for fields in many))
    answers = {unpack(line.take())["11"] for _ in many}
    assert answers == {fields["11"] for fields in many}


def test_answers_come_though_the_terminal_has_ended_its_side(gateway, line):
    import socket

    line.send(frame(line.message(line.fields(sale(line)))))
    line._socket.shutdown(socket.SHUT_WR)
    assert unpack(line.take())["39"] == "00"
    assert line.take() == b""


def test_noise_never_stops_the_gateway(gateway):
    for _ in range(50):
        with Line(gateway, town.ISO_1) as line:
            line.send(frame(os.urandom(60)))
            assert line.take() == b""
    assert ask(gateway.iso(), "echo").rc == "00"


def test_of_several_faults_the_first_in_the_order_of_codes_is_told(gateway):
    with Line(gateway, town.ISO_BLOCKED) as line:
        fine = line.fields(sale(line))
        for changes, rc in (
            ({}, "58"),
            ({"4": "999999999999"}, "58"),
            ({"3": "990000"}, "58"),
            ({"42": f"{'G2':<15}"}, "58"),
            ({"49": "000"}, "58"),
        ):
            assert line.ask({**fine, **changes}).rc == rc
    with Line(gateway, town.ISO_1) as line:
        wrong = {**line.fields(sale(line)), "42": f"{'G2':<15}"}
        assert line.ask(wrong).rc == "03"
        assert line.ask({**wrong, "3": "990000"}).rc == "03"
        assert line.ask({**wrong, "49": "000"}).rc == "03"
