"""What cash registers send, as far as it is read.

Keys that stand here are checked; others are passed over, for every vendor adds some.
Kinds and types are plain text: tables in reading.py know them, and refuse the rest by
name. Nothing here prints what it holds: there are card numbers in it.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from ekarte_auth_gateway.nexo.naming import nexo_name


class _Read(msgspec.Struct, frozen=True, kw_only=True, rename=nexo_name):
    """Common shape; unknown keys are ignored."""

    def __repr__(self) -> str:
        """Show the name only."""
        return type(self).__name__


class MessageHeader(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=nexo_name
):
    """Who says what to whom; an answer's is the request's with another type."""

    message_category: str
    poi_id: str
    message_class: str = ""
    message_type: str = ""
    protocol_version: str = ""
    service_id: str = ""
    sale_id: str = ""
    device_id: str = ""


class TransactionIdentification(_Read, frozen=True):
    transaction_id: str = ""
    time_stamp: datetime | None = None


class SaleData(_Read, frozen=True):
    sale_transaction_id: TransactionIdentification = TransactionIdentification()
    operator_language: str = ""


class AccountID(_Read, frozen=True):
    """A card: LoyaltyAccountID, or StoredValueAccountID in either spelling."""

    entry_mode: tuple[str, ...] | str = ()
    identification_type: str = ""
    loyalty_id: str = ""
    stored_value_id: str = ""
    value: str = ""


class LoyaltyAmount(_Read, frozen=True):
    value: Decimal = Decimal(0)
    loyalty_unit: str = "Monetary"
    currency: str = ""


class LoyaltyData(_Read, frozen=True):
    loyalty_account_id: AccountID | None = None
    loyalty_amount: LoyaltyAmount | None = None


class PaymentInstrumentData(_Read, frozen=True):
    payment_instrument_type: str = ""
    stored_value_account_id: AccountID | None = None


class LoyaltyAccountReq(_Read, frozen=True):
    loyalty_account_id: AccountID | None = None


class PaymentAccountReq(_Read, frozen=True):
    payment_instrument_data: PaymentInstrumentData | None = None


class SaleItem(_Read, frozen=True):
    """Goods; `additional_product_info` names their group, as the network does."""

    item_id: int | str = 0
    product_code: str = ""
    additional_product_info: str = ""
    quantity: Decimal = Decimal(1)
    item_amount: Decimal = Decimal(0)


class OriginalPOITransaction(_Read, frozen=True):
    poi_id: str = ""
    poi_transaction_id: TransactionIdentification | None = None


class BalanceInquiryRequest(_Read, frozen=True):
    loyalty_account_req: LoyaltyAccountReq | None = None
    payment_account_req: PaymentAccountReq | None = None


class TransactionConditions(_Read, frozen=True):
    """`allowed_loyalty_brand`: the program that is meant, where a card has several."""

    allowed_loyalty_brand: tuple[str, ...] = ()


class LoyaltyTransaction(_Read, frozen=True):
    loyalty_transaction_type: str
    currency: str = ""
    total_amount: Decimal | None = None
    original_poi_transaction: OriginalPOITransaction | None = None
    sale_item: tuple[SaleItem, ...] = ()
    transaction_conditions: TransactionConditions = TransactionConditions()


class LoyaltyRequest(_Read, frozen=True):
    loyalty_transaction: LoyaltyTransaction
    sale_data: SaleData = SaleData()
    loyalty_data: tuple[LoyaltyData, ...] = ()


class StoredValueData(_Read, frozen=True):
    stored_value_transaction_type: str
    stored_value_account_id: AccountID | None = None
    original_poi_transaction: OriginalPOITransaction | None = None
    item_amount: Decimal | None = None
    currency: str = ""


class StoredValueRequest(_Read, frozen=True):
    stored_value_data: tuple[StoredValueData, ...]
    sale_data: SaleData = SaleData()
    customer_language: str = ""


class AmountsReq(_Read, frozen=True):
    currency: str = ""
    requested_amount: Decimal | None = None
    minimum_split_amount: Decimal | None = None


class PaymentTransaction(_Read, frozen=True):
    amounts_req: AmountsReq = AmountsReq()
    original_poi_transaction: OriginalPOITransaction | None = None
    sale_item: tuple[SaleItem, ...] = ()


class PaymentData(_Read, frozen=True):
    payment_type: str = "Normal"
    split_payment_flag: bool = False
    payment_instrument_data: PaymentInstrumentData | None = None


class PaymentRequest(_Read, frozen=True):
    payment_transaction: PaymentTransaction
    sale_data: SaleData = SaleData()
    payment_data: PaymentData = PaymentData()
    loyalty_data: tuple[LoyaltyData, ...] = ()


class ReversalRequest(_Read, frozen=True):
    original_poi_transaction: OriginalPOITransaction
    sale_data: SaleData = SaleData()
    reversed_amount: Decimal | None = None


class MessageReference(_Read, frozen=True):
    message_category: str = ""
    service_id: str = ""
    sale_id: str = ""
    poi_id: str = ""


class TransactionStatusRequest(_Read, frozen=True):
    message_reference: MessageReference
    receipt_reprint_flag: bool = False


class ReconciliationRequest(_Read, frozen=True):
    reconciliation_type: str
    transaction_totals: tuple["SaleTotals", ...] | None = None


class SaleTotal(_Read, frozen=True):
    """What the cash register itself has counted of one command."""

    transaction_type: str
    transaction_count: int
    transaction_amount: Decimal


class SaleTotals(_Read, frozen=True):
    payment_totals: tuple[SaleTotal, ...] = ()
    loyalty_totals: tuple[SaleTotal, ...] = ()


class Nothing(_Read, frozen=True):
    """A body of which nothing is read."""


class SaleToPOIRequest(_Read, frozen=True):
    message_header: MessageHeader
    login_request: Nothing | None = None
    logout_request: Nothing | None = None
    diagnosis_request: Nothing | None = None
    balance_inquiry_request: BalanceInquiryRequest | None = None
    loyalty_request: LoyaltyRequest | None = None
    stored_value_request: StoredValueRequest | None = None
    payment_request: PaymentRequest | None = None
    reversal_request: ReversalRequest | None = None
    transaction_status_request: TransactionStatusRequest | None = None
    reconciliation_request: ReconciliationRequest | None = None
    get_totals_request: Nothing | None = None


class Message(_Read, frozen=True):
    sale_to_poi_request: SaleToPOIRequest


class _HeaderOnly(_Read, frozen=True):
    message_header: MessageHeader


class Addressed(_Read, frozen=True):
    """A message of which only the header is read: whom to answer."""

    sale_to_poi_request: _HeaderOnly
