"""The fee of clearing: a part of what is cleared, before netting, with tax on top."""

from typing import Literal

import msgspec

from ekarte_core.clearing.positions import Positions, net, paid_by, received_by

RATE_ONE_BP = 10_000
FeePayer = Literal["issuer", "redeemer", "split"]


class FeeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`rate_bp` of what is cleared; `payer`: who owes it, who receives it, or both."""

    rate_bp: int = 0
    payer: FeePayer = "issuer"
    tax_rate_bp: int = 0


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """What one issuer pays the operator, minor units."""

    base: int = 0
    fee: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        """Fee and tax."""
        return self.fee + self.tax


def fees(matrix: Positions, terms: FeeTerms, operator: str) -> dict[str, Fee]:
    """The fee of each issuer; the operator, if it is one of them, pays itself none.

    Where more was given back than used in a cycle there is no fee, and none returned.
    """
    found = {}
    for issuer in net(matrix):
        base, share = _base(matrix, terms.payer, issuer)
        if issuer == operator or base <= 0:
            found[issuer] = Fee(base=max(base, 0))
            continue
        fee = half_up(base * terms.rate_bp, RATE_ONE_BP * share)
        tax = half_up(fee * terms.tax_rate_bp, RATE_ONE_BP)
        found[issuer] = Fee(base=base, fee=fee, tax=tax)
    return found


def _base(matrix: Positions, payer: FeePayer, issuer: str) -> tuple[int, int]:
    """What the fee is taken of, and by how much the rate is divided."""
    if payer == "issuer":
        return paid_by(matrix, issuer), 1
    if payer == "redeemer":
        return received_by(matrix, issuer), 1
    return paid_by(matrix, issuer) + received_by(matrix, issuer), 2


def half_up(numerator: int, denominator: int) -> int:
    """Divide, rounded half up, away from zero."""
    part = (2 * abs(numerator) + denominator) // (2 * denominator)
    return part if numerator >= 0 else -part
