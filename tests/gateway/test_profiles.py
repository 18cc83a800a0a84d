"""ISO 8583 in both profiles and with each MAC, over real sockets."""

import socket

import pytest

from ekarte_auth_gateway.codec import (
    PROFILE_B,
    PROFILES,
    answer_tpdu,
    mac_of,
    pack,
    request_to_fields,
    tpdu,
    unpack,
)
from ekarte_auth_gateway.testing import IsoTerminal, TerminalError
from ekarte_core import CardRef, Line
from tests.gateway import town
from tests.gateway.shop import ask, balance, card, gift_card, order

TERMINALS = {
    town.ISO_1: ("hmac-sha256", "A"),
    town.ISO_CMAC: ("aes-cmac", "A"),
    town.ISO_RETAIL: ("x9.19", "A"),
    town.ISO_B: ("hmac-sha256", "B"),
    town.ISO_B_CMAC: ("aes-cmac", "B"),
    town.ISO_B_RETAIL: ("x9.19", "B"),
    town.ISO_B_PLAIN: ("none", "B"),
}


@pytest.mark.parametrize("terminal_id", TERMINALS)
def test_a_purse_is_loaded_spent_and_given_back_in_each_profile(gateway, terminal_id):
    terminal = gateway.iso(terminal_id, None, *TERMINALS[terminal_id])
    value = gift_card(terminal, 5000)
    spent = order(
        "sale",
        terminal,
        card=card(f"{value}=29121010000012345", "track2"),
        amount=1999,
        lines=(Line(amount=1999, group="food", sku="maize, ķimeņu"),),
        reference="čeks 7",
    )
    first = terminal.send(spent)
    assert (first.rc, first.tendered) == ("00", {"gift": 1999})
    told = terminal.last_raw
    assert terminal.send(spent, repeat=True) == first
    assert terminal.last_raw == told
    assert balance(terminal, value) == 3001
    assert ask(terminal, "reverse", original=spent.operation).rc == "00"
    assert balance(terminal, value) == 5000
    assert "Zaļais" in first.slip[0].text


@pytest.mark.parametrize("terminal_id", TERMINALS)
@pytest.mark.parametrize("kind", ["none", "hmac-sha256", "aes-cmac", "x9.19"])
def test_only_the_mac_that_the_network_names_is_taken(gateway, terminal_id, kind):
    right, name = TERMINALS[terminal_id]
    before = gateway.operations()
    # Exchanged by hand: the answer's MAC is of the right kind, not of this one.
    terminal = gateway.iso(terminal_id, None, kind, name)
    sale = order("sale", terminal, card=town.club_number(), amount=100)
    mac = mac_of(kind, gateway.key(terminal_id))
    raw = terminal.exchange(pack(request_to_fields(sale), mac, PROFILES[name]))
    taken = right in (kind, "none")
    assert unpack(raw, PROFILES[name])["39"] == ("00" if taken else "63")
    assert gateway.operations() == before + taken


@pytest.mark.parametrize("terminal_id", [town.ISO_1, town.ISO_B])
def test_a_terminal_of_the_other_profile_is_refused_58(gateway, terminal_id):
    mac, own = TERMINALS[terminal_id]
    other = {"A": "B", "B": "A"}[own]
    before = gateway.operations()
    wrong = IsoTerminal(
        "127.0.0.1",
        {"A": gateway.iso_port, "B": gateway.iso_b_port}[other],
        terminal_id,
        gateway.key(terminal_id),
        "none",
        other,
    )
    answer = ask(wrong, "sale", card=town.club_number(), amount=100)
    assert (answer.rc, answer.field) == ("58", "DE41")
    wrong.close()
    right = gateway.iso(terminal_id, None, mac, own)
    assert ask(right, "sale", card=town.club_number(), amount=100).rc == "00"
    assert gateway.operations() == before + 1


def exchange(gateway, raw: bytes) -> bytes:
    """One frame on profile B's port; b"" when the gateway hangs up."""
    with socket.create_connection(("127.0.0.1", gateway.iso_b_port), 10) as line:
        line.sendall(len(raw).to_bytes(2, "big") + raw)
        head = line.recv(2)
        if not head:
            return b""
        got = b""
        while len(got) < int.from_bytes(head, "big"):
            got += line.recv(9999)
        return got


