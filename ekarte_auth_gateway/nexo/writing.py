"""The core's answers to nexo's responses, by tables. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from ekarte_auth_gateway.nexo import requests as said
from ekarte_auth_gateway.nexo import responses as told
from ekarte_auth_gateway.nexo.naming import transaction_id
from ekarte_auth_gateway.nexo.parts import Sender
from ekarte_auth_gateway.nexo.reading import TOTALS
from ekarte_auth_gateway.slips import copies_of, plain
from ekarte_core import Answer, BatchTotal, Rc, Request, SlipLine

ERROR_CONDITIONS: dict[Rc, str] = {
    Rc.MAC: "NotAllowed",
    Rc.TERMINAL: "NotAllowed",
    Rc.BRANCH: "NotAllowed",
    Rc.FORMAT: "MessageFormat",
    Rc.COMMAND: "NotAllowed",
    Rc.DUPLICATE: "NotAllowed",
    Rc.BATCH: "Refusal",
    Rc.ORIGINAL: "NotFound",
    Rc.MISMATCH: "Refusal",
    Rc.CARD_UNKNOWN: "InvalidCard",
    Rc.STOLEN: "Refusal",
    Rc.LOST: "Refusal",
    Rc.EXPIRED: "InvalidCard",
    Rc.BLOCKED: "Refusal",
    Rc.NOT_ACTIVE: "InvalidCard",
    Rc.CARD_WRONG: "PaymentRestriction",
    Rc.CODE_LOCKED: "WrongPin",
    Rc.CODE_WRONG: "WrongPin",
    Rc.TOO_OFTEN: "Refusal",
    Rc.RULE: "Refusal",
    Rc.AMOUNT: "Refusal",
    Rc.LIMIT: "Refusal",
    Rc.SHORT: "Refusal",
    Rc.ELSEWHERE: "PaymentRestriction",
    Rc.NO_ROUTE: "UnreachableHost",
    Rc.SILENT: "UnreachableHost",
    Rc.FAULT: "UnavailableService",
}
"""What nexo calls our answer codes; the code itself is in AdditionalResponse."""

_POINTS, _CREDIT = "points", "credit"
_LOYALTY_COMMANDS = frozenset({"accrue", "redeem"})
_CODES = {"qr": "Qrcode", "barcode": "Code128"}


@dataclass(frozen=True)
class Asked:
    """What an answer answers.

    Attributes:
        message: as it came, or what is known of one that came earlier.
        request: what it became; None: it never became one.
        sender: whose paper, currency and language the answer is for.
        again: its slip was printed before.
    """

    message: said.SaleToPOIRequest
    request: Request | None
    sender: Sender
    again: bool = False


def response_of(answer: Answer) -> told.Response:
    """Say how it went."""
    rc = Rc(answer.rc)
    more = {"rc": answer.rc, "message": answer.message, "field": answer.field}
    return told.Response(
        result={Rc.OK: "Success", Rc.PARTIAL: "Partial"}.get(rc, "Failure"),
        error_condition=ERROR_CONDITIONS.get(rc),
        additional_response=urlencode({k: v for k, v in more.items() if v}),
    )


def refusal_of(answer: Answer) -> told.Body:
    """Return the body of a refusal that never came to the ledger."""
    return told.Body(response=response_of(answer))


def body_of(answer: Answer, asked: Asked) -> told.Body:
    """Return the body that a category has."""
    category = asked.message.message_header.message_category
    writer = _WRITERS.get(category)
    if writer is None or asked.request is None:
        return refusal_of(answer)
    return writer(answer, asked, asked.request)


def _diagnosis(answer: Answer, _asked: Asked, _request: Request) -> told.Body:
    return told.Body(
        response=response_of(answer),
        poi_status=told.POIStatus(global_status="OK"),
        host_status=(told.HostStatus(acquirer_id="EKARTE", is_reachable_flag=True),),
    )


def _balance(answer: Answer, asked: Asked, request: Request) -> told.Body:
    currency = asked.sender.currency
    money, points = money_of(answer, currency), points_of(answer)
    status = None
    if answer.rc == Rc.OK:
        unit = "Monetary" if points is None else "Point"
        shown = money if points is None else points
        status = told.LoyaltyAccountStatus(
            loyalty_account=_account(request),
            current_balance=shown,
            loyalty_unit=None if shown is None else unit,
            currency=currency if points is None and money is not None else None,
        )
    return told.Body(
        response=response_of(answer),
        loyalty_account_status=status,
        payment_account_status=None
        if money is None
        else told.PaymentAccountStatus(currency=currency, current_balance=money),
    )


def _loyalty(answer: Answer, asked: Asked, request: Request) -> told.Body:
    return told.Body(
        response=response_of(answer),
        sale_data=_sale_data(asked),
        poi_data=_poi_data(request),
        loyalty_result=_loyalty_result(answer, asked, request),
        payment_receipt=receipts(answer, asked, request),
    )


def _stored_value(answer: Answer, asked: Asked, request: Request) -> told.Body:
    order = asked.message.stored_value_request
    assert order is not None
    result = told.StoredValueResult(
        stored_value_transaction_type=order.stored_value_data[
            0
        ].stored_value_transaction_type,
        stored_value_account_status=told.StoredValueAccountStatus(
            stored_value_account_id=_account(request).loyalty_account_id,
            current_balance=money_of(answer, asked.sender.currency),
        ),
        item_amount=money(answer.amount),
        currency=request.currency,
        product_code="",
        host_transaction_id=told.TransactionIdentification(transaction_id=answer.txn),
    )
    return told.Body(
        response=response_of(answer),
        sale_data=_sale_data(asked),
        poi_data=_poi_data(request),
        stored_value_result=(result,) if answer.rc == Rc.OK else (),
        payment_receipt=receipts(answer, asked, request),
    )


def _payment(answer: Answer, asked: Asked, request: Request) -> told.Body:
    order = asked.message.payment_request
    assert order is not None
    result = told.PaymentResult(
        payment_type=order.payment_data.payment_type,
        amounts_resp=told.AmountsResp(
            authorized_amount=money(paid(answer)),
            currency=request.currency,
            total_rebates_amount=money(answer.discount) if answer.discount else None,
        ),
        online_flag=True,
    )
    good = answer.rc in (Rc.OK, Rc.PARTIAL)
    return told.Body(
        response=response_of(answer),
        sale_data=_sale_data(asked),
        poi_data=_poi_data(request),
        payment_result=result if good else None,
        loyalty_result=_loyalty_result(answer, asked, request),
        payment_receipt=receipts(answer, asked, request),
    )


def _reversal(answer: Answer, asked: Asked, request: Request) -> told.Body:
    return told.Body(
        response=response_of(answer),
        poi_data=_poi_data(request),
        reversed_amount=money(answer.amount) if answer.amount else None,
        payment_receipt=receipts(answer, asked, request),
    )


def _totals(answer: Answer, asked: Asked, request: Request) -> told.Body:
    order = asked.message.reconciliation_request
    return told.Body(
        response=response_of(answer),
        poi_reconciliation_id=str(request.batch),
        reconciliation_type=None if order is None else order.reconciliation_type,
        transaction_totals=(transaction_totals(answer.totals, asked.sender.currency),),
    )


_WRITERS: dict[str, Callable[[Answer, Asked, Request], told.Body]] = {
    "Diagnosis": _diagnosis,
    "BalanceInquiry": _balance,
    "Loyalty": _loyalty,
    "StoredValue": _stored_value,
    "Payment": _payment,
    "Reversal": _reversal,
    "Reconciliation": _totals,
    "GetTotals": _totals,
}


# --- parts


def money(minor: int) -> Decimal:
    """Return minor units as nexo's decimal number."""
    return Decimal(minor).scaleb(-2)


