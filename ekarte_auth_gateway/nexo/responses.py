"""What cash registers are answered: nexo's responses, as far as they are written.

Amounts are decimal numbers in JSON; nothing here is a float.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from ekarte_auth_gateway.nexo.naming import nexo_name
from ekarte_auth_gateway.nexo.requests import MessageHeader


class _Told(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=nexo_name
):
    """Common shape: what is not there is not written."""


class Response(_Told, frozen=True):
    """How it went; `additional_response` has our own code and sentence."""

    result: str
    error_condition: str | None = None
    additional_response: str = ""


class TransactionIdentification(_Told, frozen=True):
    transaction_id: str
    time_stamp: datetime | None = None


class SaleData(_Told, frozen=True):
    sale_transaction_id: TransactionIdentification


class POIData(_Told, frozen=True):
    poi_transaction_id: TransactionIdentification
    poi_reconciliation_id: str | None = None


class AccountID(_Told, frozen=True):
    """Which card it was, without its number."""

    identification_type: str
    entry_mode: tuple[str, ...]


class LoyaltyAccount(_Told, frozen=True):
    loyalty_account_id: AccountID
    loyalty_brand: str | None = None


class LoyaltyAmount(_Told, frozen=True):
    value: Decimal
    loyalty_unit: str
    currency: str | None = None


class SaleItemRebate(_Told, frozen=True):
    item_id: int | str
    product_code: str
    item_amount: Decimal


class Rebates(_Told, frozen=True):
    total_rebate: Decimal
    sale_item_rebate: tuple[SaleItemRebate, ...] = ()


class LoyaltyAcquirerData(_Told, frozen=True):
    approval_code: str


class LoyaltyResult(_Told, frozen=True):
    loyalty_account: LoyaltyAccount
    current_balance: Decimal | None = None
    loyalty_amount: LoyaltyAmount | None = None
    rebates: Rebates | None = None
    loyalty_acquirer_data: LoyaltyAcquirerData | None = None


class LoyaltyAccountStatus(_Told, frozen=True):
    loyalty_account: LoyaltyAccount
    current_balance: Decimal | None = None
    loyalty_unit: str | None = None
    currency: str | None = None


class PaymentAccountStatus(_Told, frozen=True):
    currency: str
    current_balance: Decimal


class StoredValueAccountStatus(_Told, frozen=True):
    stored_value_account_id: AccountID
    current_balance: Decimal | None = None


class StoredValueResult(_Told, frozen=True):
    stored_value_transaction_type: str
    stored_value_account_status: StoredValueAccountStatus
    item_amount: Decimal
    currency: str
    product_code: str
    host_transaction_id: TransactionIdentification | None = None


class AmountsResp(_Told, frozen=True):
    authorized_amount: Decimal
    currency: str
    total_rebates_amount: Decimal | None = None


class PaymentResult(_Told, frozen=True):
    payment_type: str
    amounts_resp: AmountsResp
    online_flag: bool | None = None


class OutputText(_Told, frozen=True):
    """A row of the receipt, laid out for the register's paper."""

    text: str
    character_style: str | None = None
    end_of_line_flag: bool = False


class OutputBarcode(_Told, frozen=True):
    barcode_type: str
    barcode_value: str


class OutputContent(_Told, frozen=True):
    output_format: str
    output_text: tuple[OutputText, ...] = ()
    output_barcode: OutputBarcode | None = None


class PaymentReceipt(_Told, frozen=True):
    document_qualifier: str
    output_content: OutputContent
    required_signature_flag: bool | None = None


class Total(_Told, frozen=True):
    transaction_type: str
    transaction_count: int
    transaction_amount: Decimal


class TransactionTotals(_Told, frozen=True):
    payment_instrument_type: str
    payment_currency: str
    payment_totals: tuple[Total, ...] = ()
    loyalty_totals: tuple[Total, ...] = ()


class Body(_Told, frozen=True):
    """Any of the response bodies: each has some of these."""

    response: Response
    sale_data: SaleData | None = None
    poi_data: POIData | None = None
    loyalty_result: tuple[LoyaltyResult, ...] = ()
    loyalty_account_status: LoyaltyAccountStatus | None = None
    payment_account_status: PaymentAccountStatus | None = None
    stored_value_result: tuple[StoredValueResult, ...] = ()
    payment_result: PaymentResult | None = None
    payment_receipt: tuple[PaymentReceipt, ...] = ()
    reversed_amount: Decimal | None = None
    poi_reconciliation_id: str | None = None
    reconciliation_type: str | None = None
    transaction_totals: tuple[TransactionTotals, ...] = ()
    poi_status: "POIStatus | None" = None
    host_status: "tuple[HostStatus, ...]" = ()
    repeated_message_response: "RepeatedMessageResponse | None" = None


class POIStatus(_Told, frozen=True):
    global_status: str


class HostStatus(_Told, frozen=True):
    acquirer_id: str
    is_reachable_flag: bool


class RepeatedMessageResponse(_Told, frozen=True):
    message_header: MessageHeader
    repeated_response_message_body: dict[str, Body]


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode_response(header: MessageHeader, body: Body) -> bytes:
    """Write a whole message: the request's header turned round, and a body."""
    told = msgspec.structs.replace(header, message_type="Response")
    name = f"{header.message_category}Response"
    return _encoder.encode({"SaleToPOIResponse": {"MessageHeader": told, name: body}})
