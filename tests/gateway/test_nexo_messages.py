"""nexo's messages without a gateway: numbers and tables; noise is test_fuzz.py's."""

import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ekarte_auth_gateway.nexo.naming import (
    HASHED_FROM,
    HASHED_TO,
    nexo_name,
    operation_of,
    original_of,
    totals_operation_of,
    transaction_id,
)
from ekarte_auth_gateway.nexo.parts import NexoFault, Sender
from ekarte_auth_gateway.nexo.reading import (
    read_header,
    read_message,
    read_request,
)
from ekarte_auth_gateway.nexo.service import is_private
from ekarte_auth_gateway.nexo.writing import (
    ERROR_CONDITIONS,
    Asked,
    body_of,
    money,
    response_of,
)
from ekarte_core import (
    Answer,
    Balance,
    Original,
    Rc,
    SlipLine,
    check_request,
)
from tests.gateway.register import (
    Register,
    account,
    load,
    loyalty,
    original,
    payment,
)

SENDER = Sender(ZoneInfo("Europe/Riga"), "EUR")
CARD = "9990002000000012"
PINNED = 529_021_515_901
ITEM = {"ItemID": 0, "ProductCode": "MILK", "Quantity": 2.5, "ItemAmount": 3.99}


def _samples() -> list[bytes]:
    register = Register(0, "N0000001", "")
    named = original("1-17")
    bodies = [
        ("Login", {}),
        ("Diagnosis", {"HostDiagnosisFlag": True}),
        ("BalanceInquiry", {"LoyaltyAccountReq": account(CARD)}),
        ("Loyalty", loyalty("Award", CARD, TotalAmount=40)),
        ("Loyalty", loyalty("Rebate", CARD, TotalAmount=3.99, SaleItem=[ITEM])),
        ("Loyalty", loyalty("AwardRefund", TotalAmount=40, **named)),
        ("StoredValue", load("Activate", CARD, 10)),
        ("StoredValue", load("Reverse", None, 10, **named)),
        ("Payment", payment(CARD, 12.34, SaleItem=[{**ITEM, "ItemAmount": 12.34}])),
        ("Payment", payment(None, 12, "Completion", **named)),
        ("Reversal", {**named, "ReversalReason": "CustCancel", "ReversedAmount": 2}),
        ("TransactionStatus", {"MessageReference": {"ServiceID": "17"}}),
        ("Reconciliation", {"ReconciliationType": "SaleReconciliation"}),
        ("GetTotals", {}),
    ]
    return [json.dumps(register.message(*one)).encode() for one in bodies]


def _request(raw: bytes):
    read_header(raw)
    request = read_request(read_message(raw), 1, SENDER)
    check_request(request)
    return request


@pytest.mark.parametrize("raw", _samples())
def test_every_sample_is_read(raw):
    assert _request(raw).terminal == "N0000001"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sale_to_poi_request", "SaleToPOIRequest"),
        ("poi_transaction_id", "POITransactionID"),
        ("poiid", "Poiid"),
        ("poi_id", "POIID"),
        ("original_poi_transaction", "OriginalPOITransaction"),
    ],
)
def test_names_are_spelt_as_nexo_does(name, told):
    assert nexo_name(name) == told


def test_a_service_id_becomes_one_number_for_ever():
    assert operation_of("1") == 1
    assert operation_of("9999999999") == 9_999_999_999
    for other in ("0", "0001", "Abc-9", "x"):
        assert HASHED_FROM <= operation_of(other) < HASHED_TO
    # As written into ledgers already: no release may change it.
    assert operation_of("Abc-9") == PINNED
    assert totals_operation_of("1") >= HASHED_FROM


def test_references_go_there_and_back():
    told = transaction_id(3, 17)
    assert original_of(told, "") == Original(batch=3, operation=17)
    for foreign in ("", "17", "1-0", "a-b", "1-2-3", "BV0q.PSP", "1-1234567890123"):
        assert original_of(foreign, "") is None


def test_every_refusal_has_a_condition_and_its_code():
    for rc in Rc:
        told = response_of(Answer(rc=rc.value, message="why & how"))
        assert f"rc={rc.value}" in told.additional_response
        good = rc in (Rc.OK, Rc.PARTIAL)
        assert (told.error_condition is None) == good
        assert (rc in ERROR_CONDITIONS) != good


