"""Noise at the decoder: sixty thousand mangled messages, one kind of error."""

import random
from datetime import date
from zoneinfo import ZoneInfo

from ekarte_auth_gateway.codec import (
    CodecError,
    Context,
    answer_from_fields,
    answer_to_fields,
    command_of,
    echo,
    mac_is_right,
    pack,
    request_from_fields,
    request_to_fields,
    unpack,
)
from ekarte_core import Answer, BatchTotal, Original, Request
from tests.gateway.test_codec import CODES, ECHO, GOLDEN_SALE, MAC

CONTEXT = Context(ZoneInfo("Europe/Riga"), date(2026, 11, 21), CODES)


def test_sixty_thousand_mangled_messages_raise_nothing_but_the_codecs_error():
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    seeds = [
        GOLDEN_SALE,
        pack(request_to_fields(Request(command="echo", terminal="00000012"))),
        pack(
            request_to_fields(
                Request(
                    command="close",
                    terminal="00000012",
                    totals=(BatchTotal(command="sale", count=1, amount=5),),
                    original=Original(batch=1, operation=1),
                )
            )
        ),
        pack(answer_to_fields(Answer(rc="00", explain=("ā",) * 9), ECHO), MAC),
    ]
    understood = longest = 0
    for _ in range(60_000):
        raw = mangle(bytearray(dice.choice(seeds)), dice)
        try:
            fields = unpack(raw)
            mac_is_right(raw, fields, MAC)
            answer_from_fields({**fields, "39": fields.get("39", "00")})
            command = command_of(fields) or "sale"
            request = request_from_fields(
                {"41": "00000012", **fields}, command, CONTEXT
            )
            pack(answer_to_fields(Answer(rc="00"), echo(fields)))
        except CodecError as fault:
            longest = max(longest, len(str(fault)))
        else:
            understood += 1
            assert isinstance(request, Request)
    print(f"{understood} of 60000 still meant something")
    assert longest < 200  # a fault names a place; it does not quote the message


def mangle(raw: bytearray, dice: random.Random) -> bytes:
    """Flip, cut, insert, copy: one to four times."""
    for _ in range(dice.randint(1, 4)):
        kind, spot = dice.randrange(5), dice.randrange(len(raw) or 1)
        if not raw:
            raw += b"0"
        elif kind == 0:
            raw[spot] ^= 1 << dice.randrange(8)
        elif kind == 1:
            raw[spot] = dice.choice(b"0123456789A;\x00\xff ")
        elif kind == 2:
            del raw[spot : spot + dice.randint(1, 9)]
        elif kind == 3:
            raw[spot:spot] = dice.randbytes(dice.randint(1, 9))
        else:
            raw[spot:spot] = raw[: dice.randint(0, len(raw))]
    return bytes(raw)
