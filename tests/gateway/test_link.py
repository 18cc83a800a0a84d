"""The link layer alone, on a line that loses and disturbs; no clock but ours."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_auth_gateway.serial.link import (
    ACK,
    ENQ,
    EOT,
    ETX,
    NAK,
    STX,
    Event,
    Link,
    LinkLimits,
    block_of,
)

BODY = b"CM00216TI00800000031ON0011"


def signs(*numbers: int) -> bytes:
    return bytes(numbers)


@pytest.fixture
def link() -> Link:
    return Link()


def invited(link: Link, now_s: float = 0.0) -> Link:
    link.receive(signs(ENQ), now_s)
    assert link.take_out() == signs(ACK)
    return link


# --- what comes


def test_a_block_is_taken_and_delivered_with_its_eot(link):
    invited(link)
    assert link.receive(block_of(BODY), 0.1) == []
    assert link.take_out() == signs(ACK)
    assert link.receive(signs(EOT), 0.2) == [Event("message", BODY)]
    assert link.idle
    assert link.deadline_s is None


def test_a_block_may_come_in_single_bytes(link):
    invited(link)
    for place, byte in enumerate(block_of(BODY)):
        assert link.receive(signs(byte), place * 0.9) == []
    assert link.take_out() == signs(ACK)


def test_the_lrc_is_the_xor_after_stx_with_etx():
    assert block_of(b"A") == signs(STX, 0x41, ETX, 0x41 ^ ETX)


@pytest.mark.parametrize(
    "wrong",
    [
        block_of(BODY)[:-1] + b"\x00",
        block_of(BODY)[1:],  # its STX was lost
        block_of(BODY).replace(b"TI", b"T\x09"),
        block_of(BODY).replace(b"TI", b"T\x05"),  # a byte disturbed to an ENQ
        block_of(BODY).replace(b"TI", b"T\x7f"),
        # Disturbed to an STX, from which on the LRC would be right.
        block_of(b"AA" + BODY).replace(b"AA", b"A\x02"),
        block_of(b"x" * 9000),
    ],
)
def test_a_wrong_block_is_asked_for_again_and_the_right_one_taken(link, wrong):
    invited(link)
    assert link.receive(wrong, 0.1) == [Event("bad_block")]
    assert link.take_out() == signs(NAK)
    assert link.receive(block_of(BODY) + signs(EOT), 0.2) == [Event("message", BODY)]
    assert link.take_out() == signs(ACK)


def test_a_block_that_breaks_off_is_asked_for_again_after_a_second(link):
    invited(link)
    link.receive(block_of(BODY)[:-5], 0.1)
    assert link.deadline_s == pytest.approx(1.1)
    assert link.tick(1.0) == []
    assert link.tick(1.1) == [Event("bad_block")]
    assert link.take_out() == signs(NAK)
    assert link.receive(block_of(BODY) + signs(EOT), 1.2) == [Event("message", BODY)]


def test_a_block_within_a_block_is_asked_for_again(link):
    invited(link)
    raw = block_of(BODY)[:9] + block_of(BODY)
    assert link.receive(raw, 0.1) == [Event("bad_block")]
    assert link.receive(block_of(BODY) + signs(EOT), 0.2) == [Event("message", BODY)]


def test_a_block_that_comes_again_since_our_ack_was_lost_is_one_message(link):
    invited(link)
    assert link.receive(block_of(BODY), 0.1) == []
    assert link.receive(block_of(BODY) + signs(EOT), 1.2) == [Event("message", BODY)]
    assert link.take_out() == signs(ACK, ACK)


def test_a_block_whose_eot_is_lost_is_delivered_by_time(link):
    invited(link)
    link.receive(block_of(BODY), 0.0)
    assert link.tick(1.9) == []
    assert link.tick(2.0) == [Event("message", BODY)]


def test_an_enq_is_acknowledged_each_time_it_comes(link):
    assert link.receive(signs(ENQ, ENQ), 0.0) == []
    assert link.take_out() == signs(ACK, ACK)
    assert link.receive(block_of(BODY) + signs(EOT), 1.0) == [Event("message", BODY)]


def test_who_enquires_and_says_nothing_is_waited_for_three_seconds(link):
    invited(link)
    assert link.tick(2.9) == []
    assert not link.idle
    link.tick(3.0)
    assert link.idle


def test_a_sender_that_gives_up_leaves_the_line_idle(link):
    invited(link)
    assert link.receive(signs(EOT), 0.1) == []
    assert link.idle


def test_noise_on_an_idle_line_is_nothing(link):
    noise = bytes(byte for byte in range(256) if byte != ENQ)
    assert link.receive(noise, 0.0) == []
    assert link.take_out() == b""
    assert link.idle


# --- what goes


def test_a_body_is_sent_in_five_steps(link):
    link.send(BODY, 0.0)
    assert link.take_out() == signs(ENQ)
    link.receive(signs(ACK), 0.1)
    assert link.take_out() == block_of(BODY)
    assert link.receive(signs(ACK), 0.2) == [Event("sent")]
    assert link.take_out() == signs(EOT)
    assert link.idle


def test_an_enquiry_is_made_three_times(link):
    link.send(BODY, 0.0)
    sent = link.take_out()
    for second in (1.0, 2.0):
        assert link.tick(second) == []
        sent += link.take_out()
    assert sent == signs(ENQ, ENQ, ENQ)
    assert link.tick(3.0) == [Event("given_up")]
    assert link.take_out() == signs(EOT)
    assert link.idle


@pytest.mark.parametrize("why", ["nak", "silence"])
def test_a_block_is_sent_three_times(link, why):
    link.send(BODY, 0.0)
    link.receive(signs(ACK), 0.0)
    link.take_out()
    events = []
    for second in (1.0, 2.0, 3.0):
        if why == "nak":
            events += link.receive(signs(NAK), second - 0.5)
        else:
            events += link.tick(second)
    assert link.take_out() == block_of(BODY) * 2 + signs(EOT)
    assert events == [Event("given_up")]


def test_a_block_that_is_refused_once_arrives_the_second_time(link):
    link.send(BODY, 0.0)
    link.receive(signs(ACK), 0.0)
    link.receive(signs(NAK), 0.1)
    assert link.receive(signs(ACK), 0.2) == [Event("sent")]


def test_a_long_block_on_a_slow_line_is_waited_for_longer():
    link = Link(LinkLimits(byte_s=10 / 9600))
    link.send(b"x" * 4000, 0.0)
    link.receive(signs(ACK), 0.0)
    assert link.deadline_s == pytest.approx(1 + 4003 * 10 / 9600)


def test_noise_while_an_ack_is_awaited_is_nothing(link):
    link.send(BODY, 0.0)
    assert link.receive(b"noise\x00\xff", 0.1) == []
    link.receive(signs(ACK), 0.2)
    assert link.take_out() == signs(ENQ) + block_of(BODY)


def test_when_both_begin_the_gateway_gives_way_and_the_terminal_does_not():
    gateway, terminal = Link(), Link(gives_way=False)
    gateway.send(b"answer", 0.0)
    terminal.send(BODY, 0.0)
    events = talk(gateway, terminal)
    assert events == ([Event("given_up"), Event("message", BODY)], [Event("sent")])


def test_an_answer_waits_while_a_disturbance_looks_like_an_enquiry(link):
    invited(link)
    link.send(b"answer", 0.5)
    assert link.take_out() == b""
    link.tick(3.0)
    assert link.take_out() == signs(ENQ)


def test_an_answer_is_dropped_when_the_terminal_begins_anew(link):
    invited(link)
    link.send(b"answer", 0.5)
    link.receive(block_of(BODY) + signs(EOT), 0.6)
    assert link.take_out() == signs(ACK)
    assert link.idle
    assert link.deadline_s is None


def test_a_line_that_is_opened_anew_begins_idle(link):
    invited(link)
    link.send(b"answer", 0.5)
    link.reset()
    assert (link.idle, link.take_out(), link.deadline_s) == (True, b"", None)


# --- two ends


def talk(one: Link, other: Link, spoil=lambda data: data, until_s: float = 40.0):
    """Let two ends talk until the line is quiet; time passes when nothing is said."""
    events = ([], [])
    now_s = 0.0
    while now_s < until_s:
        said = [end.take_out() for end in (one, other)]
        if any(said):
            events[1].extend(other.receive(spoil(said[0]), now_s))
            events[0].extend(one.receive(spoil(said[1]), now_s))
            continue
        times = [end.deadline_s for end in (one, other) if end.deadline_s is not None]
        if not times:
            return events
        now_s = min(times)
        events[0].extend(one.tick(now_s))
        events[1].extend(other.tick(now_s))
    raise AssertionError("the line did not come to rest")


bodies = st.binary(min_size=1, max_size=60).map(
    lambda raw: bytes(byte for byte in raw if byte > 0x1F and byte != 0x7F)
)


@settings(max_examples=300, print_blob=True, deadline=None)
@given(bodies, st.dictionaries(st.integers(0, 200), st.integers(0, 255), max_size=6))
def test_whatever_disturbs_a_line_two_ends_come_to_rest(body, spots):
    """Each spot spoils one byte of all that is said: XOR, 0 loses it."""
    place = 0

    def spoil(data: bytes) -> bytes:
        nonlocal place
        out = bytearray()
        for byte in data:
            change = spots.get(place)
            place += 1
            if change is None:
                out.append(byte)
            elif change:
                out.append(byte ^ change)
        return bytes(out)

    terminal, gateway = Link(gives_way=False), Link()
    terminal.send(body, 0.0)
    theirs, ours = talk(terminal, gateway, spoil)
    told = [event.kind for event in theirs if event.kind in ("sent", "given_up")]
    assert len(told) == 1
    if not spots:
        assert ours == [Event("message", body)]
    if len(spots) == 1:  # two may keep the LRC right: that is what the MAC is for
        assert all(event.body == body for event in ours if event.kind == "message")
    assert terminal.idle
    assert gateway.idle


@settings(max_examples=300, print_blob=True, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_noise_never_stops_a_link_for_good(pieces):
    link = Link()
    now_s = 0.0
    for piece in pieces:
        link.receive(piece, now_s)
        now_s += 0.1
    for _ in range(9):
        link.take_out()
        if link.deadline_s is not None:
            link.tick(link.deadline_s)
    assert link.idle
    link.take_out()
    raw = signs(ENQ) + block_of(BODY) + signs(EOT)
    assert link.receive(raw, now_s + 99)[-1] == Event("message", BODY)
