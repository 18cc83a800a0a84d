"""The account in a chip's memory: its bytes, its MAC, and its two copies. Pure.

A card is pulled out while it is written to. So there are two copies: the newer valid
one counts, the other one is written over, and one is valid at any moment. The ledger
has the truth; this is what the host said last, and what was spent without it since.

    0   1  format, 0xE1
    1   1  flags: 1 the host was asked and has not been heard yet
    2   8  card number, two digits a byte
   10   4  counter: one more with each writing
   14   4  balance that the host told, minor units
   18   4  spent without the host since, minor units
   22   1  operations without the host since
   23   1  how many of these may be
   24   4  how much may be spent without the host, minor units
   28   4  when the host told, seconds since 1970
   32   4  when this was written
   36   8  terminal that wrote it
   44  12  AES-CMAC over the bytes before, under the key of this card
"""

import hmac
import re
import struct
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

FORMAT = 0xE1
ASKED = 1
MAC_BYTES = 12
_NUMBER = re.compile(r"[0-9]{16}")
NUMBER_BYTES = 8
COUNTER_MAX = AMOUNT_MAX = 2**32 - 1
COUNT_MAX = 255
_BODY = struct.Struct(">BB8sIIIBBIII8s")
RECORD_BYTES = _BODY.size + MAC_BYTES
COPIES_BYTES = 2 * RECORD_BYTES


@dataclass(frozen=True)
class Record:
    """What a card says of its account; amounts in minor units, moments in seconds.

    Attributes:
        number: sixteen digits.
        counter: which writing of this card it is.
        balance: what the host said last that there is.
        spent: what was taken since without the host, in `count` operations.
        spend_max: how much that may be; `count_max`: how many.
        told_at: when the host said the balance, 0 never.
        asked: the host was asked, and nobody knows yet what it said: nothing is spent.
    """

    number: str
    counter: int = 0
    balance: int = 0
    spent: int = 0
    count: int = 0
    count_max: int = 0
    spend_max: int = 0
    told_at: int = 0
    written_at: int = 0
    terminal: str = ""
    asked: bool = False

    def __repr__(self) -> str:
        """Show the last four digits only."""
        return f"Record(****{self.number[-4:]} {self.counter})"

    @property
    def left(self) -> int:
        """What may still be spent without the host, by what the card says."""
        if self.asked or self.count >= self.count_max:
            return 0
        return max(min(self.balance, self.spend_max) - self.spent, 0)

    def ask(self, terminal: str, at: int) -> "Record":
        """Return what is written before the host is asked."""
        return replace(self._next(terminal, at), asked=True)

    def spend(self, amount: int, terminal: str, at: int) -> "Record":
        """Return what is written when an amount is taken without the host."""
        following = self._next(terminal, at)
        return replace(following, spent=self.spent + amount, count=self.count + 1)

    def tell(self, balance: int, terminal: str, at: int) -> "Record":
        """Return what is written when the host has said what there is."""
        kept = max(min(balance, AMOUNT_MAX), 0)
        following = self._next(terminal, at)
        return replace(following, balance=kept, spent=0, count=0, told_at=at)

    def back(self, terminal: str, at: int) -> "Record":
        """Return what is written when the host said nothing about the balance."""
        return self._next(terminal, at)

    def _next(self, terminal: str, at: int) -> "Record":
        return replace(
            self,
            counter=self.counter + 1,
            terminal=terminal,
            written_at=at,
            asked=False,
        )


class CardKey:
    """The key of one card, made of its issuer's key and its number. Prints nothing."""

    def __init__(self, issuer_key: bytes, number: str) -> None:
        """Take the issuer's 32 bytes and the card's sixteen digits.

        Raises:
            ValueError: the number is none that a chip can keep.
        """
        if not _NUMBER.fullmatch(number):
            raise ValueError("a chip keeps a number of sixteen digits")
        self.number = number
        self._key = _cmac(issuer_key, b"ekarte chip card" + bytes.fromhex(number))

    def __repr__(self) -> str:
        """Show the last four digits only."""
        return f"CardKey(****{self.number[-4:]})"

    def mac(self, body: bytes) -> bytes:
        """Return the MAC of a record's bytes."""
        return _cmac(self._key, body)[:MAC_BYTES]

    def pin(self, digits: int) -> bytes:
        """Return the code that opens this card for writing."""
        return _cmac(self._key, b"ekarte chip code")[:digits]


def encode(record: Record, key: CardKey) -> bytes:
    """Return the bytes of one copy."""
    body = _BODY.pack(
        FORMAT,
        ASKED if record.asked else 0,
        bytes.fromhex(record.number),
        *(record.counter, record.balance, record.spent),
        *(record.count, record.count_max),
        *(record.spend_max, record.told_at, record.written_at),
        record.terminal.encode("ascii"),
    )
    return body + key.mac(body)


def number_in(copy: bytes) -> str:
    """Return the number that a copy claims to be of, '' none; nothing is proven."""
    number = copy[2 : 2 + NUMBER_BYTES].hex()
    known = len(copy) == RECORD_BYTES and copy[0] == FORMAT
    return number if known and number.isdigit() else ""


def decode(copy: bytes, key: CardKey) -> Record | None:
    """Return what a copy says; None: torn, forged, or another card's."""
    if number_in(copy) != key.number:
        return None
    body, mac = copy[:-MAC_BYTES], copy[-MAC_BYTES:]
    if not hmac.compare_digest(key.mac(body), mac):
        return None
    (_, flags, number, counter, balance, spent, *rest) = _BODY.unpack(body)
    count, count_max, spend_max, told_at, written_at, terminal = rest
    return Record(
        number=number.hex(),
        counter=counter,
        balance=balance,
        spent=spent,
        count=count,
        count_max=count_max,
        spend_max=spend_max,
        told_at=told_at,
        written_at=written_at,
        terminal=terminal.rstrip(b"\0").decode("ascii", "replace"),
        asked=bool(flags & ASKED),
    )


def read_copies(memory: bytes, key: CardKey) -> tuple[Record | None, Record | None]:
    """Return what the two copies say, None of one that is not valid."""
    first, second = memory[:RECORD_BYTES], memory[RECORD_BYTES:COPIES_BYTES]
    return decode(first, key), decode(second, key)


def newest(copies: tuple[Record | None, Record | None]) -> Record | None:
    """Return the copy that counts, None if there is none."""
    valid = [copy for copy in copies if copy is not None]
    return max(valid, key=lambda copy: copy.counter, default=None)


def write_record(memory: bytes, record: Record, key: CardKey) -> tuple[int, bytes]:
    """Return where the next record goes, and its bytes: never over the one that counts.

    Raises:
        ValueError: the record is not newer than the card's.
    """
    first, second = read_copies(memory, key)
    counts = newest((first, second))
    if counts is not None and record.counter <= counts.counter:
        raise ValueError("a record is newer than the one before it")
    place = 0 if first is not counts or counts is None else RECORD_BYTES
    return place, encode(record, key)


def _cmac(key: bytes, content: bytes) -> bytes:
    cmac = CMAC(AES(key))
    cmac.update(content)
    return cmac.finalize()
