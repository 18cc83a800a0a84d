"""nexo's messages to the core's requests, by tables. Pure.

One card is meant by a message, whichever account names it: gift money, bonus and
discounts of a card are one thing here.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from ekarte_auth_gateway.nexo import requests as said
from ekarte_auth_gateway.nexo.naming import (
    SERVICE_ID,
    nexo_name,
    operation_of,
)
from ekarte_auth_gateway.nexo.parts import (
    Fields,
    NexoFault,
    Sender,
    accounts_of,
    command_of,
    currency_of,
    goods_of,
    malformed,
    minor_of,
    of_sale,
    one_card,
    original_in,
    program_of,
    stored_of,
    tender_of,
)
from ekarte_core import BatchTotal, Command, Parser, Rc, Request, Tender

CATEGORIES: tuple[str, ...] = (
    "Login",
    "Logout",
    "Diagnosis",
    "BalanceInquiry",
    "Loyalty",
    "StoredValue",
    "Payment",
    "Reversal",
    "TransactionStatus",
    "Reconciliation",
    "GetTotals",
)
_BODIES = {
    nexo_name(name.removesuffix("_request")): name
    for name in said.SaleToPOIRequest.__struct_fields__
    if name.endswith("_request")
}

_T = TypeVar("_T")
_LOYALTY: dict[str, Command] = {
    "Award": "accrue",
    "AwardRefund": "refund",
    "Redemption": "redeem",
    "RedemptionRefund": "refund",
    "Rebate": "sale",
    "RebateRefund": "refund",
}
_STORED_VALUE: dict[str, Command] = {
    "Activate": "activate",
    "Load": "top_up",
    "Reverse": "reverse",
}
_PAYMENT: dict[str, Command] = {
    "Normal": "sale",
    "FirstReservation": "authorize",
    "OneTimeReservation": "authorize",
    "Completion": "confirm",
    "Refund": "refund",
}
TOTALS: dict[str, str] = {
    "sale": "Debit",
    "confirm": "CompletedReservation",
    "refund": "Credit",
    "authorize": "FirstReservation",
    "reverse": "ReverseDebit",
    "accrue": "Award",
    "redeem": "Redemption",
}
"""Commands that nexo has a TransactionType for; others are told as they are called."""

NEVER_EQUAL = (BatchTotal(command="echo", count=1, amount=0),)
"""Totals that no batch has: the answer tells the right ones, and nothing is closed."""

_SENT = re.compile(r" - at `\$?\.?(.*)`$")
_PLACE = re.compile(
    r"[A-Za-z0-9]{1,40}(\[\.\.\.\])?(\.[A-Za-z0-9]{1,40}(\[\.\.\.\])?)*"
)

_messages = Parser(said.Message)
_addressed = Parser(said.Addressed)


def read_header(body: bytes) -> said.MessageHeader:
    """Return the header of a message.

    Raises:
        NexoFault: there is none, so that nobody can be answered in nexo's way.
    """
    header: said.MessageHeader
    header = _decode(_addressed, body).sale_to_poi_request.message_header
    for place in ("message_category", "poi_id", "service_id", "sale_id"):
        if not re.fullmatch(r"[!-~ ]{0,40}", getattr(header, place)):
            raise malformed("must be plain text", nexo_name(place))
    return header


def read_message(body: bytes) -> said.SaleToPOIRequest:
    """Return a whole message.

    Raises:
        NexoFault: it is not as nexo has it.
    """
    message: said.SaleToPOIRequest = _decode(_messages, body).sale_to_poi_request
    header = message.message_header
    if not SERVICE_ID.fullmatch(header.service_id):
        raise malformed("must be 1 to 10 printable characters", "ServiceID")
    if header.message_type not in ("", "Request"):
        raise malformed("must be Request", "MessageType")
    if getattr(message, _BODIES[header.message_category]) is None:
        place = f"{header.message_category}Request"
        raise malformed("is missing: the category says so", place)
    return message


def _decode(parser: Parser[_T], body: bytes) -> _T:
    try:
        return parser.from_json(body)
    except msgspec.ValidationError as fault:
        found = _SENT.search(str(fault))
        place = found[1] if found else ""
        if not _PLACE.fullmatch(place):
            place = ""
        told = "is missing or not of its type"
        raise malformed(told, place.rpartition(".")[2]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise malformed("the body is not JSON in UTF-8", "$") from None


def read_request(message: said.SaleToPOIRequest, batch: int, sender: Sender) -> Request:
    """Return the core's request; its limits are checked by whoever asked.

    Raises:
        NexoFault: naming the key.
    """
    header = message.message_header
    made = _READERS[header.message_category](message, sender)
    told = {key: value for key, value in made.items() if value is not None}
    fields = {"currency": sender.currency} | told
    return Request(
        terminal=header.poi_id,
        batch=batch,
        operation=operation_of(header.service_id),
        slip="text",
        **fields,
    )


def _echo(_message: said.SaleToPOIRequest, _sender: Sender) -> Fields:
    return {"command": "echo"}


def _balance(message: said.SaleToPOIRequest, _sender: Sender) -> Fields:
    asked = message.balance_inquiry_request
    assert asked is not None
    loyalty, payment = asked.loyalty_account_req, asked.payment_account_req
    accounts = [
        loyalty.loyalty_account_id if loyalty else None,
        stored_of(payment.payment_instrument_data if payment else None),
    ]
    return {"command": "inquire", "card": one_card(accounts, needed=True)}


def _loyalty(message: said.SaleToPOIRequest, sender: Sender) -> Fields:
    asked = message.loyalty_request
    assert asked is not None
    deal = asked.loyalty_transaction
    kind = deal.loyalty_transaction_type
    command = command_of(_LOYALTY, kind, "LoyaltyTransactionType")
    made = of_sale(asked.sale_data, sender)
    amount = minor_of(deal.total_amount, "TotalAmount")
    if command == "refund":
        made["original"] = original_in(deal.original_poi_transaction, message)
        # Without an amount all of it goes back.
        if amount is None and not deal.sale_item:
            made["command"] = "reverse"
        else:
            made["command"] = "refund"
        return {**made, **goods_of(amount, deal.sale_item)}
    made["card"] = one_card(accounts_of(asked.loyalty_data), needed=True)
    made["currency"] = currency_of(deal.currency, sender)
    tender = tender_of(asked.loyalty_data)
    if kind == "Rebate":
        tender = Tender()  # the price is lowered; nothing is taken from the card
    elif kind == "Redemption" and tender is not None:
        command = "sale"  # of money; points are redeemed for what SaleItem names
    return {
        **made,
        **goods_of(amount, deal.sale_item),
        "command": command,
        "tender": tender,
        "program": program_of(deal.transaction_conditions),
    }


def _stored_value(message: said.SaleToPOIRequest, sender: Sender) -> Fields:
    asked = message.stored_value_request
    assert asked is not None
    if len(asked.stored_value_data) != 1:
        raise NexoFault(Rc.COMMAND, "one card at a time", "StoredValueData")
    deal = asked.stored_value_data[0]
    kind = deal.stored_value_transaction_type
    command = command_of(_STORED_VALUE, kind, "StoredValueTransactionType")
    made = {**of_sale(asked.sale_data, sender), "command": command}
    if command == "reverse":
        return {**made, "original": original_in(deal.original_poi_transaction, message)}
    return {
        **made,
        "card": one_card([deal.stored_value_account_id], needed=True),
        "amount": minor_of(deal.item_amount, "ItemAmount"),
        "currency": currency_of(deal.currency, sender),
    }


def _payment(message: said.SaleToPOIRequest, sender: Sender) -> Fields:
    asked = message.payment_request
    assert asked is not None
    deal, paid = asked.payment_transaction, asked.payment_data
    command = command_of(_PAYMENT, paid.payment_type, "PaymentType")
    amounts = deal.amounts_req
    made = {
        **of_sale(asked.sale_data, sender),
        **goods_of(
            minor_of(amounts.requested_amount, "RequestedAmount"), deal.sale_item
        ),
        "command": command,
        "currency": currency_of(amounts.currency, sender),
    }
    if command in ("confirm", "refund"):
        if command == "confirm":
            made.pop("lines", None)
        return {**made, "original": original_in(deal.original_poi_transaction, message)}
    accounts = [
        *accounts_of(asked.loyalty_data),
        stored_of(paid.payment_instrument_data),
    ]
    return {
        **made,
        "card": one_card(accounts, needed=True),
        "tender": tender_of(asked.loyalty_data),
        "partial": paid.split_payment_flag,
    }


def _reversal(message: said.SaleToPOIRequest, sender: Sender) -> Fields:
    asked = message.reversal_request
    assert asked is not None
    amount = minor_of(asked.reversed_amount, "ReversedAmount")
    return {
        **of_sale(asked.sale_data, sender),
        "command": "reverse" if amount is None else "refund",
        "original": original_in(asked.original_poi_transaction, message),
        "amount": amount,
    }


def _status(message: said.SaleToPOIRequest, _sender: Sender) -> Fields:
    # Its original is found by ServiceID, and put in by who knows the batch.
    return {"command": "status"}


def told_again(
    header: said.MessageHeader, command: str
) -> said.SaleToPOIRequest | None:
    """Return what of a message can be told without it; None: nothing.

    The answer of an operation is kept, its message is not: the category and the command
    say of which type it was.
    """
    if header.message_category == "Payment":
        kind = _kind_of(_PAYMENT, command, "Normal")
        payment = said.PaymentRequest(
            payment_transaction=said.PaymentTransaction(),
            payment_data=said.PaymentData(payment_type=kind),
        )
        return said.SaleToPOIRequest(message_header=header, payment_request=payment)
    if header.message_category == "StoredValue":
        kind = _kind_of(_STORED_VALUE, command, "Load")
        deal = said.StoredValueData(stored_value_transaction_type=kind)
        load = said.StoredValueRequest(stored_value_data=(deal,))
        return said.SaleToPOIRequest(message_header=header, stored_value_request=load)
    if header.message_category in ("Loyalty", "Reversal"):
        return said.SaleToPOIRequest(message_header=header)
    return None


def _kind_of(table: Mapping[str, Command], command: str, usual: str) -> str:
    return next((kind for kind, one in table.items() if one == command), usual)


def _close(message: said.SaleToPOIRequest, _sender: Sender) -> Fields:
    asked = message.reconciliation_request
    if asked is not None and asked.reconciliation_type != "SaleReconciliation":
        told = "must be SaleReconciliation"
        raise NexoFault(Rc.COMMAND, told, "ReconciliationType")
    return {"command": "close", "totals": NEVER_EQUAL}


_READERS: Mapping[str, Callable[[said.SaleToPOIRequest, Sender], Fields]] = {
    "Login": _echo,
    "Logout": _echo,
    "Diagnosis": _echo,
    "BalanceInquiry": _balance,
    "Loyalty": _loyalty,
    "StoredValue": _stored_value,
    "Payment": _payment,
    "Reversal": _reversal,
    "TransactionStatus": _status,
    "Reconciliation": _close,
    "GetTotals": _close,
}


def told_totals(asked: said.ReconciliationRequest) -> tuple[BatchTotal, ...] | None:
    """Return what the cash register has counted; None: it leaves that to us."""
    if asked.transaction_totals is None:
        return None
    commands = {kind: command for command, kind in TOTALS.items()}
    rows = [
        BatchTotal(
            command=commands.get(row.transaction_type, row.transaction_type),
            count=row.transaction_count,
            amount=minor_of(row.transaction_amount, "TransactionAmount") or 0,
        )
        for totals in asked.transaction_totals
        for row in (*totals.payment_totals, *totals.loyalty_totals)
    ]
    return tuple(rows)
