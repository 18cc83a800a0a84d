"""A memory card in a reader: select, read, present the code, write what changes."""

from collections.abc import Callable, Iterator

from ekarte_terminal.chip.types import CardType

Transmit = Callable[[bytes], tuple[bytes, int]]
"""Sends an APDU, returns the data and both status bytes as one number."""

OK = 0x9000
_READ, _PIN, _NEW_PIN = 0xB0, 0x20, 0xD2


class CardGone(Exception):
    """The card does not answer, or not as its type does: it was pulled out."""


class PinRefused(Exception):
    """The card's code is another one; the message says how many tries are left."""


class Memory:
    """The memory of the card that is in the reader now."""

    def __init__(self, transmit: Transmit, card_type: CardType) -> None:
        """Take who carries APDUs and what type the card is; select it.

        Raises:
            CardGone: it does not answer.
        """
        self._transmit = transmit
        self._type = card_type
        if card_type.select:
            self._ask(card_type.select)

    def read(self, count: int) -> bytes:
        """Return our first bytes.

        Raises:
            CardGone: it did not answer, or not with as many.
        """
        made = b""
        for place, part in _parts(count, self._type.read_max):
            made += self._ask(self._head(_READ, place) + bytes([part]))[:part]
        if len(made) != count:
            raise CardGone("the card answered with too little")
        return made

    def present(self, code: bytes) -> None:
        """Open the card for writing; a card without a code needs none.

        Raises:
            PinRefused: it has another code, or had too many wrong ones.
            CardGone: it did not answer.
        """
        if not self._type.pin:
            return
        apdu = bytes([0xFF, _PIN, 0, 0, self._type.pin]) + code
        _, status = self._transmit(apdu)
        if status == self._type.pin_right:
            return
        if status >> 8 != OK >> 8:
            raise CardGone(f"the card answers {status:04X}")
        left = (status & 0xFF).bit_count()  # its error counter: a bit for each try
        if left:
            raise PinRefused(f"the card has another code; tries left: {left}")
        raise PinRefused("the card takes no code any more")

    def change_code(self, code: bytes) -> None:
        """Give the card another code; it is open for writing.

        Raises:
            CardGone: it did not do it.
        """
        if self._type.pin:
            self._ask(bytes([0xFF, _NEW_PIN, 0, 1, self._type.pin]) + code)

    def write(self, place: int, content: bytes) -> None:
        """Write our bytes from `place` on, in order; the card is open.

        Raises:
            CardGone: nobody knows how many were written.
        """
        for start, count in _parts(len(content), self._type.write_max):
            part = content[start : start + count]
            head = self._head(self._type.write, place + start)
            self._ask(head + bytes([count]) + part)

    def _head(self, instruction: int, place: int) -> bytes:
        address = (self._type.base + place) // self._type.unit
        return bytes([0xFF, instruction, address >> 8, address & 0xFF])

    def _ask(self, apdu: bytes) -> bytes:
        data, status = self._transmit(apdu)
        if status != OK:
            raise CardGone(f"the card answers {status:04X}")
        return data


def _parts(count: int, most: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, most):
        yield start, min(most, count - start)
