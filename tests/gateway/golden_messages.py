"""What stands in tests/gateway/golden: each message of each command, byte for byte.

The files are written down once and read by eye against docs/TERMINALS.md; a change in
them is a change of the wire, and every terminal in the field would notice it. To write
them anew: ``python -m tests.gateway.golden_messages``.
"""

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from ekarte_auth_gateway.codec import (
    PROFILES,
    CodeKeys,
    Context,
    Fields,
    Mac,
    Profile,
    answer_to_fields,
    code_keys,
    echo,
    mac_of,
    pack,
    request_to_fields,
    unpack,
)
from ekarte_core import (
    Answer,
    Balance,
    BankAnswer,
    BankPart,
    BatchTotal,
    CardRef,
    Earned,
    Line,
    LineAnswer,
    Offline,
    Original,
    Parameters,
    ParametersWish,
    Request,
    SlipLine,
    Tender,
    Voucher,
)

FOLDER = Path(__file__).parent / "golden"
RIGA = ZoneInfo("Europe/Riga")
KEY = bytes(range(32))
TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 10, 15, tzinfo=RIGA)
UTC_NOON = datetime(2026, 11, 21, 8, 15, tzinfo=timezone.utc)
TERMINAL = "00000012"


class Way(NamedTuple):
    """One file: a profile and what its terminals have."""

    profile: Profile
    mac: Mac | None
    codes: CodeKeys

    @property
    def context(self) -> Context:
        return Context(RIGA, TODAY, self.codes)


WAYS = {
    "A": Way(PROFILES["A"], mac_of("hmac-sha256", KEY), code_keys(KEY)),
    "B": Way(PROFILES["B"], mac_of("x9.19", KEY), code_keys(KEY, old=True)),
}

CARD = CardRef(value="9990001000000017")
TRACK = CardRef(kind="track2", value="9990001000000017=29121010000012345")
OLD = CardRef(kind="keyed", value="999000100000001")
MEMBER = CardRef(kind="document", value="AB123456")
PHONE = CardRef(kind="phone", value="+37120000000")
FUEL = Line(sku="95E", group="fuel", quantity="10.000", amount=1750)
SLIP = (
    SlipLine(text="Zaļais grozs", align="center", style="bold", size="double"),
    SlipLine(text="", style="rule"),
    SlipLine(text="Спасибо! Aitäh!", align="right"),
    SlipLine(text="77", align="center", style="qr"),
    SlipLine(text="", style="signature"),
)
BALANCES = (
    Balance(
        program="GRO-GIFT", kind="gift_card", unit="EUR", value=1500, available=1000
    ),
    Balance(program="GRO-BONUS", kind="bonus", unit="points", value=-3, available=-3),
)
VOUCHERS = (
    Voucher(code="K7-123", program="GRO-V", kind="money", value=500),
    Voucher(
        code="K7-124", program="GRO-V", kind="goods", product="kafija", valid_until=NOON
    ),
)
APPROVED = Answer(rc="00", auth_code="481516", txn="77", params_version=7)


def _at(operation: int, command: str, **more: Any) -> Request:
    return Request(
        command=command, terminal=TERMINAL, batch=3, operation=operation, **more
    )


def _approved(**more: Any) -> Answer:
    return msgspec.structs.replace(APPROVED, **more)


SALE = _at(
    412,
    "sale",
    local_time=NOON,
    card=CARD,
    access_code="1234",
    amount=1750,
    lines=(FUEL,),
    tender=Tender(gift=500),
    reference="čeks 88/1",
)
SOLD = _approved(
    amount=1750,
    discount=88,
    amount_due=1162,
    tendered={"gift": 500},
    earned=(Earned(program="GRO-BONUS", points=3),),
    balances=BALANCES[:1],
    lines=(LineAnswer(discount=88, rate=500),),
    slip=SLIP,
    copies=2,
)

