"""The link layer of a serial line, without the line: bytes and time in, bytes out.

    sender                    receiver
    ENQ             ->
                    <-        ACK
    STX body ETX LRC ->
                    <-        ACK   (NAK: wrong, once more; three tries)
    EOT             ->

The answer comes back the same way. LRC is the XOR of everything after STX up to and
with ETX; it guards the wire only, the MAC in the body guards the content. The two ends
are alike but for one thing: when both begin at once, the gateway gives way.
"""

from enum import Enum, auto
from functools import reduce
from operator import xor
from typing import Literal, NamedTuple

STX, ETX, EOT, ENQ, ACK, NAK = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15
_LAST_CONTROL, _DELETE = 0x1F, 0x7F


class LinkLimits(NamedTuple):
    """Times and bounds of a line.

    Attributes:
        ack_s: how long an answer to a sign or a block may take.
        gap_s: the longest silence within a block.
        tries: how often a sign or a block is sent.
        byte_s: what one byte takes on the wire; a long block's answer comes later.
        body_bytes_max: longer blocks are not taken.
    """

    ack_s: float = 1.0
    gap_s: float = 1.0
    tries: int = 3
    byte_s: float = 0.0
    body_bytes_max: int = 8192


class Event(NamedTuple):
    """What happened on the line.

    Attributes:
        kind: message: a body has come · sent: ours has arrived · given_up: ours has
            not · bad_block: what came was asked for again.
        body: of a message.
    """

    kind: Literal["message", "sent", "given_up", "bad_block"]
    body: bytes = b""


class _State(Enum):
    IDLE = auto()
    WANT_BLOCK = auto()  # their ENQ is acknowledged
    IN_BLOCK = auto()
    WANT_LRC = auto()
    WANT_EOT = auto()  # their block is acknowledged
    BIDDING = auto()  # our ENQ is out
    SENT_BLOCK = auto()


def block_of(body: bytes) -> bytes:
    """Return a body as it goes over the line, with its LRC."""
    covered = body + bytes([ETX])
    return bytes([STX]) + covered + bytes([reduce(xor, covered)])