def paid(answer: Answer) -> int:
    """Return what the card itself paid: the rest is the cash register's."""
    return sum(answer.tendered.values()) - answer.price_reduction


def money_of(answer: Answer, currency: str) -> Decimal | None:
    """Return what a card can pay, credit included; None: it has no purse for that."""
    units = (currency, _CREDIT)
    purses = [one.available for one in answer.balances if one.unit in units]
    return money(sum(purses)) if purses else None


def points_of(answer: Answer) -> Decimal | None:
    """Return a card's points, of all programs; None: it has none."""
    purses = [one.available for one in answer.balances if one.unit == _POINTS]
    return Decimal(sum(purses)) if purses else None


def _account(request: Request) -> told.LoyaltyAccount:
    kind = request.card.kind if request.card is not None else "pan"
    entries = {
        "track2": ("IsoTrack2", "MagStripe"),
        "barcode": ("BarCode", "Scanned"),
        "phone": ("PhoneNumber", "Keyed"),
        "keyed": ("Pan", "Keyed"),
    }
    identification, entry = entries.get(kind, ("Pan", "File"))
    account = told.AccountID(identification_type=identification, entry_mode=(entry,))
    return told.LoyaltyAccount(loyalty_account_id=account)


def _loyalty_result(
    answer: Answer, asked: Asked, request: Request
) -> tuple[told.LoyaltyResult, ...]:
    if answer.rc not in (Rc.OK, Rc.PARTIAL):
        return ()
    earned = sum(one.points for one in answer.earned)
    amount = None
    if earned:
        amount = told.LoyaltyAmount(value=Decimal(abs(earned)), loyalty_unit="Point")
    money, points = money_of(answer, asked.sender.currency), points_of(answer)
    data = None
    if answer.auth_code:
        data = told.LoyaltyAcquirerData(approval_code=answer.auth_code)
    return (
        told.LoyaltyResult(
            loyalty_account=_account(request),
            current_balance=money if points is None else points,
            loyalty_amount=amount,
            rebates=_rebates(answer, asked),
            loyalty_acquirer_data=data,
        ),
    )


