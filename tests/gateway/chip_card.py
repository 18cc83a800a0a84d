"""A memory card of ours: its memory, its code, and a hand that pulls it out."""

from ekarte_terminal.chip.memory import CardGone
from ekarte_terminal.chip.types import TYPES, CardType

ATR = {
    "sle4442": "3B0492231091",
    "sle4428": "3B0492231091",
    "i2c": "3B00",
    "ntag": "3B8F8001804F0CA0000003060300030000000068",
}
_LOCKED, _NO, _OK = b"\x90\x00", b"\x69\x82", b"\x90\x00"
_BAD = b"\x67\x00"


class ChipCard:
    """What is on the plastic; `image` may be kept and put back, by who copies cards.

    Attributes:
        tear_after: bytes that are still written before the card is pulled; None: it
            stays. The byte at which it is pulled is left with `torn_byte`, if any.
    """

    def __init__(self, kind: str = "sle4442") -> None:
        self.kind = kind
        self.type: CardType = TYPES[kind]
        self.memory = bytearray(b"\xff" * self.type.size)
        self.code = self.type.pin_new
        self.tries = 0b111
        self.tear_after: int | None = None
        self.torn_byte: int | None = None
        self.out = False
        self.writes = 0
        self.reset()

    @property
    def atr(self) -> bytes:
        return bytes.fromhex(ATR[self.kind])

    def reset(self) -> None:
        """The reader gives it power."""
        self._open = not self.type.pin

    def image(self) -> tuple[bytes, bytes]:
        return bytes(self.memory), self.code

    def put_back(self, image: tuple[bytes, bytes]) -> None:
        self.memory, self.code = bytearray(image[0]), image[1]

    def answer(self, apdu: bytes) -> bytes:
        """Do what a reader tells it; `out` afterwards: it was pulled meanwhile."""
        if apdu == self.type.select:
            return _OK
        if apdu[0] != 0xFF or len(apdu) < 5:
            return b"\x6e\x00"
        place = int.from_bytes(apdu[2:4], "big") * self.type.unit
        if apdu[1] == 0xB0:
            part = bytes(self.memory[place : place + apdu[4]])
            return part + _OK if len(part) == apdu[4] else _BAD
        if apdu[1] == 0x20:
            return self._present(apdu[5:])
        if not self._open:
            return _NO
        if apdu[1] == 0xD2:
            self.code = apdu[5:]
            return _OK
        return self._write(place, apdu) if apdu[1] == self.type.write else b"\x6d\x00"

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The card without a reader between."""
        if self.out:
            raise CardGone("the card was pulled out")
        said = self.answer(apdu)
        if self.out:
            raise CardGone("the card was pulled out")
        return said[:-2], int.from_bytes(said[-2:], "big")

    def insert(self) -> None:
        self.out, self.tear_after = False, None
        self.reset()

    def _present(self, code: bytes) -> bytes:
        if not self.tries:
            return _LOCKED
        self._open = code == self.code
        if self._open:
            self.tries = 0b111
            return self.type.pin_right.to_bytes(2, "big")
        self.tries >>= 1
        return b"\x90" + bytes([self.tries])

    def _write(self, place: int, apdu: bytes) -> bytes:
        content = apdu[5:]
        if len(content) != apdu[4] or place + len(content) > self.type.size:
            return _BAD
        for offset, byte in enumerate(content):
            if self.tear_after == 0:
                if self.torn_byte is not None:
                    self.memory[place + offset] = self.torn_byte
                self.out = True
                return _OK
            if self.tear_after is not None:
                self.tear_after -= 1
            self.memory[place + offset] = byte
            self.writes += 1
        return _OK
