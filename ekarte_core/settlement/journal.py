"""The journal table: which accounts each event moves, in whose books.

Account keys and row ids (G1 … C8x) are those of docs/ACCOUNTING.md. Every row balances
within one company; a refund is the same row with a minus sign.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from ekarte_core.rules.tax import tax_in
from ekarte_core.settlement.document import SettlementDocument, SettlementLine

ACCOUNT_KEYS = (
    "BNK",
    "REV",
    "VATO",
    "VATI",
    "LGC",
    "LBN",
    "LPS",
    "LPL",
    "ALC",
    "ALB",
    "ALW",
    "TND",
    "CLR",
    "XCL",
    "XPM",
    "XLS",
    "RBK",
    "RFE",
)

LIABILITY_OF = {"gift": "LGC", "pass": "LPS", "credit": "ALC"}
"""The account where the issuer keeps what an event changes; else bonuses."""

EXPIRED = ("gift_expire", "bonus_expire", "voucher_expire", "pass_expire")
RESTORED = ("gift_restore", "bonus_restore", "voucher_restore", "credit_restore")


TaxUse = Literal["", "sale", "purchase"]


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One journal item: `amount` minor units, positive debit, negative credit.

    Attributes:
        partner: the other issuer, on CLR.
        tax_rate_bp: of an item that is a tax, or part of what is taxed.
        tax_use: whether that tax is on what the company sells or buys.
        base: of an item that is a tax: what it was worked out from.
        refund: its tax goes by the grids of refunds.
    """

    company: str
    account: str
    amount: int
    line: int
    partner: str = ""
    tax_rate_bp: int = 0
    tax_use: TaxUse = ""
    base: int = 0
    refund: bool = False


class _Books:
    """Writes items into the books of one company, for one line."""

    def __init__(self, line: SettlementLine, company: str) -> None:
        self._line, self._company = line, company

    def item(self, account: str, amount: int, partner: str = "") -> Posting:
        return Posting(
            company=self._company,
            account=account,
            amount=amount,
            line=self._line.line,
            partner=partner,
        )

    def sold(self, account: str, net: int, tax: int) -> Iterator[Posting]:
        """What is taxed as a sale, and its tax, as signed amounts."""
        refund = net > 0
        yield self._taxed(self.item(account, net), "sale", refund=refund)
        yield self._taxed(self.item("VATO", tax), "sale", refund=refund, base=net)

    def bought(self, owed: int, account: str, carry: int) -> Iterator[Posting]:
        """Release `carry` against `owed`: the rest is tax to deduct, and difference."""
        tax = tax_in(owed, self._line.tax_rate_bp)
        for part in (
            self.item(account, carry),
            self.item("XCL", owed - carry - tax),
        ):
            yield self._taxed(part, "purchase", refund=owed < 0)
        item = self.item("VATI", tax)
        yield self._taxed(item, "purchase", refund=owed < 0, base=owed - tax)

    def _taxed(
        self, item: Posting, use: TaxUse, *, refund: bool, base: int = 0
    ) -> Posting:
        rate = self._line.tax_rate_bp
        if not rate:
            return item
        return msgspec.structs.replace(
            item, tax_rate_bp=rate, tax_use=use, refund=refund, base=base
        )


def postings(document: SettlementDocument) -> list[Posting]:
    """All journal items of a document, without those of outside issuers.

    The items of one company and day sum to zero (asserted). Companies are issuer
    codes; the caller maps them and the account keys to its books.
    """
    found = []
    for line in document.lines:
        items = [item for item in _of_line(line) if item.amount]
        for company in {item.company for item in items}:
            assert not sum(i.amount for i in items if i.company == company), line
        found += [item for item in items if item.company not in document.outside]
    return found


def _of_line(line: SettlementLine) -> Iterator[Posting]:
    row = ROWS.get(line.event)
    if row is not None:
        yield from row(line)
    elif line.event in EXPIRED:
        yield from _expired(line)
    elif line.event in RESTORED:
        yield from _restored(line)
    elif line.bearer == line.seller:
        yield from _spent_own(line)
    else:
        yield from _spent_elsewhere(line)


def _liability(line: SettlementLine) -> str:
    if line.liable:
        return "LPL"
    return LIABILITY_OF.get(line.event.partition("_")[0], "LBN")


