"""Requests: the fields of a message to a core Request, and back.

`read` needs to know three things that are not in the message: the zone of the
terminal's branch (times on the wire are local), a day near now (dates on the wire
have no year) and the terminal's block key. `write` is the terminal's side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo

from ekarte_auth_gateway.codec import cards, pinblock, tlv
from ekarte_auth_gateway.codec.commands import WRITTEN
from ekarte_auth_gateway.codec.currencies import CODE_OF, NUMBER_OF
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import SUB_FIELDS
from ekarte_auth_gateway.codec.message import Fields
from ekarte_auth_gateway.codec.pinblock import CodeKeys
from ekarte_core import BatchTotal, CardRef, Command, Line, Original, Request, Tender

AMOUNT_DIGITS = 12
STAN_DIGITS = 6
OPERATION_MAX = 10**12 - 1
BATCH_MAX = 10**6 - 1
_INTEGER_DIGITS_MAX = 12


@dataclass(frozen=True)
class Context:
    """What a message leaves out.

    Attributes:
        zone: of the terminal's branch.
        today: any day within half a year of the message; gives the year.
        codes: keys for access code blocks; None: this terminal has none.
    """

    zone: tzinfo
    today: date
    codes: CodeKeys | None = field(default=None, repr=False)


def read(fields: Mapping[str, str], command: Command, context: Context) -> Request:
    """Return the request that a message carries.

    Raises:
        CodecError: a field contradicts the table or another field.
    """
    card = cards.read(fields)
    subs = _sub_fields(fields)
    lines = tuple(_line(value) for tag, value in subs if tag == "LN")
    totals = tuple(_total(value) for tag, value in subs if tag == "TT")
    single = _once(subs)
    if "CN" in single:
        if card is not None:
            raise CodecError("DE48.CN", "the card is in DE2 or DE35 already")
        card = cards.read_other(single["CN"])
    batch = _batch(fields)
    return Request(
        command=command,
        terminal=fields["41"],
        batch=batch,
        operation=_operation(fields),
        local_time=_local_time(fields, single.get("YR"), context),
        card=card,
        access_code=_sent_code(fields, single, card, context),
        amount=int(fields["4"]) if "4" in fields else None,
        currency=_currency(fields.get("49")),
        lines=lines,
        tender=_tender(single),
        original=_original(fields.get("90"), batch),
        partial=_flag(single.get("PA")),
        reference=tlv.text_of(fields.get("62", ""), "DE62"),
        language=single.get("LG", ""),
        slip=single.get("SP", "text"),
        totals=totals,
    )


def _sub_fields(fields: Mapping[str, str]) -> list[tlv.Pair]:
    pairs: list[tlv.Pair] = []
    for name in SUB_FIELDS:
        if name in fields:
            pairs += tlv.split(fields[name], f"DE{name}")
    return pairs


_REPEATED = frozenset({"LN", "TT"})
_KNOWN = frozenset({"CN", "YR", "PB", "GU", "BU", "PA", "LG", "SP"}) | _REPEATED


def _once(pairs: list[tlv.Pair]) -> dict[str, str]:
    single: dict[str, str] = {}
    for tag, value in pairs:
        if tag not in _KNOWN:
            raise CodecError(f"DE48.{tag}", "is not a sub-field of requests")
        if tag in single:
            raise CodecError(f"DE48.{tag}", "is given twice")
        if tag not in _REPEATED:
            single[tag] = value
    return single


def _integer(text: str, place: str) -> int:
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise CodecError(place, "is not a whole number of up to 12 digits")
    return int(text)


def _batch(fields: Mapping[str, str]) -> int:
    text = fields.get("60", "0")
    if not (text.isdigit() and len(text) <= _INTEGER_DIGITS_MAX):
        raise CodecError("DE60", "batch is not a number")
    return int(text)


def _operation(fields: Mapping[str, str]) -> int:
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


def _currency(number: str | None) -> str:
    if number is None:
        return "EUR"
    if number in NUMBER_OF:
        return number
    if number not in CODE_OF:
        raise CodecError("DE49", "is not a currency that is known here")
    return CODE_OF[number]


def _flag(value: str | None) -> bool:
    if value not in (None, "0", "1"):
        raise CodecError("DE48.PA", "is neither 0 nor 1")
    return value == "1"


def _tender(single: Mapping[str, str]) -> Tender | None:
    if "GU" not in single and "BU" not in single:
        return None
    return Tender(
        gift=_integer(single.get("GU", "0"), "DE48.GU"),
        bonus=_integer(single.get("BU", "0"), "DE48.BU"),
    )


def _line(value: str) -> Line:
    """``amount;quantity;group;sku``; only the last may hold a semicolon."""
    parts = value.split(";", 3)
    if len(parts) != 4:
        raise CodecError("DE48.LN", "is not amount;quantity;group;sku")
    amount, quantity, group, sku = parts
    return Line(
        amount=_integer(amount, "DE48.LN"), quantity=quantity, group=group, sku=sku
    )


def _total(value: str) -> BatchTotal:
    """``command;count;amount``."""
    parts = value.split(";")
    if len(parts) != 3:
        raise CodecError("DE48.TT", "is not command;count;amount")
    return BatchTotal(
        command=parts[0],
        count=_integer(parts[1], "DE48.TT"),
        amount=_integer(parts[2], "DE48.TT"),
    )


def _original(value: str | None, batch: int) -> Original | None:
    """DE90: MTI 4, operation's last six, DE7 10, batch 10, full operation 12.

    The last two are ours, where the standard has two institutions. With them zero, as
    a plain terminal sends it, the six digits and this message's own batch count.
    """
    if value is None:
        return None
    short, other_batch, full = value[4:10], int(value[20:30]), int(value[30:42])
    if not full:
        return Original(batch=batch, operation=int(short))
    if full % 10**STAN_DIGITS != int(short):
        raise CodecError("DE90", "the two operation numbers contradict each other")
    return Original(batch=other_batch, operation=full)


def _sent_code(
    fields: Mapping[str, str],
    single: Mapping[str, str],
    card: CardRef | None,
    context: Context,
) -> str | None:
    block, place = single.get("PB"), "DE48.PB"
    if "52" in fields:
        if block is not None:
            raise CodecError("DE52", "the access code is in PB already")
        block, place = fields["52"], "DE52"
    return _access_code(block, place, card, context)


def _access_code(
    block: str | None, place: str, card: CardRef | None, context: Context
) -> str | None:
    if block is None:
        return None
    if card is None:
        raise CodecError(place, "an access code needs a card")
    if context.codes is None:
        raise CodecError(place, "this terminal has no key")
    return pinblock.decipher(block, cards.number_of(card), context.codes, place)


def _local_time(
    fields: Mapping[str, str], year: str | None, context: Context
) -> datetime | None:
    clock, day = fields.get("12"), fields.get("13")
    if clock is None and day is None:
        return None
    if clock is None or day is None:
        raise CodecError("DE13" if day is None else "DE12", "date and time go together")
    if year is not None and not (len(year) == 4 and year.isascii() and year.isdigit()):
        raise CodecError("DE48.YR", "is not a year")
    this = context.today.year
    # A message of 31 December may be read on 1 January, and the other way round.
    years = [int(year)] if year else [this - 1, this, this + 1]
    found = [
        moment
        for number in years
        if (moment := _moment(number, day, clock, context.zone)) is not None
    ]
    if not found:
        raise CodecError("DE13", "date and time do not exist")
    nearest = min(found, key=lambda moment: abs(moment.date() - context.today))
    chosen = _fold(nearest, fields.get("7"))
    # From here on the offset is fixed, as JSON would have brought it.
    return chosen.replace(tzinfo=timezone(chosen.utcoffset() or timedelta()))


def _moment(year: int, day: str, clock: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime(
            year,
            int(day[:2]),
            int(day[2:]),
            int(clock[:2]),
            int(clock[2:4]),
            int(clock[4:]),
            tzinfo=zone,
        )
    except ValueError:
        return None


def _fold(moment: datetime, sent_utc: str | None) -> datetime:
    """In the hour that a clock shows twice, DE7 (UTC) tells which one is meant."""
    later = moment.replace(fold=1)
    if sent_utc is None or later.utcoffset() == moment.utcoffset():
        return moment
    hour = moment.astimezone(timezone.utc).strftime("%H")
    return moment if sent_utc[4:6] == hour else later


def write(
    request: Request,
    *,
    zone: tzinfo | None = None,
    codes: CodeKeys | None = None,
    random: bytes = b"",
    repeat: bool = False,
) -> Fields:
    """Return the fields of a request; what a terminal does.

    Args:
        request: times are written to the second.
        zone: of the branch; None: the offset that `local_time` has.
        codes: needed when there is an access code; with the old key among them, it
            travels as an old device sends it.
        random: 8 random bytes for the block.
        repeat: write it as a repeat (0201 for 0200).

    Raises:
        CodecError: the request says something that this codec cannot carry.
    """
    message_type, processing, network = WRITTEN[request.command]
    if repeat:
        message_type = message_type[:3] + "1"
    fields = {"t": message_type, "41": request.terminal, **_write_numbers(request)}
    for name, value in (("3", processing), ("70", network)):
        if value:
            fields[name] = value
    if request.amount is not None:
        fields["4"] = _amount(request.amount)
    if request.reference:
        fields["62"] = tlv.bytes_of(request.reference)
    card_fields, pairs = cards.write(request.card)
    fields.update(card_fields)
    pairs += _write_time(request.local_time, zone, fields)
    pairs += _write_pairs(request)
    if request.access_code is not None:
        block = _block(request, request.access_code, codes, random)
        if len(block) == 2 * pinblock.OLD_BLOCK_BYTES:
            fields["52"] = block
        else:
            pairs.append(("PB", block))
    spread, left = tlv.spread(pairs, SUB_FIELDS)
    if left:
        raise CodecError("DE48", "the lines do not fit one message")
    return {**fields, **spread}


def _amount(amount: int) -> str:
    if not 0 <= amount < 10**AMOUNT_DIGITS:
        raise CodecError("DE4", "amounts are zero to twelve digits")
    return f"{amount:0{AMOUNT_DIGITS}d}"


def _write_numbers(request: Request) -> Fields:
    if not 0 <= request.operation <= OPERATION_MAX:
        raise CodecError("DE37", "operation numbers have up to twelve digits")
    if not 0 <= request.batch <= BATCH_MAX:
        raise CodecError("DE60", "batch numbers have up to six digits")
    if request.currency not in NUMBER_OF:
        raise CodecError("DE49", "is not a currency that is known here")
    fields = {
        "11": f"{request.operation % 10**STAN_DIGITS:06d}",
        "37": f"{request.operation:012d}",
        "49": NUMBER_OF[request.currency],
        "60": f"{request.batch:06d}",
    }
    original = request.original
    if original is not None:
        if not 0 < original.operation <= OPERATION_MAX:
            raise CodecError("DE90", "operation numbers have up to twelve digits")
        if not 0 <= original.batch <= BATCH_MAX:
            raise CodecError("DE90", "batch numbers have up to six digits")
        short = original.operation % 10**STAN_DIGITS
        fields["90"] = (
            f"0000{short:06d}{0:010d}{original.batch:010d}{original.operation:012d}"
        )
    return fields


def _write_time(
    moment: datetime | None, zone: tzinfo | None, fields: Fields
) -> list[tlv.Pair]:
    if moment is None:
        return []
    wall = moment.astimezone(zone) if zone is not None else moment
    fields["7"] = moment.astimezone(timezone.utc).strftime("%m%d%H%M%S")
    fields["12"] = wall.strftime("%H%M%S")
    fields["13"] = wall.strftime("%m%d")
    return [("YR", f"{wall.year:04d}")]


def _write_pairs(request: Request) -> list[tlv.Pair]:
    pairs: list[tlv.Pair] = []
    if request.tender is not None:
        pairs.append(("GU", str(request.tender.gift)))
        pairs.append(("BU", str(request.tender.bonus)))
    if request.partial:
        pairs.append(("PA", "1"))
    if request.language:
        pairs.append(("LG", request.language))
    if request.slip != "text":
        pairs.append(("SP", request.slip))
    for line in request.lines:
        if ";" in line.quantity or ";" in line.group:
            raise CodecError("DE48.LN", "quantity and group cannot hold a semicolon")
        value = f"{line.amount};{line.quantity};{line.group};{line.sku}"
        pairs.append(("LN", value))
    for total in request.totals:
        pairs.append(("TT", f"{total.command};{total.count};{total.amount}"))
    return pairs


def _block(request: Request, code: str, codes: CodeKeys | None, random: bytes) -> str:
    if request.card is None:
        raise CodecError("DE48.PB", "an access code needs a card")
    if codes is None:
        raise CodecError("DE48.PB", "an access code needs the terminal's key")
    number = cards.number_of(request.card)
    if codes.old is not None:
        return pinblock.encipher_old(code, number, codes.old)
    return pinblock.encipher(code, number, codes.block, random)