def message(gateway) -> bytes:
    terminal = gateway.iso(town.ISO_B, None, *TERMINALS[town.ISO_B])
    sale = order("sale", terminal, card=town.club_number(), amount=100)
    mac = mac_of("hmac-sha256", gateway.key(town.ISO_B))
    return pack(request_to_fields(sale), mac, PROFILE_B)


def test_the_answer_goes_back_where_the_tpdu_says(gateway):
    asked = tpdu("0815", "4711")
    answer = exchange(gateway, asked + message(gateway))
    assert answer[:5].hex() == "6047110815"
    assert answer[:5] == answer_tpdu(asked)
    assert unpack(answer[5:], PROFILE_B)["39"] == "00"


@pytest.mark.parametrize("head", [b"", b"\x61\x00\x01\x00\x02"])
def test_a_message_without_tpdu_ends_the_connection(gateway, head):
    before = gateway.operations()
    assert exchange(gateway, head + message(gateway)) == b""
    assert gateway.operations() == before


def test_a_broken_message_is_answered_30_in_its_own_profile(gateway):
    raw = tpdu("0001", "0002") + message(gateway)
    answer = exchange(gateway, raw[:-12])
    fields = unpack(answer[5:], PROFILE_B)
    assert fields["39"] == "30"


OLD = [town.ISO_B, town.ISO_RETAIL, town.ISO_B_PLAIN]


@pytest.mark.parametrize("terminal_id", OLD)
@pytest.mark.parametrize("old", [True, False])
def test_old_devices_may_send_codes_in_either_format(gateway, terminal_id, old):
    terminal = gateway.iso(terminal_id, None, *TERMINALS[terminal_id], old_blocks=old)
    value = gift_card(terminal, 1000, code="27182")
    for code, rc in (("27182", "00"), ("31415", "55"), ("27182", "00")):
        answer = ask(terminal, "sale", card=value, amount=100, access_code=code)
        assert answer.rc == rc


def test_a_device_that_can_do_better_must_not_use_format_0(gateway):
    value = gift_card(gateway.iso(), 1000, code="27182")
    lazy = gateway.iso(old_blocks=True)
    answer = ask(lazy, "sale", card=value, amount=100, access_code="27182")
    assert (answer.rc, answer.field) == ("30", "DE52")


def test_an_old_block_is_bound_to_its_card(gateway):
    terminal = gateway.iso(town.ISO_B, None, *TERMINALS[town.ISO_B], old_blocks=True)
    one, two = (gift_card(terminal, 1000, code="27182") for _ in range(2))
    fields = request_to_fields(
        order("sale", terminal, card=CardRef(value=one), amount=5, access_code="27182"),
        codes=terminal._codes,
    )
    for number, rc in ((two, "30"), (one, "00")):
        raw = terminal.exchange(pack({**fields, "2": number}, terminal._mac, PROFILE_B))
        assert unpack(raw, PROFILE_B)["39"] == rc


def test_a_terminal_notices_an_answer_to_somebody_else(gateway):
    terminal = gateway.iso(town.ISO_B, gateway.key(town.ISO_B_CMAC), "none", "B")
    assert ask(terminal, "echo").rc == "63"
    deaf = gateway.iso(town.ISO_B, gateway.key(town.ISO_B_CMAC), profile="B")
    with pytest.raises(TerminalError, match="wrong MAC"):
        ask(deaf, "echo")


def test_no_block_comes_into_the_logs(gateway):
    terminal = gateway.iso(town.ISO_B, None, *TERMINALS[town.ISO_B], old_blocks=True)
    value = gift_card(terminal, 1000, code="27182")
    sale = order("sale", terminal, card=value, amount=5, access_code="31415")
    fields = request_to_fields(sale, codes=terminal._codes)
    broken = {**fields, "52": "00" * 8}
    for sent, rc in ((fields, "55"), (broken, "30")):
        raw = terminal.exchange(pack(sent, terminal._mac, PROFILE_B))
        assert unpack(raw, PROFILE_B)["39"] == rc
        assert "52" not in unpack(raw, PROFILE_B)
    text = gateway.log_text()
    assert fields["52"] not in text
    assert "31415" not in text