def _cleared(line: SettlementLine, debtor: str, creditor: str) -> Iterator[Posting]:
    """What one issuer owes another for this line; nothing where they are the same."""
    if debtor != creditor:
        yield _Books(line, creditor).item("CLR", line.owed, debtor)
        yield _Books(line, debtor).item("CLR", -line.owed, creditor)


def _takings(line: SettlementLine) -> str:
    """Where money goes that is paid in or out: the shop's own register knows else."""
    return "BNK" if line.books_sales else "TND"


def _sale(line: SettlementLine) -> Iterator[Posting]:
    """S1: the terminal's sale itself, where the branch says that Odoo books it."""
    if not line.books_sales:
        return
    books = _Books(line, line.seller)
    tax = tax_in(line.amount, line.tax_rate_bp)
    yield books.item("BNK", line.amount - line.tendered)
    yield books.item("TND", line.tendered)
    yield from books.sold("REV", -(line.amount - tax), -tax)


def _paid_in(line: SettlementLine) -> Iterator[Posting]:
    """G1, G1s, G2, L4: money paid in; taken by another (G3) it goes through clearing.

    Tax, where it is due at once, is what the card does not carry.
    """
    yield _Books(line, line.seller).item(_takings(line), line.amount)
    yield from _cleared(line, line.seller, line.issuer)
    yield from _owed_to_holder(line, -1)


def _paid_out(line: SettlementLine) -> Iterator[Posting]:
    """G11: the rest of a card goes back to its holder, with the tax that it bore."""
    paid = _taken_off(line)
    yield _Books(line, line.issuer).item(_takings(line), -paid)
    yield from _owed_to_holder(line, 1)


def _charged_back(line: SettlementLine) -> Iterator[Posting]:
    """G10: money for a card is taken back by who paid it; what was used is lost."""
    books = _Books(line, line.issuer)
    yield books.item(_takings(line), -_taken_off(line) - line.tendered)
    yield books.item("XLS", line.tendered)
    yield from _owed_to_holder(line, 1)


def _taken_off(line: SettlementLine) -> int:
    """What a gift card is worth in money: its carry, and the tax it was sold with."""
    return line.amount if line.tax_rate_bp else line.carry


def _owed_to_holder(line: SettlementLine, sign: int) -> Iterator[Posting]:
    """What the issuer keeps for the card of a line, built up (-1) or released (1)."""
    books, account = _Books(line, line.bearer), _liability(line)
    if account == "LGC" and line.tax_rate_bp:
        tax = line.amount - line.carry
        yield from books.sold("LGC", sign * line.carry, sign * tax)
    elif account == "ALC":
        yield books.item("ALC", sign * (line.carry - line.billed))
        yield books.item("ALB", sign * line.billed)
    else:
        yield books.item(account, sign * line.carry)


def _earned(line: SettlementLine) -> Iterator[Posting]:
    """B1: revenue waits for the bonuses; in a pool (C8) they are paid for."""
    if line.liable:
        yield from _granted(line)
        return
    yield _Books(line, line.seller).item("REV", line.carry)
    yield _Books(line, line.issuer).item("LBN", -line.carry)


def _granted(line: SettlementLine) -> Iterator[Posting]:
    """B1p, C8: what bonuses cost who gives them, and who bears them then."""
    yield _Books(line, line.issuer).item("XPM", line.carry)
    at_cost = msgspec.structs.replace(line, reimbursed=line.carry)
    yield from _cleared(at_cost, line.issuer, line.bearer)
    yield from _owed_to_holder(line, -1)


def _pass_sold(line: SettlementLine) -> Iterator[Posting]:
    """P1: the sale itself is a line of its own (S1)."""
    yield _Books(line, line.issuer).item("REV", line.carry)
    yield from _owed_to_holder(line, -1)


def _pass_used(line: SettlementLine) -> Iterator[Posting]:
    """P2; P4 at another issuer, who invoices its price with tax."""
    if line.seller == line.issuer:
        yield from _owed_to_holder(line, 1)
        yield _Books(line, line.issuer).item("REV", -line.carry)
        return
    tax = tax_in(line.owed, line.tax_rate_bp)
    yield from _cleared(line, line.issuer, line.seller)
    yield from _Books(line, line.seller).sold("REV", -(line.owed - tax), -tax)
    yield from _Books(line, line.issuer).bought(line.owed, "LPS", line.carry)


