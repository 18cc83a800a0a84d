"""Types of memory cards: how a reader is told to read and write them, as a table.

Readers show a memory card by pseudo APDUs. READ and UPDATE BINARY are those of PC/SC
part 3 (FF B0, FF D6); contact cards with a code are spoken to as readers by ACS and
compatible ones want it (select FF A4, write FF D0, present FF 20, change FF D2).
"""

from typing import NamedTuple


class CardType(NamedTuple):
    """One type of memory card.

    Attributes:
        select: APDU that tells the reader which chip it is, empty none.
        size: bytes of memory; `base`: where ours begin, behind what the maker keeps.
        unit: bytes that one address stands for.
        write: instruction that writes; `read_max`, `write_max`: bytes at a time.
        pin: bytes of the code that writing needs, 0 none; `pin_new`: of a blank card;
            `pin_right`: the status that says it was right. Another one counts tries.
    """

    select: bytes
    size: int
    base: int
    write: int
    unit: int = 1
    read_max: int = 128
    write_max: int = 16
    pin: int = 0
    pin_new: bytes = b""
    pin_right: int = 0


TYPES = {
    "sle4442": CardType(
        select=bytes.fromhex("FFA4000001 06"),
        size=256,
        base=32,
        write=0xD0,
        pin=3,
        pin_new=b"\xff\xff\xff",
        pin_right=0x9007,
    ),
    "sle4428": CardType(
        select=bytes.fromhex("FFA4000001 05"),
        size=1024,
        base=32,
        write=0xD0,
        pin=2,
        pin_new=b"\xff\xff",
        pin_right=0x90FF,
    ),
    "i2c": CardType(
        select=bytes.fromhex("FFA4000001 01"), size=2048, base=32, write=0xD0
    ),
    "ntag": CardType(
        select=b"", size=180, base=16, write=0xD6, unit=4, read_max=16, write_max=4
    ),
}
