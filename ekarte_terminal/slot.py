"""The card in the chip reader: what its record says, and what is written to it.

The order is what keeps money safe (docs/CHIP.md): before the host is asked, the card
is marked, so that who pulls it out too early has nothing to spend without the host;
before goods are given without the host, the card has written it, and is read back.
"""

import importlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ekarte_auth_gateway.testing import CodecError
from ekarte_core import Answer, Balance, CardRef, Request
from ekarte_terminal.chip import (
    COPIES_BYTES,
    TYPES,
    CardGone,
    CardKey,
    Memory,
    PinRefused,
    Record,
    newest,
    read_copies,
    write_record,
)
from ekarte_terminal.chip.memory import Transmit
from ekarte_terminal.chip.record import AMOUNT_MAX, COUNT_MAX, number_in
from ekarte_terminal.line import Line
from ekarte_terminal.settings import Settings, SettingsInvalid, read_key


class Reader(Protocol):
    """A reader of chip cards."""

    def card(self) -> AbstractContextManager[Transmit]:
        """Hold on to the card in it; raises CardGone."""
        ...

    def present(self) -> bool:
        """Say whether a card is in it; raises CardGone without a reader."""
        ...


_MONEY = frozenset({"gift_card", "bonus_amount"})
_NO_MONEY = frozenset({"points", "credit"})
_ACTIVE = frozenset({"", "active"})
APPROVED_RC = "00"
_NOBODY_KNOWS = frozenset({"91", "96"})
_ONLY_READS = frozenset({"inquire"})
_NOT_HERE = frozenset({"advice", "status", "reverse"})  # without it, or of before


class Slot:
    """The chip card that is in the reader now.

    Attributes:
        pulled: the card was pulled out before it had what the host said.
    """

    def __init__(
        self,
        settings: Settings,
        key: bytes,
        reader: Reader,
        now: Callable[[], datetime],
    ) -> None:
        """Take the issuer's key, the reader and the clock."""
        self._type = TYPES[settings.chip_type]
        self._terminal = settings.number
        self._key, self._reader, self._now = key, reader, now
        self._asked: tuple[int, Record] | None = None  # by operation
        self.pulled, self._asked = False, None

    def present(self) -> bool:
        """Say whether a card is in the reader, of whomever."""
        try:
            return self._reader.present()
        except CardGone:
            return False

    def says(self, card: CardRef, currency: str) -> Answer | None:
        """Return what the card itself says it has, None of another card."""
        if card.kind != "chip":
            return None
        try:
            record = self._same(self.look(), card)
        except CardGone:
            return None
        value = max(record.balance - record.spent, 0)
        balance = Balance(
            program="CHIP",
            kind="gift_card",
            unit=currency,
            value=value,
            available=record.left,
        )
        return Answer(rc=APPROVED_RC, balances=(balance,))

    def look(self) -> Record:
        """Return what the card says.

        Raises:
            CardGone: there is none in the reader, or none of this issuer's.
        """
        with self._reader.card() as transmit:
            return self._read(Memory(transmit, self._type))[1]

    def card(self) -> CardRef:
        """Return the card in the reader as requests name it.

        Raises:
            ValueError: there is none.
        """
        try:
            return ref_of(self.look())
        except CardGone as fault:
            raise ValueError(f"chip: {fault}") from None

    def left(self, card: CardRef, operation: int) -> int:
        """Return what the card may still spend without the host.

        Asked it spends nothing, but in the very operation that nobody answered.

        Raises:
            CardGone: another card, or none, is in the reader.
        """
        record = self._same(self.look(), card)
        mine = (operation, record) == self._asked
        return replace(record, asked=False).left if mine else record.left

    def ask(self, card: CardRef, operation: int) -> None:
        """Mark the card before the host is asked.

        Raises:
            CardGone: it is not marked for certain.
        """
        made = self._write(card, lambda old: old.ask(self._terminal, self._at))
        self._asked = (operation, made)

    def spend(self, card: CardRef, amount: int) -> int:
        """Take an amount from the card without the host; return the record's counter.

        Raises:
            CardGone: it is not taken for certain.
        """
        made = self._write(
            card, lambda old: old.spend(amount, self._terminal, self._at)
        )
        return made.counter

    def hear(self, card: CardRef, answer: Answer) -> None:
        """Write what the host said; a card that was pulled keeps its mark."""
        self.pulled = False
        balance = balance_of(answer)
        try:
            self._write(
                card,
                lambda old: (
                    old.back(self._terminal, self._at)
                    if balance is None
                    else old.tell(balance, self._terminal, self._at)
                ),
            )
        except (CardGone, PinRefused):
            self.pulled = True  # booked it is; `docs/CHIP.md`: it asks the host next

    def make(self, number: str, spend_max: int, count_max: int) -> Record:
        """Make a blank card one of the issuer's; again, if it was pulled meanwhile.

        Raises:
            CardGone: nobody knows how far it came: do it again.
            PinRefused: the card is not a blank one.
            ValueError: it has an account already, or the number is none.
        """
        key = CardKey(self._key, number)
        if not (0 <= spend_max <= AMOUNT_MAX and 0 <= count_max <= COUNT_MAX):
            raise ValueError(f"a chip keeps a count up to {COUNT_MAX}, and less money")
        first = Record(
            number=number,
            counter=1,
            count_max=count_max,
            spend_max=spend_max,
            written_at=self._at,
            terminal=self._terminal,
        )
        with self._reader.card() as transmit:
            memory = Memory(transmit, self._type)
            content = memory.read(COPIES_BYTES)
            held = newest(read_copies(content, key))
            if self._has_account(content, number):
                raise ValueError("this card has an account already")
            memory.present(self._type.pin_new)
            if held is None:
                memory.write(*write_record(content, first, key))
            memory.change_code(key.pin(self._type.pin))
            return self._read(memory)[1]

    def _has_account(self, content: bytes, number: str) -> bool:
        """Say whether there is more on it than a first record that was torn."""
        found = self._account(content)
        if found is not None:
            return found[1].number != number or found[1].counter > 1
        if self._type.pin:
            return False  # another issuer's does not open
        return bool({number_in(copy) for copy in _halves(content)} - {"", number})

    @property
    def _at(self) -> int:
        return int(self._now().timestamp())

    def _write(self, card: CardRef, change: Callable[[Record], Record]) -> Record:
        """Write the next record and read it back."""
        with self._reader.card() as transmit:
            memory = Memory(transmit, self._type)
            key, old, content = self._found(memory)
            following = change(self._same(old, card))
            memory.present(key.pin(self._type.pin))
            memory.write(*write_record(content, following, key))
            if self._read(memory)[1] != following:
                raise CardGone("the card did not keep what was written")
        return following

    def _read(self, memory: Memory) -> tuple[CardKey, Record]:
        key, record, _ = self._found(memory)
        return key, record

    def _found(self, memory: Memory) -> tuple[CardKey, Record, bytes]:
        content = memory.read(COPIES_BYTES)
        found = self._account(content)
        if found is None:
            raise CardGone("no account of this issuer is in the card's memory")
        return *found, content

    def _account(self, content: bytes) -> tuple[CardKey, Record] | None:
        for number in filter(None, map(number_in, _halves(content))):
            key = CardKey(self._key, number)
            record = newest(read_copies(content, key))
            if record is not None:
                return key, record
        return None

    def _same(self, record: Record, card: CardRef) -> Record:
        if record.number != card.value:
            raise CardGone("another card is in the reader")
        return record


