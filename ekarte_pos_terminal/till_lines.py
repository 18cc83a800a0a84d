"""A till's lines as the card ledger counts them. Pure: whole numbers in and out.

What the browser sends is only the cart: goods, money off by other modules, sold value.
Money off lowers the goods it was given for, before the card's own discount: it is
spread over goods of the same taxes, else over all, by their price.
"""

import hashlib
import json
import re
from dataclasses import dataclass, replace

LINES_MAX = 200
MINOR_MAX = 1_000_000_000
"""Ten million of the currency: more is no purchase at a till."""

UUID = re.compile(r"[0-9A-Za-z_-]{8,64}")
QUANTITY = re.compile(r"-?\d{1,9}(\.\d{1,6})?")
ROLES = ("goods", "off", "load")


class Malformed(Exception):
    """A field that no honest till sends. `field` names it."""

    def __init__(self, field):
        super().__init__(field)
        self.field = field


@dataclass(frozen=True)
class TillLine:
    """One line of a cart; `gross` with tax in minor units, as the customer reads it."""

    uuid: str
    product_id: int
    qty: str
    gross: int
    tax_ids: tuple = ()
    refunds: int = 0
    role: str = "goods"


def whole(value, field, low=-MINOR_MAX, high=MINOR_MAX):
    """Return a whole number within limits, else refuse the field."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not low <= value <= high
    ):
        raise Malformed(field)
    return value


def uuid(value, field):
    """Return what identifies an order, line or payment, else refuse the field."""
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise Malformed(field)
    return value


def read_lines(rows):
    """Return the cart of a browser as TillLines; refuses what is out of shape."""
    if not isinstance(rows, (list, tuple)) or len(rows) > LINES_MAX:
        raise Malformed("lines")
    lines = [_read_line(row, f"lines[{place}]") for place, row in enumerate(rows)]
    if len({line.uuid for line in lines}) != len(lines):
        raise Malformed("lines.uuid")
    return lines


def _read_line(row, field):
    if not isinstance(row, dict):
        raise Malformed(field)
    qty = row.get("qty")
    if not isinstance(qty, str) or not QUANTITY.fullmatch(qty):
        raise Malformed(f"{field}.qty")
    taxes = row.get("tax_ids") or []
    if not isinstance(taxes, (list, tuple)) or len(taxes) > 20:
        raise Malformed(f"{field}.tax_ids")
    role = row.get("role") or "goods"
    if role not in ROLES:
        raise Malformed(f"{field}.role")
    return TillLine(
        uuid=uuid(row.get("uuid"), f"{field}.uuid"),
        product_id=whole(row.get("product_id"), f"{field}.product_id", 1, 2**31 - 1),
        qty=qty,
        gross=whole(row.get("gross"), f"{field}.gross"),
        tax_ids=tuple(
            sorted(whole(one, f"{field}.tax_ids", 1, 2**31 - 1) for one in taxes)
        ),
        refunds=whole(
            row.get("refunded_orderline_id") or 0,
            f"{field}.refunded_orderline_id",
            0,
            2**31 - 1,
        ),
        role=role,
    )


def spread(total, weights):
    """Split a total in proportion to weights: whole parts, largest remainder first."""
    whole_weight = sum(weights)
    if not whole_weight:
        return [0] * len(weights)
    sign = -1 if total < 0 else 1
    parts = [divmod(abs(total) * weight, whole_weight) for weight in weights]
    missing = abs(total) - sum(part for part, _rest in parts)
    order = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    raised = set(order[:missing])
    return [
        sign * (part + (place in raised)) for place, (part, _rest) in enumerate(parts)
    ]


def net_goods(lines):
    """Return the goods alone, lowered by what other modules take off.

    Amounts below nothing are money off, whatever they are called; a line never falls
    below nothing, so more off than all goods cost is left out.
    """
    goods = [line for line in lines if line.role == "goods" and line.gross > 0]
    off = {}
    for line in lines:
        if line.gross < 0 and line.role != "load":
            off[line.tax_ids] = off.get(line.tax_ids, 0) - line.gross
    left = 0
    for taxes, amount in sorted(off.items()):
        places = [n for n, one in enumerate(goods) if one.tax_ids == taxes]
        goods, rest = _lower(goods, places, amount)
        left += rest
    goods, _rest = _lower(goods, range(len(goods)), left)
    return [line for line in goods if line.gross]


def _lower(goods, places, amount):
    """Take an amount off some lines; return them all, and what could not be taken."""
    weights = [goods[place].gross for place in places]
    taken = min(amount, sum(weights))
    lowered = list(goods)
    for place, part in zip(places, spread(taken, weights), strict=True):
        lowered[place] = replace(goods[place], gross=goods[place].gross - part)
    return lowered, amount - taken


def turned(lines):
    """Return lines of goods coming back as if they were being bought."""
    return [replace(line, gross=-line.gross) for line in lines]


def digest(lines):
    """Return a short name of a cart: the same lines have the same."""
    rows = [
        [line.uuid, line.product_id, line.qty, line.gross, line.tax_ids, line.refunds]
        for line in sorted(lines, key=lambda line: line.uuid)
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]
