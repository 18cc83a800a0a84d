"""A statement: one issuer's figures in a cycle, and the digest of its lines."""

import hashlib
from collections.abc import Iterable

import msgspec

from ekarte_core.clearing.fees import Fee
from ekarte_core.clearing.positions import Positions, paid_by, received_by

SEPARATOR = "|"


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as its issuer may read it: with a token of the card, not its number."""

    operation: int
    day: str
    event: str
    program: str
    branch: str
    other: str
    token: str
    amount: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units. `net` above zero: to receive; `total` is what is paid in the end."""

    gross_receive: int
    gross_pay: int
    fee: int
    fee_tax: int

    @property
    def net(self) -> int:
        """Before the fee; the nets of all issuers of a cycle sum to zero."""
        return self.gross_receive - self.gross_pay

    @property
    def total(self) -> int:
        """After the fee and its tax."""
        return self.net - self.fee - self.fee_tax


def statement_figures(matrix: Positions, issuer: str, fee: Fee) -> Figures:
    """The figures of one issuer's statement."""
    return Figures(
        gross_receive=received_by(matrix, issuer),
        gross_pay=paid_by(matrix, issuer),
        fee=fee.fee,
        fee_tax=fee.tax,
    )


def line_text(line: StatementLine) -> str:
    """A line as it goes into the digest: its fields, joined by `|`."""
    return SEPARATOR.join(str(part) for part in msgspec.structs.astuple(line))


def statement_digest(lines: Iterable[StatementLine]) -> str:
    """SHA-256 of the lines' texts, sorted, one on each line of text; in hex.

    Whoever has the lines can compute it: another order gives the same, another cent
    does not.
    """
    found = hashlib.sha256()
    for text in sorted(line_text(line) for line in lines):
        found.update(text.encode() + b"\n")
    return found.hexdigest()


def cycle_digest(digests: Iterable[str]) -> str:
    """The digest of a cycle: of its statements' digests, sorted by whoever gives."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