class ChipLine:
    """A line that marks a chip card before it asks, and tells it what was answered."""

    def __init__(
        self, line: Line, slot: Slot, waiting: Callable[[], Sequence[object]]
    ) -> None:
        """Take the line and the reader.

        `waiting`: what was decided alone and the host has not heard of. While there is
        any, its balances lack it, and the card keeps its own, asked as it is; a card
        that is not active has nothing left whatever waits.
        """
        self._line, self._slot, self._waiting = line, slot, waiting

    def send(self, request: Request, *, repeat: bool) -> Answer:
        """Send; see Line.

        Raises:
            CodecError: the card could not be marked, and nothing was sent.
        """
        card = request.card
        if card is None or card.kind != "chip" or request.command in _NOT_HERE:
            return self._line.send(request, repeat=repeat)
        if not repeat and request.command not in _ONLY_READS:
            try:
                self._slot.ask(card, request.operation)
            except (CardGone, PinRefused) as fault:
                raise CodecError("card", str(fault)) from None
        answer = self._line.send(request, repeat=repeat)
        if answer.rc in _NOBODY_KNOWS:
            return answer  # then it stays asked
        # After silence something may be booked that no balance has told of yet.
        hidden = self._waiting() or (repeat and balance_of(answer) is None)
        if not hidden or answer.card_state not in _ACTIVE:
            self._slot.hear(card, answer)
        return answer

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def ref_of(record: Record) -> CardRef:
    """Return the card of a record as requests name it."""
    return CardRef(kind="chip", value=record.number)


def _halves(content: bytes) -> tuple[bytes, bytes]:
    return content[: COPIES_BYTES // 2], content[COPIES_BYTES // 2 :]


def balance_of(answer: Answer) -> int | None:
    """Return the money that an answer says is there, None where it says nothing."""
    if answer.card_state not in _ACTIVE:
        return 0
    told = [
        balance.available
        for balance in answer.balances
        if balance.kind in _MONEY and balance.unit not in _NO_MONEY
    ]
    return max(sum(told), 0) if told else None


def open_slot(settings: Settings, now: Callable[[], datetime]) -> Slot | None:
    """Return the chip reader of the settings, None without one.

    Raises:
        SettingsInvalid: its key cannot be read, or pyscard is not there.
    """
    if not settings.chip_reader or settings.chip_key_file is None:
        return None
    try:
        pcsc = importlib.import_module("ekarte_terminal.chip.pcsc")
    except ImportError as fault:
        raise SettingsInvalid(
            "chip_reader: pip install 'ekarte[chip]', or Debian's python3-pyscard"
        ) from fault
    key = read_key(settings.chip_key_file)
    return Slot(settings, key, pcsc.Reader(settings.chip_reader), now)
