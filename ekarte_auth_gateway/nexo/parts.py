"""Parts that nexo's messages share, to values of the core. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ekarte_auth_gateway.nexo import requests as said
from ekarte_auth_gateway.nexo.naming import original_of
from ekarte_core import (
    CardKind,
    CardRef,
    Command,
    Line,
    Original,
    Rc,
    Tender,
)

_KINDS: dict[str, CardKind] = {
    "Pan": "pan",
    "AccountNumber": "pan",
    "IsoTrack2": "track2",
    "BarCode": "barcode",
    "PhoneNumber": "phone",
}
_BY_HAND = frozenset({"Keyed", "Manual"})

CENT = Decimal("0.01")
MAJOR_MAX = 10**9

Fields = dict[str, Any]
"""Keyword arguments of the core's request."""


class NexoFault(Exception):
    """A message that cannot become a request; `place` is the key at fault."""

    def __init__(self, rc: Rc, told: str, place: str = "") -> None:
        """Say why, without anything that was sent."""
        self.rc = rc
        self.place = place
        super().__init__(told)


@dataclass(frozen=True)
class Sender:
    """What the network knows of a cash register.

    Attributes:
        zone: of its branch, for times without one.
        currency: of the ledger.
        columns: of its paper.
        language: of the branch's issuer, for who names none.
    """

    zone: ZoneInfo
    currency: str
    columns: int = 40
    language: str = ""


def command_of(table: Mapping[str, Command], kind: str, place: str) -> Command:
    """Return the command that a table has for a type."""
    command = table.get(kind)
    if command is None:
        raise NexoFault(Rc.COMMAND, f"must be one of {', '.join(table)}", place)
    return command


def of_sale(data: said.SaleData, sender: Sender) -> Fields:
    """Return what the sale says of itself: reference, language, local time."""
    told = data.sale_transaction_id
    return {
        "reference": told.transaction_id,
        "language": data.operator_language.lower(),
        "local_time": _with_zone(told.time_stamp, sender.zone),
    }


def _with_zone(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.replace(tzinfo=zone) if at is not None and at.tzinfo is None else at


def currency_of(told: str, sender: Sender) -> str:
    """Return the currency told, or the ledger's."""
    return told or sender.currency


def accounts_of(data: tuple[said.LoyaltyData, ...]) -> list[said.AccountID | None]:
    """Return the account of each loyalty card."""
    return [one.loyalty_account_id for one in data]


def stored_of(data: said.PaymentInstrumentData | None) -> said.AccountID | None:
    """Return the account of a gift card that pays."""
    return None if data is None else data.stored_value_account_id


def one_card(accounts: list[said.AccountID | None], *, needed: bool) -> CardRef | None:
    """Return the one card that the accounts name.

    Raises:
        NexoFault: they name several, or none where one is needed.
    """
    cards = {_card(account) for account in accounts if account is not None}
    if len(cards) > 1:
        raise NexoFault(Rc.COMMAND, "one card at a time", "LoyaltyAccountID")
    if needed and not cards:
        raise malformed("a card is missing", "LoyaltyAccountID")
    return cards.pop() if cards else None


def _card(account: said.AccountID) -> CardRef:
    kind = _KINDS.get(account.identification_type)
    if kind is None:
        told = f"must be one of {', '.join(_KINDS)}"
        raise malformed(told, "IdentificationType")
    modes = account.entry_mode
    listed = (modes,) if isinstance(modes, str) else modes
    if kind == "pan" and _BY_HAND.intersection(listed):
        kind = "keyed"
    value = account.loyalty_id or account.stored_value_id or account.value
    return CardRef(kind=kind, value=value)


def tender_of(data: tuple[said.LoyaltyData, ...]) -> Tender | None:
    """Return the bonus money to spend; None: the rules decide."""
    amounts = [one.loyalty_amount for one in data if one.loyalty_amount is not None]
    if not amounts:
        return None
    if any(one.loyalty_unit != "Monetary" for one in amounts):
        raise NexoFault(Rc.COMMAND, "must be Monetary", "LoyaltyUnit")
    return Tender(bonus=sum(minor_of(one.value, "Value") or 0 for one in amounts))


def program_of(conditions: said.TransactionConditions) -> str:
    """Return the one program to use; empty: the rules decide."""
    brands = conditions.allowed_loyalty_brand
    if len(brands) > 1:
        raise NexoFault(Rc.COMMAND, "one program at a time", "AllowedLoyaltyBrand")
    return brands[0] if brands else ""


def goods_of(amount: int | None, items: tuple[said.SaleItem, ...]) -> Fields:
    """Return the amount in minor units and the lines of goods."""
    lines = tuple(
        Line(
            sku=item.product_code,
            group=item.additional_product_info,
            quantity=_quantity(item.quantity),
            amount=minor_of(item.item_amount, "ItemAmount") or 0,
        )
        for item in items
    )
    return {"amount": amount, "lines": lines or None}


def _quantity(told: Decimal) -> str:
    if not told.is_finite() or abs(told.adjusted()) > 9:
        raise malformed("must be a decimal number such as 2.5", "Quantity")
    return f"{told.normalize():f}"


def original_in(
    told: said.OriginalPOITransaction | None, message: said.SaleToPOIRequest
) -> Original:
    """Return the key of the operation that a message names."""
    named = told.poi_transaction_id if told is not None else None
    if told is None or named is None:
        raise malformed("is missing", "OriginalPOITransaction")
    here = told.poi_id in ("", message.message_header.poi_id)
    found = original_of(named.transaction_id, "" if here else told.poi_id)
    if found is None:
        raise NexoFault(Rc.ORIGINAL, "names no transaction of ours", "TransactionID")
    return found


def minor_of(told: Decimal | None, place: str) -> int | None:
    """Return minor units; nothing is rounded away."""
    if told is None:
        return None
    if not told.is_finite() or not 0 <= told <= MAJOR_MAX:
        raise NexoFault(Rc.AMOUNT, "is out of range", place)
    if told % CENT:
        raise NexoFault(Rc.AMOUNT, "has parts of a cent", place)
    return int(told / CENT)


def malformed(told: str, place: str) -> NexoFault:
    """Return the fault of a message that is not as nexo has it."""
    return NexoFault(Rc.FORMAT, told, place)
