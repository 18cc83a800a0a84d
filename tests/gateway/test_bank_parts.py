"""Bank cards in pieces: what is next, what is said, what is enciphered, who listens."""

import asyncio
import struct
from datetime import datetime, timedelta, timezone
from typing import Any, get_args

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from ekarte_auth_gateway.bank.cards import CardLost, Vault, read_card
from ekarte_auth_gateway.bank.course import next_todo
from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.link import Link, LinkRhythm, NotSent, Silent
from ekarte_auth_gateway.bank.messages import (
    Sender,
    end_of,
    follow_up,
    purchase,
    read_reply,
    refund,
)
from ekarte_auth_gateway.codec import (
    PROFILE_B,
    answer_tpdu,
    mac_with,
    pack,
    split_tpdu,
    unpack,
)
from ekarte_core import Acquirer, BankCourse, BankStep, BankStepName, Keyring
from tests.gateway.bank_town import NUMBER, TRACK2, part

AT = datetime(2026, 11, 22, 12, 30, 15, tzinfo=timezone.utc)
EUR = Sender(currency="978", institution="428123")


def course(*steps: str, command: Any = "sale") -> BankCourse:
    """An operation with these steps; of messages, STAN is the step's number."""
    messages = {"sent": "0200", "cancelled": "0400"}
    return BankCourse(
        id=1,
        key=("00000061", 1, 7),
        command=command,
        acquirer="ACQ1",
        bank_terminal="T0061",
        bank_acceptor="GROCER01",
        currency="EUR",
        last4="7899",
        language="en",
        opened_at=AT,
        digest=b"",
        confirmation="",
        steps=tuple(
            BankStep(
                number=number,
                at=AT,
                step=name,  # type: ignore[arg-type]  # a name of the table
                message=messages.get(name, ""),
                stan=number if name in messages else None,
                amount=1900,
            )
            for number, name in enumerate(steps, 1)
        ),
    )


NEXT = {
    "refused": "rest",
    "sent": "give up",
    "approved": "book",
    "declined": "release",
    "cancelled": "release",
    "held": "rest",
    "booked": "rest",
    "released": "rest",
    "undoing": "undo",
    "kept": "rest",
    "refunding": "refund",
    "refunded": "rest",
    "unrefunded": "rest",
}


def test_after_every_step_it_is_told_what_is_next():
    assert set(NEXT) == set(get_args(BankStepName))
    for step, todo in NEXT.items():
        assert next_todo(course(step), live=False) == todo
        if step != "sent":
            assert next_todo(course(step), live=True) == todo


def test_only_who_has_the_request_asks_the_bank():
    assert next_todo(course(), live=True) == "hold"
    assert next_todo(course("sent"), live=True) == "ask"
    assert next_todo(course(), live=False) == "give up"
    assert next_todo(course("sent"), live=False) == "give up"


@pytest.mark.parametrize(
    ("value", "expiry", "track2"),
    [
        (NUMBER, "", ""),
        (TRACK2, "2912", TRACK2),
        (f";{TRACK2}?", "2912", TRACK2),
        (TRACK2.replace("=", "D"), "2912", TRACK2),
    ],
)
def test_a_bank_card_is_read_as_it_comes(value, expiry, track2):
    card = read_card(part(value))
    assert (card.number, card.expiry, card.track2) == (NUMBER, expiry, track2)
    assert NUMBER not in repr(card)


def keys(*numbers: int) -> Keyring:
    found = {(name, 1): b"k" * 32 for name in ("card_token", "access_code", "terminal")}
    return Keyring(found | {("bank", n): bytes([n]) * 32 for n in numbers})


KEY = ("00000061", 1, 7)


def test_a_number_is_opened_by_whoever_has_its_key():
    sealed = Vault(keys(1)).seal(KEY, NUMBER, AT)
    assert NUMBER.encode() not in sealed.sealed
    assert sealed.sealed != Vault(keys(1)).seal(KEY, NUMBER, AT).sealed
    assert Vault(keys(1, 2)).open(KEY, sealed.key, sealed.sealed) == NUMBER
    assert NUMBER not in repr(sealed)


def test_a_number_is_not_opened_for_another_operation_nor_when_damaged_or_keyless():
    sealed = Vault(keys(1)).seal(KEY, NUMBER, AT)
    damaged = sealed.sealed[:-1] + bytes([sealed.sealed[-1] ^ 1])
    for ring, key, row in (
        (keys(1), ("00000061", 1, 8), sealed.sealed),
        (keys(1), KEY, damaged),
        (keys(2), KEY, sealed.sealed),
        (keys(), KEY, sealed.sealed),
    ):
        with pytest.raises(CardLost):
            Vault(ring).open(key, 1, row)
    assert not Vault(keys()).usable


def test_a_purchase_is_laid_out_for_the_bank():
    asked = course("sent")
    card = read_card(part(TRACK2))
    fields = purchase(asked, asked.steps[0], card, "A1B2C3D4E5F60718", EUR)
    assert fields == {
        "t": "0200",
        "3": "000000",
        "4": "000000001900",
        "7": "1122123015",
        "11": "000001",
        "12": "123015",
        "13": "1122",
        "22": "021",
        "25": "00",
        "32": "428123",
        "35": TRACK2,
        "37": "632612000001",
        "41": "T0061   ",
        "42": "GROCER01       ",
        "49": "978",
        "52": "A1B2C3D4E5F60718",
    }
    by_hand = purchase(
        asked, asked.steps[0], read_card(part(NUMBER, expiry="2912")), "", EUR
    )
    assert (by_hand["2"], by_hand["14"], by_hand["22"]) == (NUMBER, "2912", "012")
    assert "35" not in by_hand