def test_cents_are_neither_lost_nor_made():
    assert [money(one) for one in (0, 1, 1234)] == [
        Decimal(0),
        Decimal("0.01"),
        Decimal("12.34"),
    ]
    for text, cents in (("12.3", 1230), ("0.01", 1), ("1e2", 10000)):
        raw = _samples()[8].replace(b"12.34", text.encode())
        assert _request(raw).amount == cents


def test_a_redemption_names_one_program_or_none():
    def read(*brands: str):
        deal = {"TransactionConditions": {"AllowedLoyaltyBrand": brands}}
        wish = loyalty("Redemption", CARD, SaleItem=[ITEM], **deal)
        message = Register(0, "N0000001", "").message("Loyalty", wish)
        return _request(json.dumps(message).encode())

    assert read("PRIZES").program == "PRIZES"
    assert read().program == ""
    with pytest.raises(NexoFault, match="one program"):
        read("PRIZES", "OTHER")


def _told(answer: Answer, raw: bytes, sender: Sender = SENDER):
    message = read_message(raw)
    request = read_request(message, 1, sender)
    return body_of(answer, Asked(message, request, sender))


def test_money_is_that_of_the_network():
    crowns = Sender(ZoneInfo("Europe/Stockholm"), "SEK")
    raw = json.dumps(
        Register(0, "N0000001", "").message(
            "BalanceInquiry", {"LoyaltyAccountReq": account(CARD)}
        )
    ).encode()
    balances = tuple(
        Balance(program="P", kind="gift_card", unit=unit, value=one, available=one)
        for unit, one in (("SEK", 1250), ("EUR", 99), ("turnover", 7))
    )
    status = _told(Answer(rc="00", balances=balances), raw, crowns)
    assert status.payment_account_status.currency == "SEK"
    assert status.payment_account_status.current_balance == Decimal("12.50")
    unnamed = raw.replace(b'"Currency": "EUR", ', b"")
    assert read_request(read_message(unnamed), 1, crowns).currency == "SEK"
    paid = _samples()[8].replace(b'"Currency": "EUR", ', b"")
    assert read_request(read_message(paid), 1, crowns).currency == "SEK"


def test_a_code_on_the_slip_is_a_receipt_of_its_own_in_each_copy():
    lines = (
        SlipLine(text="Signature", style="signature"),
        SlipLine(text="EKARTE:77:N0000001:1:17", style="qr"),
    )
    answer = Answer(rc="00", slip=lines, copies=2)
    receipts = _told(answer, _samples()[8]).payment_receipt
    told = [
        (one.document_qualifier, one.output_content.output_format) for one in receipts
    ]
    assert told == [
        ("CashierReceipt", "Text"),
        ("CashierReceipt", "BarCode"),
        ("CustomerReceipt", "Text"),
        ("CustomerReceipt", "BarCode"),
    ]
    code = receipts[1].output_content.output_barcode
    assert (code.barcode_type, code.barcode_value) == ("Qrcode", lines[1].text)


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        (("127.0.0.1", 5000), True),
        (("::1", 5000, 0, 0), True),
        (("192.0.2.7", 5000), False),
        (("2001:db8::7", 5000, 0, 0), False),
        (None, False),
    ],
)
def test_an_api_key_in_clear_is_taken_from_this_machine_only(peer, trusted):
    assert is_private(asyncio.Transport(extra={"peername": peer})) is trusted
    tls = asyncio.Transport(extra={"peername": peer, "ssl_object": object()})
    assert is_private(tls)


def test_a_message_says_nothing_of_what_it_holds():
    message = read_message(_samples()[8])
    assert CARD not in repr(message)


def test_the_documents_table_of_conditions_is_the_codes():
    page = (Path(__file__).parents[2] / "docs" / "TERMINALS.md").read_text()
    table = page.split("| ErrorCondition | codes |")[1].split("\n\n")[0]
    told = {}
    for row in table.splitlines()[2:]:
        _, condition, codes, _ = (cell.strip() for cell in row.split("|"))
        told |= dict.fromkeys(re.findall(r"\b\d\d\b", codes), condition)
    expected = {
        rc.value: condition
        for rc, condition in ERROR_CONDITIONS.items()
        if condition != "Refusal"
    }
    assert told == expected
