"""From what people type to what the ledger counts, and nowhere else.

Odoo keeps money and percentages as floats of decimal numbers that a person typed;
the ledger knows integers only. The shortest text of such a float is the number that
was typed, so the way from one to the other leads through text and Decimal.
"""

from decimal import ROUND_HALF_UP, Decimal

MINOR_DIGITS = 2
"""The ledger counts hundredths of the currency; see ekarte.network.currency_id."""


def _scaled(number: object, digits: int) -> int:
    exact = Decimal(str(number)).scaleb(digits)
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: object) -> int:
    """Return an amount of money in minor units: 17.5 becomes 1750."""
    return _scaled(amount or 0, MINOR_DIGITS)


def to_basis_points(percent: object) -> int:
    """Return a percentage in basis points: 5.25 becomes 525."""
    return _scaled(percent or 0, 2)


def factor_to_basis_points(factor: object) -> int:
    """Return a factor in basis points: 1.5 becomes 15000."""
    return _scaled(factor or 0, 4)


def to_clock(hours: float) -> str:
    """Return a time of day as HH:MM: 4.5 becomes 04:30."""
    minutes = int((Decimal(str(hours or 0)) * 60).to_integral_value(ROUND_HALF_UP))
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def from_minor(minor: int) -> float:
    """Return minor units as Odoo keeps money: 1750 becomes 17.5."""
    return float(Decimal(minor).scaleb(-MINOR_DIGITS))


def spread(total: int, weights: list[int]) -> list[int]:
    """Split minor units over the weights, so that the parts sum to it exactly."""
    whole = sum(weights)
    parts, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        upto = (2 * total * seen + whole) // (2 * whole) if whole else 0
        parts.append(upto - given)
        given = upto
    return parts
