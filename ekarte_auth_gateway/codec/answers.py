"""Answers: a core Answer to the fields of a message, and back.

`write` sees the stored answer and the echo of the request, nothing else and no
clock: so the answer to a repeat is the same to the byte. Everything that an Answer
holds travels in sub-fields; DE38, DE39, DE4 and DE54 say the same to terminals
that read plain ISO 8583 only.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ekarte_auth_gateway.codec import tlv
from ekarte_auth_gateway.codec.currencies import NO_CURRENCY, NUMBER_OF
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import SLIP_FIELDS, SUB_FIELDS
from ekarte_auth_gateway.codec.message import Fields
from ekarte_core import (
    Answer,
    Balance,
    BatchTotal,
    Earned,
    LineAnswer,
    SlipLine,
    Voucher,
)

AMOUNT_DIGITS = 12
BALANCES_MAX = 6
_TENDER_TAG = {"gift": "GU", "bonus": "BU"}
_TENDER_NAME = {tag: name for name, tag in _TENDER_TAG.items()}
_ALIGN = {"left": "L", "center": "C", "right": "R"}
_STYLE = {
    "": "N",
    "bold": "B",
    "rule": "R",
    "signature": "S",
    "qr": "Q",
    "barcode": "K",
}
_ALIGN_OF = {letter: name for name, letter in _ALIGN.items()}
_STYLE_OF = {letter: name for name, letter in _STYLE.items()}
# Purses as DE54 knows them: account type 60 electronic purse, 65 points (ours).
_ACCOUNT_MONEY, _ACCOUNT_POINTS = "60", "65"
_KIND_LEDGER, _KIND_AVAILABLE = "01", "02"

# Tag: attribute, for the plain ones. Integers and texts that are not the default.
_INTEGERS = {
    "DS": "discount",
    "AD": "amount_due",
    "CV": "converted",
    "DR": "discount_rate",
    "PR": "price_reduction",
    "KB": "kept",
    "TL": "tries_left",
    "CP": "copies",
    "PV": "params_version",
}
_TEXTS = {"TX": "txn", "CS": "card_state", "FD": "field"}
_TIMES = {"HU": "hold_until", "ST": "server_time"}
# `status` tells of another operation: its answer stands in the fields, and these
# keep the two answers' own values apart.
_ORIGINAL_RC, _ORIGINAL_MESSAGE, _OUTER_VERSION = "OC", "OM", "OV"
_CUT = "TR"
_CODE_ASKED = "CA"
_VOUCHER_KINDS = ("money", "goods")


def write(answer: Answer, echo: Mapping[str, str]) -> Fields:
    """Return the fields of the answer to the request whose echo is given.

    Args:
        answer: as the ledger stored it. When its texts do not fit a message, the
            explanation is cut first, then the slip; sub-field ``TR`` counts the
            lines that were left out.
        echo: from `message.echo`.
    """
    shown = answer if answer.original is None else answer.original
    fields = {**echo, "39": answer.rc}
    if shown.auth_code:
        fields["38"] = f"{shown.auth_code[:6]:<6}"
    if 0 < shown.amount < 10**AMOUNT_DIGITS:
        fields["4"] = f"{shown.amount:0{AMOUNT_DIGITS}d}"
    balances = "".join(_balance_records(shown.balances)[:BALANCES_MAX])
    if balances:
        fields["54"] = balances
    pairs = _plain_pairs(shown) + _listed_pairs(shown)
    if answer.original is not None:
        pairs += _status_pairs(answer, answer.original)
    explain = [("EX", tlv.shorten(line)) for line in shown.explain]
    return _fit(fields, pairs, explain, _slip_pairs(answer, shown))


def _fit(
    fields: Fields,
    pairs: list[tlv.Pair],
    explain: list[tlv.Pair],
    slip: list[tlv.Pair],
) -> Fields:
    """Lay all sub-fields out; count what had to stay away."""
    slips, slip_left = tlv.spread(slip, SLIP_FIELDS)
    subs, left = tlv.spread(pairs + explain, SUB_FIELDS)
    if left or slip_left:
        subs, left = tlv.spread([(_CUT, "0000"), *pairs, *explain], SUB_FIELDS)
        count = len(left) + len(slip_left)
        # Same length as the place holder, so nothing moves.
        subs["48"] = subs["48"].replace(f"{_CUT}0040000", f"{_CUT}004{count:04d}", 1)
    return {**fields, **subs, **slips}


def _plain_pairs(answer: Answer) -> list[tlv.Pair]:
    pairs: list[tlv.Pair] = []
    for tag, name in _INTEGERS.items():
        if number := getattr(answer, name):
            pairs.append((tag, str(number)))
    for tag, name in _TEXTS.items():
        if text := getattr(answer, name):
            pairs.append((tag, tlv.shorten(text)))
    for tag, name in _TIMES.items():
        moment = getattr(answer, name)
        if moment is not None:
            pairs.append((tag, moment.isoformat()))
    if answer.amount < 0:
        pairs.append(("AM", str(answer.amount)))
    if answer.code_asked:
        pairs.append((_CODE_ASKED, "1"))
    return pairs


def _listed_pairs(answer: Answer) -> list[tlv.Pair]:
    pairs: list[tlv.Pair] = []
    for name, amount in answer.tendered.items():
        tag = _TENDER_TAG.get(name)
        pairs.append((tag, str(amount)) if tag else ("TN", f"{amount};{name}"))
    pairs += [("BE", f"{part.points};{part.program}") for part in answer.earned]
    for part in answer.balances:
        value = f"{part.value};{part.available};{part.unit};{part.kind};{part.program}"
        group = f";{part.goods_group}" if part.goods_group else ""
        pairs.append(("BL", value + group))
    pairs += [("VC", _voucher_text(voucher)) for voucher in answer.vouchers]
    for total in answer.totals:
        pairs.append(("TT", f"{total.command};{total.count};{total.amount}"))
    pairs += [("LD", f"{line.discount};{line.rate}") for line in answer.lines]
    return pairs


def _voucher_text(voucher: Voucher) -> str:
    until = voucher.valid_until.isoformat() if voucher.valid_until else ""
    return (
        f"{voucher.code};{voucher.kind};{voucher.value};{until};{voucher.program};"
        f"{voucher.product}"
    )


def _status_pairs(answer: Answer, original: Answer) -> list[tlv.Pair]:
    pairs = [(_ORIGINAL_RC, original.rc)]
    if original.message:
        pairs.append((_ORIGINAL_MESSAGE, tlv.shorten(original.message)))
    if answer.params_version:
        pairs.append((_OUTER_VERSION, str(answer.params_version)))
    return pairs


def _slip_pairs(answer: Answer, shown: Answer) -> list[tlv.Pair]:
    pairs = [("MT", tlv.shorten(answer.message))] if answer.message else []
    for line in shown.slip:
        mark = _ALIGN[line.align] + _STYLE[line.style]
        pairs.append(("SL", tlv.shorten(mark + line.text)))
    return pairs


def _balance_records(balances: tuple[Balance, ...]) -> list[str]:
    """DE54: account 2, kind 2, currency 3, sign 1, amount 12; two for each purse."""
    records = []
    for purse in balances:
        money = purse.unit in NUMBER_OF
        account = _ACCOUNT_MONEY if money else _ACCOUNT_POINTS
        currency = NUMBER_OF[purse.unit] if money else NO_CURRENCY
        for kind, value in (
            (_KIND_LEDGER, purse.value),
            (_KIND_AVAILABLE, purse.available),
        ):
            sign = "D" if value < 0 else "C"
            records.append(f"{account}{kind}{currency}{sign}{abs(value):012d}")
    return records


def read(fields: Mapping[str, str]) -> Answer:
    """Return the answer that a message carries; the terminal's side.

    Raises:
        CodecError: a field contradicts the table.
    """
    if "39" not in fields:
        raise CodecError("DE39", "answer code is missing", fields)
    pairs = _pairs_of(fields, SUB_FIELDS)
    slips = _pairs_of(fields, SLIP_FIELDS)
    parts: dict[str, Any] = {
        "auth_code": fields.get("38", "").strip(),
        "amount": int(fields.get("4", "0")),
    }
    lists: dict[str, list[Any]] = {}
    extra: dict[str, str] = {}
    for tag, value in pairs:
        _read_pair(tag, value, parts, lists, extra)
    parts |= {name: tuple(values) for name, values in lists.items()}
    parts["slip"] = tuple(_slip_line(value) for tag, value in slips if tag == "SL")
    message = next((value for tag, value in slips if tag == "MT"), "")
    if _ORIGINAL_RC not in extra:
        return Answer(rc=fields["39"], message=message, **parts)
    original = Answer(
        rc=extra[_ORIGINAL_RC], message=extra.get(_ORIGINAL_MESSAGE, ""), **parts
    )
    version = _integer(extra.get(_OUTER_VERSION, "0"), "DE48.OV")
    return Answer(
        rc=fields["39"], message=message, original=original, params_version=version
    )


def _pairs_of(fields: Mapping[str, str], names: tuple[str, ...]) -> list[tlv.Pair]:
    return [
        pair
        for name in names
        if name in fields
        for pair in tlv.split(fields[name], f"DE{name}")
    ]


def _read_pair(
    tag: str,
    value: str,
    parts: dict[str, Any],
    lists: dict[str, list[Any]],
    extra: dict[str, str],
) -> None:
    place = f"DE48.{tag}"
    if tag in _INTEGERS:
        parts[_INTEGERS[tag]] = _integer(value, place)
    elif tag in _TEXTS:
        parts[_TEXTS[tag]] = value
    elif tag in _TIMES:
        parts[_TIMES[tag]] = _time(value, place)
    elif tag in _TENDER_NAME:
        name = _TENDER_NAME[tag]
        parts.setdefault("tendered", {})[name] = _integer(value, place)
    elif tag in _LISTED:
        attribute, make = _LISTED[tag]
        lists.setdefault(attribute, []).append(make(value))
    elif tag == "TN":
        amount, name = _split(value, 2, place)
        parts.setdefault("tendered", {})[name] = _integer(amount, place)
    elif tag == "AM":
        parts["amount"] = _integer(value, place)
    elif tag == _CODE_ASKED:
        parts["code_asked"] = value == "1"
    else:
        extra[tag] = value  # TR, OC, OM, OV, and whatever a newer gateway adds


def _integer(text: str, place: str) -> int:
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise CodecError(place, "is not a whole number")
    return int(text)


def _time(text: str, place: str) -> datetime:
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise CodecError(place, "is not a time") from None


def _split(value: str, count: int, place: str) -> list[str]:
    parts = value.split(";", count - 1)
    if len(parts) != count:
        raise CodecError(place, f"has not {count} parts")
    return parts


def _earned(value: str) -> Earned:
    points, program = _split(value, 2, "DE48.BE")
    return Earned(points=_integer(points, "DE48.BE"), program=program)


def _balance(value: str) -> Balance:
    posted, available, unit, kind, program = _split(value, 5, "DE48.BL")
    program, _, goods_group = program.partition(";")
    return Balance(
        program=program,
        kind=kind,
        unit=unit,
        value=_integer(posted, "DE48.BL"),
        available=_integer(available, "DE48.BL"),
        goods_group=goods_group,
    )


def _voucher(value: str) -> Voucher:
    code, kind, worth, until, program, product = _split(value, 6, "DE48.VC")
    if kind not in _VOUCHER_KINDS:
        raise CodecError("DE48.VC", "is neither money nor goods")
    return Voucher(
        code=code,
        program=program,
        kind=kind,  # type: ignore[arg-type]  # a value of the table
        value=_integer(worth, "DE48.VC"),
        product=product,
        valid_until=_time(until, "DE48.VC") if until else None,
    )


def _total(value: str) -> BatchTotal:
    command, count, amount = _split(value, 3, "DE48.TT")
    return BatchTotal(
        command=command,
        count=_integer(count, "DE48.TT"),
        amount=_integer(amount, "DE48.TT"),
    )


def _line(value: str) -> LineAnswer:
    discount, rate = _split(value, 2, "DE48.LD")
    return LineAnswer(
        discount=_integer(discount, "DE48.LD"), rate=_integer(rate, "DE48.LD")
    )


def _slip_line(value: str) -> SlipLine:
    if len(value) < 2 or value[0] not in _ALIGN_OF or value[1] not in _STYLE_OF:
        raise CodecError("DE63.SL", "does not begin with alignment and style")
    return SlipLine(
        text=value[2:],
        align=_ALIGN_OF[value[0]],  # type: ignore[arg-type]  # a value of the table
        style=_STYLE_OF[value[1]],  # type: ignore[arg-type]  # a value of the table
    )


_LISTED: dict[str, tuple[str, Callable[[str], Any]]] = {
    "BE": ("earned", _earned),
    "BL": ("balances", _balance),
    "VC": ("vouchers", _voucher),
    "EX": ("explain", str),
    "TT": ("totals", _total),
    "LD": ("lines", _line),
}
