"""The account keys of E-karte: what each account is for, as a table.

Keys are those of docs/ACCOUNTING.md. `VATO` and `VATI` are not here: output and input
tax go to the accounts of the company's own sale and purchase tax of that rate.
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
    "LGX": AccountKey(_lt("Gift card breakage expected"), "liability_current"),
    "LBX": AccountKey(_lt("Bonus breakage expected"), "liability_current"),
    "LPL": AccountKey(_lt("Pool of bonuses"), "liability_current"),
    "ALC": AccountKey(_lt("Local credit, unbilled"), "asset_current", reconcile=True),
    "ALB": AccountKey(_lt("Local credit, billed"), "asset_current", reconcile=True),
    "ALW": AccountKey(_lt("Allowance for local credit"), "asset_current"),
    "CLR": AccountKey(_lt("Union clearing"), "asset_current", reconcile=True),
    "ARU": AccountKey(
        _lt("Due from the union"), "asset_receivable", reconcile=True, non_trade=True
    ),
    "APU": AccountKey(
        _lt("Due to the union"), "liability_payable", reconcile=True, non_trade=True
    ),
    "ARI": AccountKey(
        _lt("Union: due from members"),
        "asset_receivable",
        reconcile=True,
        non_trade=True,
    ),
    "API": AccountKey(
        _lt("Union: due to members"),
        "liability_payable",
        reconcile=True,
        non_trade=True,
    ),
    "ADP": AccountKey(_lt("Deposit with the union"), "asset_current", reconcile=True),
    "LDP": AccountKey(
        _lt("Union: deposits of members"), "liability_current", reconcile=True
    ),
    "TND": AccountKey(_lt("Card tender"), "asset_current", reconcile=True),
    "XCL": AccountKey(_lt("Cross-redemption difference"), "expense"),
    "RBK": AccountKey(_lt("Breakage of cards and bonuses"), "income_other"),
    "XPM": AccountKey(_lt("Loyalty promotion"), "expense"),
    "XLS": AccountKey(_lt("Losses of cards and clearing"), "expense"),
    "XEC": AccountKey(_lt("Cost of bad local credit"), "expense"),
    "XFE": AccountKey(_lt("Clearing fee paid"), "expense"),
    "RFE": AccountKey(_lt("Clearing fee earned"), "income_other"),
}
