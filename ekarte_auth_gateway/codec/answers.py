"""Answers: a core Answer to the fields of a message, and back.

`write` sees the stored answer and the echo of the request, nothing else and no
clock: so the answer to a repeat is the same to the byte. Everything that an Answer
holds travels in sub-fields (tags.py); DE38, DE39, DE4 and DE54 say the same to
terminals that read plain ISO 8583 only.
"""

from collections.abc import Mapping

import msgspec

from ekarte_auth_gateway.codec import tags, tlv
from ekarte_auth_gateway.codec.currencies import NO_CURRENCY, NUMBER_OF
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import SLIP_FIELDS, SUB_FIELDS
from ekarte_auth_gateway.codec.message import Fields
from ekarte_auth_gateway.codec.parts import Table, Tree, fault_in, speakable, whole
from ekarte_core import ANSWERS, Answer, Balance

AMOUNT_DIGITS = 12
BALANCES_MAX = 6
# Purses as DE54 knows them: account type 60 electronic purse, 65 points (ours).
_ACCOUNT_MONEY, _ACCOUNT_POINTS = "60", "65"
_KIND_LEDGER, _KIND_AVAILABLE = "01", "02"

# `status` tells of another operation: its answer stands in the fields, and these
# keep the two answers' own values apart.
_ORIGINAL_RC, _ORIGINAL_MESSAGE, _OUTER_VERSION = "OC", "OM", "OV"
_MESSAGE, _NEGATIVE, _CUT = "MT", "AM", "TR"
_READING = Table(Answer, *tags.ANSWER.parts, *tags.EXPLANATION.parts)
_READING_SLIP = Table(Answer, *tags.SLIP.parts, *tags.SLIP_BYTES.parts)


def write(answer: Answer, echo: Mapping[str, str]) -> Fields:
    """Return the fields of the answer to the request whose echo is given.

    Args:
        answer: as the ledger stored it. When its texts do not fit a message, the
            explanation is cut first, then the slip; sub-field ``TR`` counts the
            lines that were left out. Half of a printer's bytes would be of no use:
            they come whole or not at all.
        echo: from `message.echo`.
    """
    shown = answer if answer.original is None else answer.original
    fields = {**echo, "39": answer.rc}
    if shown.auth_code:
        fields["38"] = f"{shown.auth_code[:6]:<6}"
    if 0 < shown.amount < 10**AMOUNT_DIGITS:
        fields["4"] = f"{shown.amount:0{AMOUNT_DIGITS}d}"
    if shown.balances:
        fields["54"] = "".join(_balance_records(shown.balances)[:BALANCES_MAX])
    pairs = tags.ANSWER.write(shown)
    if shown.amount < 0:
        pairs.append((_NEGATIVE, str(shown.amount)))
    if answer.original is not None:
        pairs += _status_pairs(answer, answer.original)
    message = [(_MESSAGE, speakable(answer.message))] if answer.message else []
    fields |= _lay_out(shown, pairs, message)
    return fields


def _lay_out(shown: Answer, pairs: list[tlv.Pair], message: list[tlv.Pair]) -> Fields:
    """Lay all sub-fields out; count what had to stay away."""
    explain = tags.EXPLANATION.write(shown)
    printed = tags.SLIP_BYTES.write(shown)
    lines = tags.SLIP.write(shown)
    slips, slip_left = tlv.spread(message + printed + lines, SLIP_FIELDS)
    if printed and any(pair in printed for pair in slip_left):
        slips, slip_left = tlv.spread(message + lines, SLIP_FIELDS)
        slip_left = printed + slip_left
    subs, left = tlv.spread(pairs + explain, SUB_FIELDS)
    if left or slip_left:
        subs, left = tlv.spread([(_CUT, "0000"), *pairs, *explain], SUB_FIELDS)
        count = len(left) + len(slip_left)
        # Same length as the place holder, so nothing moves.
        subs["48"] = subs["48"].replace(f"{_CUT}0040000", f"{_CUT}004{count:04d}", 1)
    return subs | slips


def _status_pairs(answer: Answer, original: Answer) -> list[tlv.Pair]:
    pairs = [(_ORIGINAL_RC, original.rc)]
    if original.message:
        pairs.append((_ORIGINAL_MESSAGE, speakable(original.message)))
    if answer.params_version:
        pairs.append((_OUTER_VERSION, str(answer.params_version)))
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
    tree: Tree = {
        "auth_code": fields.get("38", "").strip(),
        "amount": int(fields.get("4", "0")),
    }
    extra = _read_pairs(fields, SUB_FIELDS, _READING, tree)
    extra |= _read_pairs(fields, SLIP_FIELDS, _READING_SLIP, tree)
    if _NEGATIVE in extra:
        tree["amount"] = whole(extra[_NEGATIVE], "DE48.AM")
    outer: Tree = {"rc": fields["39"], "message": extra.get(_MESSAGE, "")}
    if _ORIGINAL_RC not in extra:
        return _build(tree | outer)
    tree["rc"] = extra[_ORIGINAL_RC]
    tree["message"] = extra.get(_ORIGINAL_MESSAGE, "")
    version = whole(extra.get(_OUTER_VERSION, "0"), "DE48.OV")
    return _build({**outer, "original": tree, "params_version": version})


def _read_pairs(
    fields: Mapping[str, str], names: tuple[str, ...], table: Table, tree: Tree
) -> dict[str, str]:
    """Put what the table knows into the tree; return the rest.

    A newer gateway may say more than this terminal knows.
    """
    extra: dict[str, str] = {}
    for name in names:
        if name in fields:
            for pair in tlv.split(fields[name], f"DE{name}"):
                if not table.read(pair, f"DE{name}.{pair[0]}", tree):
                    extra[pair[0]] = pair[1]
    return extra


def _build(tree: Tree) -> Answer:
    try:
        return ANSWERS.from_tree(tree)
    except msgspec.ValidationError as fault:
        tables = (_READING, _READING_SLIP)
        found = (table.place_of(name) for name in fault_in(fault) for table in tables)
        tag = next(filter(None, found), "")
        place = f"DE48.{tag}" if tag else "DE48"
        raise CodecError(place, "is not one of the values it may have") from None
