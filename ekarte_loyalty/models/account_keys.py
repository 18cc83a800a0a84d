"""The account keys of E-karte: what each account is for, as a table.

Keys are those of docs/ACCOUNTING.md. `VATO` is not here: output tax goes to the
account of the company's own sale tax of that rate.
"""

from typing import NamedTuple

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)


class AccountKey(NamedTuple):
    """One account a company needs, and how the accounts wizard makes it."""

    name: object
    account_type: str
    reconcile: bool = False
    non_trade: bool = False
    # Accounts that companies have already; the wizard makes one only if not.
    existing: str = ""

    @staticmethod
    def field(key: str) -> str:
        """Name of the field of res.company that holds the account."""
        return f"ekarte_{key.lower()}_account_id"


ACCOUNT_KEYS = {
    "BNK": AccountKey(
        _lt("Takings of terminals"),
        "asset_current",
        reconcile=True,
        existing="transfer_account_id",
    ),
    "REV": AccountKey(_lt("Sales"), "income", existing="income_account_id"),
    "LGC": AccountKey(_lt("Gift card liability"), "liability_current"),
    "LBN": AccountKey(_lt("Bonus deferral"), "liability_current"),
    "LPS": AccountKey(_lt("Visit pass deferral"), "liability_current"),
    "ALC": AccountKey(_lt("Local credit, unbilled"), "asset_current", reconcile=True),
    "ALB": AccountKey(_lt("Local credit, billed"), "asset_current", reconcile=True),
    "CLR": AccountKey(_lt("Union clearing"), "asset_current", reconcile=True),
    "ARU": AccountKey(
        _lt("Due from the union"), "asset_receivable", reconcile=True, non_trade=True
    ),
    "APU": AccountKey(
        _lt("Due to the union"), "liability_payable", reconcile=True, non_trade=True
    ),
    "TND": AccountKey(_lt("Card tender"), "asset_current", reconcile=True),
    "XCL": AccountKey(_lt("Cross-redemption difference"), "expense"),
    "RBK": AccountKey(_lt("Breakage of cards and bonuses"), "income_other"),
    "XPM": AccountKey(_lt("Loyalty promotion"), "expense"),
    "XFE": AccountKey(_lt("Clearing fee paid"), "expense"),
    "RFE": AccountKey(_lt("Clearing fee earned"), "income_other"),
}