def _expired(line: SettlementLine) -> Iterator[Posting]:
    """G8, B5, P3: breakage; in a pool (C8x) the issuer has its share of it."""
    share = line.reimbursed or 0 if line.liable else 0
    yield _Books(line, line.bearer).item(_liability(line), line.carry)
    if line.bearer == line.issuer:
        yield _Books(line, line.issuer).item("RBK", -line.carry)
        return
    yield _Books(line, line.bearer).item("RBK", -(line.carry - share))
    at_share = msgspec.structs.replace(line, reimbursed=share)
    yield from _cleared(at_share, line.bearer, line.issuer)
    yield _Books(line, line.issuer).item("RBK", -share)


def _spent_own(line: SettlementLine) -> Iterator[Posting]:
    """G4, G4s, L1 go into the card tender; B3 is released into revenue.

    Goods are taxed in full by their sale: a card that bore its tax when it was sold
    gives that back. As a payment (B3v, and in a pool) bonuses fill the card tender.
    """
    books = _Books(line, line.seller)
    yield from _owed_to_holder(line, 1)
    if line.event == "gift_spend":
        yield books.item("TND", -_taken_off(line))
    elif line.event == "credit_spend":
        yield books.item("TND", -line.carry)
    elif line.liable or line.as_payment:
        yield books.item("XCL" if line.liable else "REV", line.amount - line.carry)
        yield books.item("TND", -line.amount)
    else:
        yield books.item("REV", -line.carry)


def _spent_elsewhere(line: SettlementLine) -> Iterator[Posting]:
    """G5, G5s, B4, L2, C8r: the issuer owes the seller the price agreed."""
    books = _Books(line, line.seller)
    yield from _cleared(line, line.bearer, line.seller)
    yield books.item("XCL", line.amount - line.owed)
    yield books.item("TND", -line.amount)
    yield from _released(line, 1)


def _released(line: SettlementLine, sign: int) -> Iterator[Posting]:
    """What the price owed to a seller is made of, in the books of who owes it."""
    books, account = _Books(line, line.bearer), _liability(line)
    if account == "ALC":
        yield from _owed_to_holder(line, sign)
        yield books.item("XCL", sign * (line.owed - line.carry))
    else:
        yield from books.bought(sign * line.owed, account, sign * line.carry)


def _restored(line: SettlementLine) -> Iterator[Posting]:
    """C5: value is back on the card though the goods are gone: the seller's loss."""
    seller = _Books(line, line.seller)
    if line.bearer != line.seller:
        yield seller.item("XLS", line.owed)
        yield from _cleared(line, line.seller, line.bearer)
        yield from _released(line, -1)
        return
    lost = _taken_off(line) if line.event == "gift_restore" else line.carry
    yield seller.item("XLS", lost)
    yield from _owed_to_holder(line, -1)


def _billed(line: SettlementLine) -> Iterator[Posting]:
    """L3: a statement names what was bought on credit."""
    books = _Books(line, line.issuer)
    yield books.item("ALB", line.amount)
    yield books.item("ALC", -line.amount)


def _late_charge(line: SettlementLine) -> Iterator[Posting]:
    """L6."""
    books = _Books(line, line.issuer)
    yield books.item("ALB", line.amount)
    yield books.item("RFE", -line.amount)


def _written_off(line: SettlementLine) -> Iterator[Posting]:
    """L7: a debt that nobody will pay uses up what was set aside for such."""
    books = _Books(line, line.issuer)
    yield books.item("ALW", line.amount)
    yield books.item("ALB", -line.billed)
    yield books.item("ALC", -(line.amount - line.billed))


ROWS: dict[str, Callable[[SettlementLine], Iterator[Posting]]] = {
    "sale": _sale,
    "gift_load": _paid_in,
    "gift_pay_out": _paid_out,
    "gift_charge_back": _charged_back,
    "bonus_earn": _earned,
    "bonus_grant": _granted,
    "pass_load": _pass_sold,
    "pass_use": _pass_used,
    "credit_pay": _paid_in,
    "credit_bill": _billed,
    "credit_charge": _late_charge,
    "credit_write_off": _written_off,
}
"""Events with a row of their own; the others are spent, expired or restored."""