class Link:
    """One end of a line. `deadline_s` says when `tick` wants to be called."""

    def __init__(
        self, limits: LinkLimits | None = None, *, gives_way: bool = True
    ) -> None:
        """Begin idle; `gives_way` when both ends begin at once."""
        self.deadline_s: float | None = None
        self._limits = limits or LinkLimits()
        self._gives_way = gives_way
        self._state = _State.IDLE
        self._out = bytearray()
        self._events: list[Event] = []
        self._body = bytearray()
        self._damaged = False
        self._to_send: bytes | None = None
        self._tries = 0

    @property
    def idle(self) -> bool:
        """True while nothing goes on."""
        return self._state is _State.IDLE

    def take_out(self) -> bytes:
        """Return what has to go out on the line now."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def send(self, body: bytes, now_s: float) -> None:
        """Send a body; waits while the other end is sending.

        What waits is dropped when a message comes: the other end has begun anew.
        """
        self._to_send = body
        if self.idle:
            self._bid(now_s)

    def receive(self, data: bytes, now_s: float) -> list[Event]:
        """Take bytes from the line; return what came of them."""
        for byte in data:
            self._step(byte, now_s)
        return self._told()

    def tick(self, now_s: float) -> list[Event]:
        """Look at the clock; return what came of it."""
        if self.deadline_s is not None and now_s >= self.deadline_s:
            self._time_over(now_s)
        return self._told()

    def reset(self) -> None:
        """Forget everything: the line is another one now."""
        self._out.clear()
        self._to_send = None
        self._enter(_State.IDLE)

    def _told(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _enter(self, state: _State, until_s: float | None = None) -> None:
        self._state = state
        self.deadline_s = until_s

    # --- sending

    def _bid(self, now_s: float) -> None:
        self._tries = 0
        self._try(_State.BIDDING, now_s)

    def _try(self, state: _State, now_s: float) -> None:
        """Send the sign or the block of this state, once more if need be."""
        assert self._to_send is not None
        if self._tries == self._limits.tries:
            self._give_up()
            return
        self._tries += 1
        bidding = state is _State.BIDDING
        sent = bytes([ENQ]) if bidding else block_of(self._to_send)
        self._out += sent
        wait_s = self._limits.ack_s + len(sent) * self._limits.byte_s
        self._enter(state, now_s + wait_s)

    def _give_up(self) -> None:
        self._out.append(EOT)
        self._end_sending("given_up")

    def _end_sending(self, how: Literal["sent", "given_up"]) -> None:
        self._to_send = None
        self._events.append(Event(how))
        self._enter(_State.IDLE)

    # --- receiving

    def _step(self, byte: int, now_s: float) -> None:
        state = self._state
        if state is _State.IN_BLOCK:
            self._in_block(byte, now_s)
        elif state is _State.WANT_LRC:
            self._end_block(byte, now_s)
        elif state is _State.WANT_BLOCK:
            self._want_block(byte, now_s)
        elif state is _State.WANT_EOT:
            self._want_eot(byte, now_s)
        elif state is _State.IDLE:
            if byte == ENQ:
                self._invite(now_s)
        else:
            self._want_ack(byte, now_s)

    def _invite(self, now_s: float) -> None:
        """Acknowledge an ENQ. If our ACK is lost, another ENQ comes."""
        self._out.append(ACK)
        self._enter(_State.WANT_BLOCK, now_s + self._limits.ack_s * self._limits.tries)

    def _want_block(self, byte: int, now_s: float) -> None:
        if byte == ENQ:
            self._invite(now_s)
        elif byte == EOT:
            self._rest(now_s)
        else:
            # Anything else than STX: its STX was lost. Its end is waited for, so
            # that the NAK does not run into it.
            self._begin_block(now_s, damaged=byte != STX)

    def _begin_block(self, now_s: float, *, damaged: bool) -> None:
        self._body.clear()
        self._damaged = damaged
        self._enter(_State.IN_BLOCK, now_s + self._limits.gap_s)

    def _in_block(self, byte: int, now_s: float) -> None:
        if byte == ETX:
            self._enter(_State.WANT_LRC, now_s + self._limits.gap_s)
            return
        full = len(self._body) >= self._limits.body_bytes_max
        if full or byte <= _LAST_CONTROL or byte == _DELETE:
            # A sign in here is a disturbed byte. After an ENQ, an ACK would be taken
            # for the block's; from an STX on, the LRC might be right by chance.
            self._damaged = True
        else:
            self._body.append(byte)
        self.deadline_s = now_s + self._limits.gap_s

    def _end_block(self, lrc: int, now_s: float) -> None:
        right = reduce(xor, self._body, ETX) == lrc
        if self._damaged or not right:
            self._ask_again(now_s)
            return
        self._out.append(ACK)
        # Longer than the sender waits for our ACK before it sends the block again.
        self._enter(_State.WANT_EOT, now_s + 2 * self._limits.ack_s)

    def _ask_again(self, now_s: float) -> None:
        self._out.append(NAK)
        self._events.append(Event("bad_block"))
        self._enter(_State.WANT_BLOCK, now_s + self._limits.ack_s * self._limits.tries)

    def _want_eot(self, byte: int, now_s: float) -> None:
        if byte == EOT:
            self._deliver(now_s)
        elif byte == STX:  # our ACK was lost, here comes the block again
            self._begin_block(now_s, damaged=False)
        elif byte == ENQ:
            self._invite(now_s)

    def _deliver(self, now_s: float) -> None:
        self._to_send = None
        self._events.append(Event("message", bytes(self._body)))
        self._rest(now_s)

    def _rest(self, now_s: float) -> None:
        """Nothing goes on any more: what has waited may go out."""
        self._enter(_State.IDLE)
        if self._to_send is not None:
            self._bid(now_s)

    def _want_ack(self, byte: int, now_s: float) -> None:
        bidding = self._state is _State.BIDDING
        if byte == ACK and bidding:
            # A late ACK of an earlier ENQ may still come and be taken for the block's.
            # Nothing is booked by that: who gets no answer asks for the status.
            self._tries = 0
            self._try(_State.SENT_BLOCK, now_s)
        elif byte == ACK:
            self._out.append(EOT)
            self._end_sending("sent")
        elif byte == NAK:
            self._try(self._state, now_s)
        elif byte == ENQ and self._gives_way:
            self._end_sending("given_up")
            self._invite(now_s)
        elif byte == EOT and not bidding:
            self._end_sending("given_up")

    def _time_over(self, now_s: float) -> None:
        state = self._state
        if state in (_State.BIDDING, _State.SENT_BLOCK):
            self._try(state, now_s)
        elif state in (_State.IN_BLOCK, _State.WANT_LRC):
            self._ask_again(now_s)
        elif state is _State.WANT_EOT:
            # We said that we have it.
            self._deliver(now_s)
        else:
            self._rest(now_s)
