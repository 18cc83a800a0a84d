"""The account in a chip's memory: it survives being torn, and cannot be made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_auth_gateway.testing import CodecError, TerminalError
from ekarte_core import Answer, Balance, CardRef, Request
from ekarte_terminal import Settings
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
from ekarte_terminal.chip.record import RECORD_BYTES, decode, encode
from ekarte_terminal.slot import ChipLine, Slot
from tests.gateway.chip_card import ChipCard

ISSUER = bytes(range(32))
NUMBER = "9990009000000017"
KEY = CardKey(ISSUER, NUMBER)
NEW = Record(
    number=NUMBER,
    counter=7,
    balance=5000,
    spend_max=3000,
    count_max=3,
    told_at=1,
    written_at=2,
    terminal="00000011",
)
amounts = st.integers(0, 2**32 - 1)
records = st.builds(
    Record,
    number=st.just(NUMBER),
    counter=amounts,
    balance=amounts,
    spent=amounts,
    count=st.integers(0, 255),
    count_max=st.integers(0, 255),
    spend_max=amounts,
    told_at=amounts,
    written_at=amounts,
    terminal=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8),
    asked=st.booleans(),
)


def stored(card: ChipCard, key: CardKey = KEY) -> Record | None:
    return newest(read_copies(Memory(card.transmit, card.type).read(COPIES_BYTES), key))


def write(card: ChipCard, record: Record, key: CardKey = KEY) -> None:
    memory = Memory(card.transmit, card.type)
    memory.present(card.code)
    memory.write(*write_record(memory.read(COPIES_BYTES), record, key))


def card_with(*written: Record, kind: str = "sle4442") -> ChipCard:
    card = ChipCard(kind)
    for record in written:
        write(card, record)
    return card


# --- bytes


@given(records)
def test_what_is_written_is_read(record: Record) -> None:
    assert decode(encode(record, KEY), KEY) == record
    assert NUMBER not in repr(record) + repr(KEY)


def test_the_bytes_are_those_of_the_table() -> None:
    body = encode(NEW, KEY)
    told = (
        "e1 00 9990009000000017 00000007 00001388 00000000 00 03 00000bb8"
        " 00000001 00000002 3030303030303131"
    )
    assert body[:44] == bytes.fromhex(told)
    assert body[44:].hex() == "28280c3bb99946c8fb3bf85b", "openssl mac says so"
    assert len(body) == RECORD_BYTES == 56


@given(records, st.integers(0, RECORD_BYTES - 1), st.integers(1, 255))
def test_a_changed_byte_makes_it_nobodys(record: Record, place: int, by: int) -> None:
    changed = bytearray(encode(record, KEY))
    changed[place] ^= by
    assert decode(bytes(changed), KEY) is None


def test_the_record_of_another_card_or_issuer_is_nothing() -> None:
    other = CardKey(ISSUER, "9990009000000025")
    assert decode(encode(NEW, KEY), other) is None
    assert decode(encode(NEW, KEY), CardKey(bytes(32), NUMBER)) is None
    assert decode(encode(NEW, KEY), CardKey(ISSUER, NUMBER)) == NEW


@pytest.mark.parametrize("number", ["", "12", "999000900000001X", "٩" * 16])
def test_a_number_that_a_chip_cannot_keep_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="sixteen digits"):
        CardKey(ISSUER, number)


# --- what may be spent


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({}, 3000),
        ({"balance": 100}, 100),
        ({"spent": 2900, "count": 2}, 100),
        ({"spent": 3000, "count": 2}, 0),
        ({"balance": 100, "spent": 200}, 0),
        ({"count": 3}, 0),
        ({"asked": True}, 0),
        ({"spend_max": 0}, 0),
    ],
)
def test_the_card_itself_has_limits(told: dict[str, int], left: int) -> None:
    fields = {name: getattr(NEW, name) for name in Record.__dataclass_fields__}
    assert Record(**{**fields, **told}).left == left


def test_what_the_host_says_ends_what_was_spent() -> None:
    spent = NEW.spend(1000, "00000012", 10)
    assert (spent.counter, spent.spent, spent.count, spent.left) == (8, 1000, 1, 2000)
    asked = spent.ask("00000012", 11)
    assert asked.left == 0
    assert asked.back("00000012", 12).left == 2000, "the host said nothing"
    told = asked.tell(700, "00000012", 12)
    assert (told.counter, told.spent, told.count, told.left) == (10, 0, 0, 700)


# --- torn


@pytest.mark.parametrize("garbage", [None, 0x00, 0xFF, 0x5A])
@pytest.mark.parametrize("before", [1, 2, 3])
def test_torn_at_any_byte_it_is_the_old_or_the_new_one(
    before: int, garbage: int | None
) -> None:
    history = [NEW]
    while len(history) < before:
        history.append(history[-1].spend(100, "00000011", 9))
    following = history[-1].spend(777, "0000ZZ99", 2**32 - 1)
    for cut in range(RECORD_BYTES + 1):
        card = card_with(*history)
        card.tear_after, card.torn_byte = cut, garbage
        try:
            write(card, following)
        except CardGone:
            assert card.out
        card.insert()
        found = stored(card)
        assert found in (history[-1], following), f"cut after {cut} bytes"
        if cut < RECORD_BYTES - 12:
            assert found == history[-1]
        write(card, found.spend(1, "00000011", 99))  # and it can be gone on with
        assert stored(card).counter == found.counter + 1


@given(st.lists(st.integers(0, RECORD_BYTES + 5), max_size=12))
def test_torn_again_and_again_it_never_goes_back(cuts: list[int]) -> None:
    card = card_with(NEW)
    last = NEW
    for cut in cuts:
        following = last.spend(1, "00000011", 5)
        card.tear_after = cut
        try:
            write(card, following)
        except CardGone:
            card.insert()
        card.insert()
        found = stored(card)
        assert found in (last, following)
        last = found


def test_a_record_that_is_not_newer_is_not_written() -> None:
    card = card_with(NEW)
    with pytest.raises(ValueError, match="newer"):
        write(card, NEW)
    write(card, NEW.spend(1, "00000011", 3))


# --- cards and their codes


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_card_is_written_and_read(kind: str) -> None:
    card = card_with(NEW, NEW.spend(5, "00000011", 3), kind=kind)
    assert stored(card) == NEW.spend(5, "00000011", 3)
    outside = card.memory[: card.type.base]
    assert set(outside) == {0xFF}, "what the maker keeps is not written to"


def test_a_card_is_written_with_its_code_only() -> None:
    card = card_with(NEW)
    memory = Memory(card.transmit, card.type)
    memory.change_code(KEY.pin(3))
    card.insert()
    with pytest.raises(CardGone, match="6982"):
        memory.write(0, b"\0")
    memory.present(KEY.pin(3))
    memory.write(0, b"\0")
    assert card.memory[32] == 0


def test_a_wrong_code_three_times_ends_the_writing() -> None:
    card = card_with(NEW)
    memory = Memory(card.transmit, card.type)
    for left in ("left: 2", "left: 1", "no code any more"):
        with pytest.raises(PinRefused, match=left):
            memory.present(b"\1\2\3")
    with pytest.raises(PinRefused, match="no code any more"):
        memory.present(card.code)
    assert stored(card) == NEW, "it can still be read"


def test_codes_and_keys_differ_from_card_to_card() -> None:
    numbers = [f"99900090{place:08d}" for place in range(50)]
    keys = [CardKey(ISSUER, number) for number in numbers]
    assert len({key.mac(b"") for key in keys}) == len(keys)
    assert len({key.pin(3) for key in keys}) > 40


# --- between the host and the card


class Hole:
    """A reader without PC/SC: the card itself."""

    def __init__(self, card: ChipCard) -> None:
        self._plastic = card

    @contextmanager
    def card(self) -> Iterator[Transmit]:
        yield self._plastic.transmit

    def present(self) -> bool:
        return not self._plastic.out


class Host:
    """A line at whose end somebody says what he was told to say."""

    def __init__(self) -> None:
        self.says: Answer | None = None
        self.asked: list[str] = []

    def send(self, request: Request, *, repeat: bool) -> Answer:
        self.asked.append(request.command)
        if self.says is None:
            raise TerminalError("silence")
        return self.says

    def close(self) -> None:
        self.asked.clear()


CARD = CardRef(kind="chip", value=NUMBER)
SALE = Request(command="sale", terminal="00000011", operation=7, card=CARD, amount=100)


@pytest.fixture
def plastic() -> ChipCard:
    card = ChipCard()
    at = datetime(2026, 11, 22, tzinfo=timezone.utc)
    slot = slot_of(card, at)
    slot.make(NUMBER, 3000, 3)
    slot.hear(CARD, answered("00", 5000))
    return card


def slot_of(card: ChipCard, at: datetime | None = None) -> Slot:
    now = at or datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
    settings = Settings(number="00000011", connect="", state=Path())
    return Slot(settings, ISSUER, Hole(card), lambda: now)


def answered(rc: str, available: int | None = None, **told: str) -> Answer:
    money = Balance(
        program="G", kind="gift_card", unit="EUR", value=0, available=available or 0
    )
    return Answer(rc=rc, balances=() if available is None else (money,), **told)


@pytest.mark.parametrize(
    ("says", "left", "asked"),
    [
        (answered("00", 1000), 1000, False),
        (answered("51", 200), 200, False),
        (answered("13"), 3000, False),  # it said nothing of the balance
        (answered("62", 5000, card_state="blocked"), 0, False),
        (answered("96"), 0, True),
        (None, 0, True),
    ],
)
def test_what_the_host_says_stands_on_the_card(
    plastic: ChipCard, says: Answer | None, left: int, asked: bool
) -> None:
    host, slot = Host(), slot_of(plastic)
    host.says = says
    try:
        ChipLine(host, slot, list).send(SALE, repeat=False)
    except TerminalError:
        assert says is None
    found = slot_of(plastic).look()
    assert (found.left, found.asked) == (left, asked)
    assert slot.left(CARD, 8) == left, "another operation"
    if asked:
        assert slot.left(CARD, 7) == 3000, "the very operation that nobody answered"


@pytest.mark.parametrize(
    ("command", "untold", "spent", "asked_still"),
    [
        ("inquire", [], 0, False),
        ("inquire", ["a sale"], 900, False),
        ("sale", [], 0, False),
        ("sale", ["a sale"], 900, True),  # booked, and its own balance lacks that
    ],
)
def test_a_balance_that_lacks_what_was_spent_is_not_put_on_the_card(
    plastic: ChipCard, command: str, untold: list[str], spent: int, asked_still: bool
) -> None:
    host, slot = Host(), slot_of(plastic)
    host.says = answered("00", 3000)
    slot.spend(CARD, 900)
    asked = msgspec.structs.replace(SALE, command=command)
    ChipLine(host, slot, untold.copy).send(asked, repeat=False)
    found = slot_of(plastic).look()
    assert (found.spent, found.asked) == (spent, asked_still)
    if asked_still:
        assert found.left == 0


@pytest.mark.parametrize(
    ("says", "asked", "left"),
    [
        (answered("65"), True, 0),  # the first one may have been booked
        (answered("63"), True, 0),
        (answered("00", 1000), False, 1000),
        (answered("51", 200), False, 200),
    ],
)
def test_after_silence_only_a_balance_takes_the_mark_off(
    plastic: ChipCard, says: Answer, asked: bool, left: int
) -> None:
    host, slot = Host(), slot_of(plastic)
    line = ChipLine(host, slot, list)
    with pytest.raises(TerminalError):
        line.send(SALE, repeat=False)
    host.says = says
    line.send(SALE, repeat=True)
    found = slot.look()
    assert (found.asked, found.left) == (asked, left)


@pytest.mark.parametrize("command", ["inquire", "sale"])
def test_a_blocked_card_has_nothing_left_though_something_is_not_told_yet(
    plastic: ChipCard, command: str
) -> None:
    host, slot = Host(), slot_of(plastic)
    slot.spend(CARD, 900)
    assert slot.look().left == 2100
    asked = msgspec.structs.replace(SALE, command=command)
    host.says = answered("62", 3000, card_state="blocked")
    ChipLine(host, slot, lambda: ["a sale"]).send(asked, repeat=False)
    assert slot.look().left == 0


def test_what_has_no_card_in_it_touches_no_card(plastic: ChipCard) -> None:
    host, before = Host(), bytes(plastic.memory)
    host.says = answered("00", 1)
    line = ChipLine(host, slot_of(plastic), list)
    for command in ("advice", "reverse", "status"):
        told = Request(command=command, terminal="00000011", operation=7, card=CARD)
        line.send(told, repeat=False)
    named = Request(
        command="sale",
        terminal="00000011",
        operation=7,
        card=CardRef(value="9990001000000019"),
    )
    line.send(named, repeat=False)
    assert bytes(plastic.memory) == before
    assert len(host.asked) == 4


def test_another_card_in_the_reader_is_not_written(plastic: ChipCard) -> None:
    host, before = Host(), bytes(plastic.memory)
    other = CardRef(kind="chip", value="9990009000000025")
    told = Request(command="sale", terminal="00000011", operation=7, card=other)
    with pytest.raises(CodecError, match="another card"):
        ChipLine(host, slot_of(plastic), list).send(told, repeat=False)
    assert host.asked == []
    assert bytes(plastic.memory) == before


@pytest.mark.parametrize("cut", [0, 1, 30, 56, 57])
def test_making_a_card_can_be_done_again(cut: int) -> None:
    card = ChipCard()
    card.tear_after = cut
    try:
        slot_of(card).make(NUMBER, 3000, 3)
    except CardGone:
        card.insert()
        slot_of(card).make(NUMBER, 3000, 3)
    assert stored(card).counter == 1
    assert card.code == KEY.pin(3)
    with pytest.raises(PinRefused):
        slot_of(card).make(NUMBER, 3000, 3)