MESSAGES: list[tuple[Request, Answer]] = [
    (
        _at(400, "inquire", card=TRACK, amount=2000, language="ru", slip="none"),
        _approved(
            balances=BALANCES,
            vouchers=VOUCHERS,
            discount_rate=500,
            code_asked=True,
            card_state="active",
            explain=("5 % – постоянная скидка",),
        ),
    ),
    (
        _at(401, "authorize", card=OLD, amount=3000, partial=True, referrer=MEMBER),
        Answer(
            rc="10",
            message="partly",
            amount=3000,
            hold_until=UTC_NOON,
            price_reduction=100,
        ),
    ),
    (
        _at(
            402,
            "confirm",
            amount=2000,
            original=Original(batch=3, operation=401, terminal="PUMP0007"),
        ),
        _approved(amount=2000, converted=100),
    ),
    (_at(403, "reverse", original=Original(batch=2, operation=1_000_412)), APPROVED),
    (SALE, SOLD),
    (
        _at(
            431,
            "sale",
            card=CARD,
            amount=1750,
            bank=BankPart(
                card=CardRef(kind="bank", value="5413330089020011"),
                expiry="2912",
                pin_block="0123456789ABCDEF",
            ),
        ),
        _approved(
            amount=1750,
            bank=BankAnswer(
                rc="00", auth_code="A1B2C3", rrn="000000000017", amount=1662
            ),
        ),
    ),
    (
        _at(
            413,
            "refund",
            amount=500,
            lines=(Line(amount=500),),
            original=Original(batch=3, operation=412),
        ),
        _approved(amount=500, kept=2, earned=(Earned(program="B", points=-3),)),
    ),
    (
        _at(414, "top_up", card=CARD, amount=5000, program="GRO-GIFT"),
        _approved(amount=5000, balances=BALANCES[:1]),
    ),
    (
        _at(415, "activate", card=CARD, amount=5000, access_code="27182"),
        _approved(amount=5000),
    ),
    (_at(416, "block", card=CARD, reason="lost"), APPROVED),
    (_at(417, "unblock", card=CARD), APPROVED),
    (_at(418, "replace", card=CARD, other=MEMBER), APPROVED),
    (
        _at(419, "set_code", card=CARD, access_code="1234", new_access_code="567890"),
        Answer(rc="55", message="wrong code", tries_left=2),
    ),
    (
        _at(420, "enroll", card=CARD, consents={"mail": True, "sms": False}),
        _approved(next=("one more answer",)),
    ),
    (_at(421, "accrue", card=PHONE, amount=1000), _approved(amount=1000)),
    (
        _at(
            422,
            "redeem",
            card=CARD,
            program="GRO-BONUS",
            lines=(Line(sku="prize 7", amount=0),),
        ),
        _approved(tendered={"points": 100}),
    ),
    (_at(423, "check_in", card=CARD), _approved(exceptions=())),
    (
        _at(424, "voucher", card=CARD, tender=Tender(voucher="K7-123", credit=100)),
        _approved(tendered={"voucher": 500, "credit": 100}),
    ),
    (
        _at(
            425,
            "advice",
            local_time=NOON,
            card=CARD,
            amount=1750,
            offline=Offline(
                command="sale",
                discount=88,
                amount_due=1162,
                tendered={"gift": 500},
                counter=17,
                params_version=6,
            ),
        ),
        _approved(amount=1750, exceptions=("short: 200 of 500",)),
    ),
    (
        _at(
            426, "advice", local_time=NOON, card=CARD, offline=Offline(command="accrue")
        ),
        APPROVED,
    ),
    (
        _at(427, "parameters", parameters=ParametersWish(known=6, chunk=1, version=7)),
        Answer(
            rc="00",
            parameters=Parameters(
                version=7,
                kind="delta",
                chunks=2,
                chunk=1,
                data="eyJhIjoxfQ" * 30,
                signature="c2lnbmF0dXJl" * 7 + "MTIzNA==",
                key_id="0123456789abcdef",
            ),
        ),
    ),
    (
        _at(
            428,
            "close",
            totals=(
                BatchTotal(command="sale", count=2, amount=2000),
                BatchTotal(command="top_up", count=1, amount=5000),
            ),
        ),
        Answer(rc="95", totals=(BatchTotal(command="sale", count=3, amount=3000),)),
    ),
    (_at(429, "echo"), Answer(rc="00", server_time=UTC_NOON, params_version=7)),
    (
        _at(430, "status", original=Original(batch=3, operation=412)),
        Answer(rc="00", original=SOLD, params_version=8),
    ),
]


def request_bytes(request: Request, way: Way, *, repeat: bool = False) -> bytes:
    fields = request_to_fields(
        request, zone=RIGA, codes=way.codes, random=lambda: b"8 random", repeat=repeat
    )
    return pack(fields, way.mac, way.profile)


def answer_bytes(answer: Answer, asked: bytes, way: Way) -> bytes:
    told = echo(unpack(asked, way.profile))
    return pack(answer_to_fields(answer, told), way.mac, way.profile)


def _shown(raw: bytes, way: Way) -> dict[str, Any]:
    fields: Fields = unpack(raw, way.profile)
    texts = {name: value.encode("latin-1").decode() for name, value in fields.items()}
    return {"hex": raw.hex().upper(), "fields": texts}


def entries(way: Way) -> list[dict[str, Any]]:
    """The content of a file."""
    made = []
    for request, answer in MESSAGES:
        asked = request_bytes(request, way)
        told = answer_bytes(answer, asked, way)
        made.append(
            {
                "request": msgspec.to_builtins(request),
                "asked": _shown(asked, way),
                "answer": msgspec.to_builtins(answer),
                "told": _shown(told, way),
            }
        )
    return made


def read(name: str) -> list[dict[str, Any]]:
    """The content of the file of a profile, as it was written down."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    for name, way in WAYS.items():
        text = json.dumps(entries(way), ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
