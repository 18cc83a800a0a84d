"""Where a message begins and ends on a stream, and to whom it goes (TPDU).

Kinds of length prefixes that are met in the field; which one a terminal has is its
profile's. No input or output here: the channel asks and does.
"""

from typing import NamedTuple

from ekarte_auth_gateway.codec.errors import CodecError

TPDU_BYTES = 5
_TPDU_TRANSACTIONS = 0x60


class Length(NamedTuple):
    """A length prefix.

    Attributes:
        head_bytes: how many bytes it has.
        digits: ASCII digits; else binary, most significant byte first.
        counts_itself: the prefix is part of what it counts.
    """

    head_bytes: int
    digits: bool = False
    counts_itself: bool = False

    def read(self, head: bytes | bytearray) -> int:
        """Return how many bytes follow the prefix; below zero: it is none."""
        own = self.head_bytes if self.counts_itself else 0
        if not self.digits:
            return int.from_bytes(head, "big") - own
        return int(head) - own if head.isdigit() else -1

    def write(self, count: int) -> bytes:
        """Return the prefix of a message of so many bytes.

        Raises:
            CodecError: it is longer than the prefix can say.
        """
        told = count + (self.head_bytes if self.counts_itself else 0)
        if told >= (10 if self.digits else 256) ** self.head_bytes:
            raise CodecError("", "message is longer than its length can say")
        if self.digits:
            return f"{told:0{self.head_bytes}d}".encode()
        return told.to_bytes(self.head_bytes, "big")


BINARY_2 = Length(2)
BINARY_2_OWN = Length(2, counts_itself=True)
DIGITS_4 = Length(4, digits=True)


def tpdu(destination: str, source: str) -> bytes:
    """Return a TPDU, ``60 dddd ssss``: who is addressed, and who speaks.

    Args:
        destination: four decimal digits.
        source: four decimal digits.
    """
    return bytes([_TPDU_TRANSACTIONS]) + bytes.fromhex(destination + source)


def split_tpdu(frame: bytes) -> tuple[bytes, bytes]:
    """Return the TPDU and the message behind it.

    Raises:
        CodecError: the frame does not begin with a TPDU for transactions.
    """
    if len(frame) < TPDU_BYTES or frame[0] != _TPDU_TRANSACTIONS:
        raise CodecError("TPDU", "is missing")
    return frame[:TPDU_BYTES], frame[TPDU_BYTES:]


def answer_tpdu(asked: bytes) -> bytes:
    """Return the way back: destination and source change places."""
    return asked[:1] + asked[3:5] + asked[1:3]