def _rebates(answer: Answer, asked: Asked) -> told.Rebates | None:
    if not answer.discount:
        return None
    message = asked.message
    items: tuple[said.SaleItem, ...] = ()
    if message.loyalty_request is not None:
        items = message.loyalty_request.loyalty_transaction.sale_item
    elif message.payment_request is not None:
        items = message.payment_request.payment_transaction.sale_item
    rows = tuple(
        told.SaleItemRebate(
            item_id=item.item_id,
            product_code=item.product_code,
            item_amount=money(line.discount),
        )
        for item, line in zip(items, answer.lines, strict=False)
        if line.discount
    )
    return told.Rebates(total_rebate=money(answer.discount), sale_item_rebate=rows)


def _sale_data(asked: Asked) -> told.SaleData | None:
    message = asked.message
    order = (
        message.payment_request
        or message.loyalty_request
        or message.stored_value_request
    )
    if order is None:
        return None
    sent = order.sale_data.sale_transaction_id
    return told.SaleData(
        sale_transaction_id=told.TransactionIdentification(
            transaction_id=sent.transaction_id, time_stamp=sent.time_stamp
        )
    )


def _poi_data(request: Request) -> told.POIData:
    """Name the operation; its time is the cash register's, so that repeats agree."""
    return told.POIData(
        poi_transaction_id=told.TransactionIdentification(
            transaction_id=transaction_id(request.batch, request.operation),
            time_stamp=request.local_time,
        ),
        poi_reconciliation_id=str(request.batch),
    )


def receipts(
    answer: Answer, asked: Asked, request: Request
) -> tuple[told.PaymentReceipt, ...]:
    """Return the slip: the seller's copy where there are two, then the customer's."""
    if not answer.slip:
        return ()
    sender = asked.sender
    languages = (request.language, sender.language)
    copies = copies_of(answer, languages, reprint=asked.again)
    kinds = ("CashierReceipt", "CustomerReceipt")[-len(copies) :]
    return tuple(
        receipt
        for kind, lines in zip(kinds, copies, strict=True)
        for receipt in _receipts(kind, lines, sender.columns)
    )


def _receipts(
    kind: str, lines: list[SlipLine], columns: int
) -> Iterator[told.PaymentReceipt]:
    """Yield a copy's text, laid out, and one receipt more for each code in it."""
    signed = any(line.style == "signature" for line in lines)
    rows = plain([line for line in lines if line.style not in _CODES], columns)
    text = told.OutputContent(
        output_format="Text", output_text=tuple(_text(row) for row in rows)
    )
    yield told.PaymentReceipt(
        document_qualifier=kind,
        output_content=text,
        required_signature_flag=signed or None,
    )
    for line in lines:
        if line.style in _CODES:
            code = told.OutputBarcode(
                barcode_type=_CODES[line.style], barcode_value=line.text
            )
            yield told.PaymentReceipt(
                document_qualifier=kind,
                output_content=told.OutputContent(
                    output_format="BarCode", output_barcode=code
                ),
            )


def _text(row: SlipLine) -> told.OutputText:
    return told.OutputText(
        text=row.text,
        character_style="Bold" if row.style == "bold" else None,
        end_of_line_flag=True,
    )


def transaction_totals(
    totals: tuple[BatchTotal, ...], currency: str
) -> told.TransactionTotals:
    """Return a batch's totals, by nexo's words where it has one for a command."""
    rows = {
        one.command: told.Total(
            transaction_type=TOTALS.get(one.command, one.command),
            transaction_count=one.count,
            transaction_amount=money(one.amount),
        )
        for one in totals
    }
    return told.TransactionTotals(
        payment_instrument_type="StoredValue",
        payment_currency=currency,
        payment_totals=tuple(
            row for command, row in rows.items() if command not in _LOYALTY_COMMANDS
        ),
        loyalty_totals=tuple(
            row for command, row in rows.items() if command in _LOYALTY_COMMANDS
        ),
    )