def test_a_reversal_names_the_original_and_its_repeat_differs_in_type_alone():
    undone = course("sent", "cancelled")
    first = follow_up(undone, undone.steps[1], EUR, "", again=False)
    again = follow_up(undone, undone.steps[1], EUR, "", again=True)
    assert (first.pop("t"), again.pop("t")) == ("0400", "0401")
    assert first == again
    assert first["90"] == "0200" + "000001" + "1122123015" + "00000428123" + "0" * 11
    assert first["37"] == "632612000001"
    assert first["11"] == "000002"
    assert "2" not in first
    named = follow_up(undone, undone.steps[1], EUR, NUMBER, again=False)
    assert named["2"] == NUMBER


def test_a_refund_names_the_purchase_and_its_reversal_the_refund():
    given = course("sent", "booked", "refunding", "refunded", "refunding", "unrefunded")
    steps = [
        *given.steps[:3],
        msgspec.structs.replace(given.steps[3], message="0220", stan=4, amount=475),
        given.steps[4],
        msgspec.structs.replace(
            given.steps[5], message="0400", stan=6, amount=475, reason="4"
        ),
    ]
    given = msgspec.structs.replace(given, steps=tuple(steps))
    told = refund(given, steps[3], EUR, "", again=False)
    assert (told["t"], told["3"], told["4"]) == ("0220", "200000", "000000000475")
    assert told["90"][:20] == "0200" + "000001" + "1122123015"
    back = refund(given, steps[5], EUR, "", again=True)
    assert (back["t"], back["3"], back["4"]) == ("0401", "200000", "000000000475")
    assert back["90"][:20] == "0220" + "000004" + "1122123015"
    assert back["37"] == told["37"]


@pytest.mark.parametrize(
    ("rc", "refunded", "other"),
    [
        ("00", "acknowledged", "acknowledged"),
        ("25", "refused", "acknowledged"),
        ("78", "refused", None),
        ("96", None, None),
        ("", None, None),
    ],
)
def test_a_refund_may_be_refused_what_is_due_anyhow_may_not(rc, refunded, other):
    step = course("refunded").steps[0]
    assert end_of(step, rc) == refunded
    for name in ("released", "booked", "unrefunded"):
        assert end_of(course(name).steps[0], rc) == other


@pytest.mark.parametrize(
    ("rc", "amount", "what"),
    [
        ("00", "000000001900", "approved"),
        ("00", None, "approved"),
        ("00", "000000001899", "unclear"),
        ("10", "000000001900", "unclear"),
        ("68", None, "unclear"),
        ("96", None, "unclear"),
        ("51", None, "declined"),
        ("05", "000000001900", "declined"),
    ],
)
def test_only_a_clear_approval_is_one(rc, amount, what):
    answer = {"39": rc} | ({} if amount is None else {"4": amount})
    assert read_reply({"4": "000000001900"}, answer).what == what


class PackedHost:
    """A host of profile B with a CMAC; answers what it is told to."""

    def __init__(self) -> None:
        self.mac = mac_with("aes-cmac", b"m" * 16)
        self.deaf = False
        self.seen: list[str] = []

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while head := await reader.read(2):
            frame = await reader.readexactly(struct.unpack(">H", head)[0])
            address, message = split_tpdu(frame)
            fields = unpack(message, PROFILE_B)
            self.seen.append(fields["t"] + fields.get("70", ""))
            if self.deaf:
                continue
            answer = {k: v for k, v in fields.items() if k in ("11", "70", "4")}
            answer |= {"t": fields["t"][:2] + "10", "39": "00"}
            raw = pack(answer, self.mac, PROFILE_B)
            raw = answer_tpdu(address) + raw
            writer.write(struct.pack(">H", len(raw)) + raw)
        writer.close()


def test_a_line_of_profile_b_signs_on_asks_and_doubts():
    asyncio.run(_play_line())


async def _play_line() -> None:
    host = PackedHost()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    numbers = iter(range(100, 200))

    async def stan() -> int:
        return next(numbers)

    link = Link(
        Acquirer(code="B", name="B", host="127.0.0.1", port=port, profile="B"),
        host.mac,
        stan,
        lambda: AT,
        BankFigures(CollectorRegistry()),
        LinkRhythm(wait_s=0.1, echo_s=60),
    )
    asked = course("sent")
    fields = purchase(asked, asked.steps[0], read_card(part(TRACK2)), "", EUR)
    with pytest.raises(NotSent):
        await link.ask(fields)
    link.start()
    await _until(lambda: link.ready)
    answer = await link.ask(fields)
    assert (answer["t"], answer["39"]) == ("0210", "00")
    host.deaf = True
    for _ in range(3):
        with pytest.raises(Silent):
            await link.ask(fields)
    assert not link.ready  # the breaker: nobody else waits in vain
    with pytest.raises(NotSent):
        await link.ask(fields)
    host.deaf = False
    await _until(lambda: link.ready)
    assert (await link.ask(fields))["39"] == "00"
    assert host.seen[0] == "0800001"
    assert "0800301" in host.seen or host.seen.count("0800001") > 1
    await link.stop()
    server.close()


async def _until(holds: Any) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not in ten seconds")


def test_the_reference_and_the_original_are_in_utc():
    """A branch's clock may show another day."""
    late = course("sent")
    step = late.steps[0]
    by = Sender(currency="978", zone=timezone(timedelta(hours=14)))
    fields = purchase(late, step, read_card(part(NUMBER)), "", by)
    assert (fields["7"], fields["12"], fields["13"]) == ("1122123015", "023015", "1123")
    assert fields["37"].startswith("632612")
