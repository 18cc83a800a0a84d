"""Numbers of a request in the fields that ISO 8583 has for them, both ways.

Operation and batch, the original that DE90 names, amount and currency.
"""

from collections.abc import Mapping

from ekarte_auth_gateway.codec.currencies import CODE_OF, NUMBER_OF
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.message import Fields
from ekarte_core import Original, Request

AMOUNT_DIGITS = 12
STAN_DIGITS = 6
OPERATION_MAX = 10**12 - 1
BATCH_MAX = 10**6 - 1
_BATCH_DIGITS_MAX = 12


def batch_of(fields: Mapping[str, str]) -> int:
    """Return the batch number of DE60; 0 when it is not there."""
    text = fields.get("60", "0")
    if not (text.isdigit() and len(text) <= _BATCH_DIGITS_MAX):
        raise CodecError("DE60", "batch is not a number")
    return int(text)


def operation_of(fields: Mapping[str, str]) -> int:
    """Return the operation number of DE37, or of DE11 where that is all of it."""
    short, full = fields.get("11"), fields.get("37", "").strip()
    if short is None:
        raise CodecError("DE11", "operation number is missing")
    if not full:
        return int(short)
    if not full.isdigit():
        raise CodecError("DE37", "full operation number is not a number")
    if full[-STAN_DIGITS:].rjust(STAN_DIGITS, "0") != short:
        raise CodecError("DE37", "does not end in the digits of DE11")
    return int(full)


def currency_of(fields: Mapping[str, str]) -> str:
    """Return the letters of DE49; euro when it is not there."""
    number = fields.get("49")
    if number is None:
        return "EUR"
    if number in NUMBER_OF:
        return number
    if number not in CODE_OF:
        raise CodecError("DE49", "is not a currency that is known here")
    return CODE_OF[number]


def original_of(fields: Mapping[str, str], batch: int) -> Original | None:
    """DE90: MTI 4, operation's last six, DE7 10, batch 10, full operation 12.

    The last two are ours, where the standard has two institutions. With them zero, as
    a plain terminal sends it, the six digits and this message's own batch count.
    """
    value = fields.get("90")
    if value is None:
        return None
    short, other_batch, full = value[4:10], int(value[20:30]), int(value[30:42])
    if not full:
        return Original(batch=batch, operation=int(short))
    if full % 10**STAN_DIGITS != int(short):
        raise CodecError("DE90", "the two operation numbers contradict each other")
    return Original(batch=other_batch, operation=full)


def write(request: Request) -> Fields:
    """Return the fields of a request's numbers.

    Raises:
        CodecError: one is out of the range of its field.
    """
    _check(request.batch, request.operation, 0, "DE60", "DE37")
    if request.currency not in NUMBER_OF:
        raise CodecError("DE49", "is not a currency that is known here")
    fields = {
        "11": f"{request.operation % 10**STAN_DIGITS:06d}",
        "37": f"{request.operation:012d}",
        "49": NUMBER_OF[request.currency],
        "60": f"{request.batch:06d}",
    }
    if request.original is not None:
        fields["90"] = _write_original(request.original)
    if request.amount is not None:
        if not 0 <= request.amount < 10**AMOUNT_DIGITS:
            raise CodecError("DE4", "amounts are zero to twelve digits")
        fields["4"] = f"{request.amount:0{AMOUNT_DIGITS}d}"
    return fields


def _write_original(original: Original) -> str:
    _check(original.batch, original.operation, 1, "DE90", "DE90")
    short = original.operation % 10**STAN_DIGITS
    return f"0000{short:06d}{0:010d}{original.batch:010d}{original.operation:012d}"


def _check(
    batch: int, operation: int, least: int, batch_place: str, operation_place: str
) -> None:
    if not least <= operation <= OPERATION_MAX:
        raise CodecError(operation_place, "operation numbers have up to twelve digits")
    if not 0 <= batch <= BATCH_MAX:
        raise CodecError(batch_place, "batch numbers have up to six digits")
