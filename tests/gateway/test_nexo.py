"""Cash registers that speak nexo-style JSON, against a real gateway and ledger."""

import json

import pytest
from psycopg2.extensions import make_dsn

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.nexo import api_key
from tests.gateway import town
from tests.gateway.conftest import core_command, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.register import (
    Register,
    account,
    load,
    loyalty,
    original,
    payment,
    result,
    service_id,
    transaction,
)
from tests.gateway.shop import balance
from tests.gateway.test_restore import empty_database


@pytest.fixture
def register_of(gateway):
    def make(terminal: str = town.NEXO_1) -> Register:
        key = api_key(gateway.key(terminal))
        return Register(gateway.nexo_port, terminal, key)

    return make


@pytest.fixture
def register(register_of):
    return register_of()


@pytest.fixture
def gift(register):
    number = town.gift_number()
    assert result(register.ask("StoredValue", load("Activate", number, 50.0))) == (
        "Success"
    )
    return number


# --- each category


@pytest.mark.parametrize("category", ["Login", "Logout", "Diagnosis"])
def test_a_register_signs_on_and_off(register, category):
    assert result(register.ask(category)) == "Success"


def test_a_balance_is_told_in_money(register, gift):
    answer = register.ask("BalanceInquiry", {"LoyaltyAccountReq": account(gift)})
    assert result(answer) == "Success"
    assert answer["PaymentAccountStatus"] == {"Currency": "EUR", "CurrentBalance": 50.0}


def test_a_balance_is_told_in_points_whatever_program_they_are_of(register):
    number = town.club_number()
    register.ask("Loyalty", loyalty("Award", number, TotalAmount=40))
    answer = register.ask("BalanceInquiry", {"LoyaltyAccountReq": account(number)})
    status = answer["LoyaltyAccountStatus"]
    assert (status["CurrentBalance"], status["LoyaltyUnit"]) == (8, "Point")


def test_a_card_that_nobody_knows_is_invalid(register):
    answer = register.ask("BalanceInquiry", {"LoyaltyAccountReq": account("4" * 16)})
    assert result(answer) == "InvalidCard"
    assert "rc=14" in answer["Response"]["AdditionalResponse"]


def test_a_payment_takes_money_and_tells_slip_and_reference(gateway, register, gift):
    answer = register.ask("Payment", payment(gift, 12.34))
    assert result(answer) == "Success"
    assert answer["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] == 12.34
    assert answer["PaymentReceipt"][0]["OutputContent"]["OutputText"]
    assert balance(gateway.http(), gift) == 3766


def test_what_is_taken_without_a_code_is_signed_on_the_cashiers_copy(register, gift):
    answer = register.ask("Payment", payment(gift, 12.34))
    cashiers, customers = answer["PaymentReceipt"]
    assert cashiers["DocumentQualifier"] == "CashierReceipt"
    assert cashiers["RequiredSignatureFlag"] is True
    assert customers["DocumentQualifier"] == "CustomerReceipt"
    assert "RequiredSignatureFlag" not in customers
    rows, unsigned = (
        [row["Text"] for row in one["OutputContent"]["OutputText"]]
        for one in (cashiers, customers)
    )
    assert max(len(row) for row in rows) <= 40
    assert "Merchant's copy" in rows[-1]
    assert "Customer's copy" in unsigned[-1]
    assert len(unsigned) < len(rows)


def test_what_takes_nothing_is_for_the_customer_alone(register):
    award = register.ask("Loyalty", loyalty("Award", town.club_number(), TotalAmount=1))
    (receipt,) = award["PaymentReceipt"]
    assert receipt["DocumentQualifier"] == "CustomerReceipt"
    assert "RequiredSignatureFlag" not in receipt


def test_a_hold_is_completed(gateway, register, gift):
    held = register.ask("Payment", payment(gift, 30, "FirstReservation"))
    assert result(held) == "Success"
    done = register.ask(
        "Payment", payment(None, 25, "Completion", **original(transaction(held)))
    )
    assert result(done) == "Success"
    assert balance(gateway.http(), gift) == 2500


def test_a_hold_is_reversed_and_completed_no_more(gateway, register, gift):
    held = register.ask("Payment", payment(gift, 30, "FirstReservation"))
    named = original(transaction(held))
    gone = register.ask("Reversal", {**named, "ReversalReason": "CustCancel"})
    assert result(gone) == "Success"
    late = register.ask("Payment", payment(None, 25, "Completion", **named))
    assert result(late) == "NotFound"
    assert balance(gateway.http(), gift) == 5000


def test_a_payment_is_refunded_in_part_and_not_beyond(gateway, register, gift):
    bought = register.ask("Payment", payment(gift, 30))
    named = original(transaction(bought))
    back = register.ask("Payment", payment(None, 10, "Refund", **named))
    assert result(back) == "Success"
    part = {**named, "ReversedAmount": 20, "ReversalReason": "MerchantCancel"}
    assert result(register.ask("Reversal", part)) == "Success"
    assert result(register.ask("Reversal", part)) == "Refusal"
    assert balance(gateway.http(), gift) == 5000


def test_nothing_is_not_all_of_it(gateway, register, gift):
    """A register that gives back 0.00 must not have the whole purchase undone."""
    named = original(transaction(register.ask("Payment", payment(gift, 30))))
    reversal = {**named, "ReversalReason": "MerchantCancel"}
    nothing = register.ask("Reversal", {**reversal, "ReversedAmount": 0})
    assert "rc=13" in nothing["Response"]["AdditionalResponse"]
    assert balance(gateway.http(), gift) == 2000
    assert result(register.ask("Reversal", reversal)) == "Success"
    assert balance(gateway.http(), gift) == 5000


def test_nothing_of_an_award_is_not_all_of_it(register):
    number = town.club_number()
    named = original(
        transaction(register.ask("Loyalty", loyalty("Award", number, TotalAmount=40)))
    )
    nothing = register.ask("Loyalty", loyalty("AwardRefund", TotalAmount=0.00, **named))
    assert "rc=13" in nothing["Response"]["AdditionalResponse"]
    assert result(register.ask("Loyalty", loyalty("AwardRefund", **named))) == "Success"


def test_a_network_in_another_currency_does_everything_in_it(
    server_dsn, keyring, keyring_file, tmp_path
):
    empty_database(server_dsn, "gateway_in_kronor")
    dsn = make_dsn(server_dsn, dbname="gateway_in_kronor")
    core_command("migrate", "--dsn", dsn)
    publish(dsn, tmp_path, currency="SEK")
    gateway = GatewayProcess(dsn, keyring, keyring_file, tmp_path)
    try:
        gateway.start_ready()
        key = api_key(gateway.key(town.NEXO_1))
        register = Register(gateway.nexo_port, town.NEXO_1, key)
        card = town.gift_number()

        def done(category: str, body: dict) -> str:
            answer = register.ask(category, json.loads(json.dumps(body)))
            assert result(answer) == "Success", answer
            return answer

        def in_kronor(body: dict) -> dict:
            return json.loads(json.dumps(body).replace('"EUR"', '"SEK"'))

        done("StoredValue", in_kronor(load("Activate", card, 50.0)))
        extra = done("StoredValue", in_kronor(load("Load", card, 15)))
        back = load("Reverse", None, 15, **original(transaction(extra)))
        done("StoredValue", in_kronor(back))
        bought = done("Payment", in_kronor(payment(card, 30)))
        named = original(transaction(bought))
        done(
            "Reversal", {**named, "ReversedAmount": 10, "ReversalReason": "CustCancel"}
        )
        award = done("Loyalty", loyalty("Award", town.club_number(), TotalAmount=40))
        part = loyalty("AwardRefund", TotalAmount=10, **original(transaction(award)))
        done("Loyalty", part)
        told = done("BalanceInquiry", {"LoyaltyAccountReq": account(card)})
        left = {"Currency": "SEK", "CurrentBalance": 30.0}
        assert told["PaymentAccountStatus"] == left
        totals = done("Reconciliation", {"ReconciliationType": "SaleReconciliation"})
        assert totals["TransactionTotals"][0]["PaymentCurrency"] == "SEK"
        assert gateway.broken_invariants() == []
    finally:
        gateway.kill()
        empty_database(server_dsn, "gateway_in_kronor", drop_only=True)


def test_too_little_money_is_refused_or_taken_in_part(register, gift):
    assert result(register.ask("Payment", payment(gift, 80))) == "Refusal"
    wish = payment(gift, 80)
    wish["PaymentData"]["SplitPaymentFlag"] = True
    answer = register.ask("Payment", wish)
    assert result(answer) == "Partial"
    assert answer["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] == 50.0


def test_money_is_loaded_and_the_load_taken_back(gateway, register, gift):
    first = register.ask("StoredValue", load("Load", gift, 15))
    assert result(first) == "Success"
    assert balance(gateway.http(), gift) == 6500
    back = load("Reverse", None, 15, **original(transaction(first)))
    assert result(register.ask("StoredValue", back)) == "Success"
    assert balance(gateway.http(), gift) == 5000


@pytest.mark.parametrize("kind", ["Reserve", "Unload", "Duplicate"])
def test_stored_value_does_no_more_than_that(register, gift, kind):
    assert result(register.ask("StoredValue", load(kind, gift, 5))) == "NotAllowed"


def test_a_purchase_paid_elsewhere_is_awarded_and_taken_back(register):
    number = town.club_number()
    award = register.ask("Loyalty", loyalty("Award", number, TotalAmount=40))
    assert result(award) == "Success"
    earned = award["LoyaltyResult"][0]["LoyaltyAmount"]
    assert earned == {"Value": 8, "LoyaltyUnit": "Point"}
    named = original(transaction(award))
    part = loyalty("AwardRefund", TotalAmount=10, **named)
    assert result(register.ask("Loyalty", part)) == "Success"


def test_a_whole_award_is_taken_back_without_an_amount(register):
    number = town.club_number()
    award = register.ask("Loyalty", loyalty("Award", number, TotalAmount=40))
    back = loyalty("AwardRefund", **original(transaction(award)))
    assert result(register.ask("Loyalty", back)) == "Success"


def test_a_rebate_tells_what_each_line_is_given(register):
    items = [
        {"ItemID": 0, "ProductCode": "MILK", "Quantity": 2, "ItemAmount": 3.0},
        {"ItemID": 7, "ProductCode": "HAM", "Quantity": 0.35, "ItemAmount": 12.0},
    ]
    wish = loyalty("Rebate", town.club_number(), TotalAmount=15, SaleItem=items)
    answer = register.ask("Loyalty", wish)
    assert result(answer) == "Success"
    rebates = answer["LoyaltyResult"][0]["Rebates"]
    assert rebates["TotalRebate"] == 0.75
    rows = [(row["ItemID"], row["ItemAmount"]) for row in rebates["SaleItemRebate"]]
    assert rows == [(0, 0.15), (7, 0.6)]
    back = loyalty("RebateRefund", **original(transaction(answer)))
    assert result(register.ask("Loyalty", back)) == "Success"


def test_bonus_money_is_redeemed_and_given_back(register):
    number = town.club_number()
    register.ask("Loyalty", loyalty("Award", number, TotalAmount=200))
    wish = loyalty("Redemption", number, TotalAmount=20)
    wish["LoyaltyData"][0]["LoyaltyAmount"] = {"LoyaltyUnit": "Monetary", "Value": 1}
    answer = register.ask("Loyalty", wish)
    assert result(answer) == "Success"
    back = loyalty("RedemptionRefund", **original(transaction(answer)))
    assert result(register.ask("Loyalty", back)) == "Success"


# --- numbers and repeats


@pytest.mark.parametrize("number", ["", "Abc-9", "0007"])
def test_a_repeat_is_answered_byte_for_byte(gateway, register, gift, number):
    number = number or service_id()
    wish = payment(gift, 10)
    register.ask("Payment", wish, number)
    first, operations = register.last_raw, gateway.operations()
    register.ask("Payment", wish, number)
    assert register.last_raw == first
    assert gateway.operations() == operations
    assert balance(gateway.http(), gift) == 4000


def test_a_number_with_other_content_is_not_allowed(register, gift):
    number = service_id()
    register.ask("Payment", payment(gift, 10), number)
    answer = register.ask("Payment", payment(gift, 11), number)
    assert result(answer) == "NotAllowed"
    assert "rc=94" in answer["Response"]["AdditionalResponse"]


def test_a_repeat_finds_its_answer_after_the_batch_is_closed(
    gateway, register_of, gift
):
    register = register_of(town.NEXO_2)
    number = service_id()
    wish = payment(gift, 10)
    first = register.ask("Payment", wish, number)
    close = {"ReconciliationType": "SaleReconciliation"}
    assert result(register.ask("Reconciliation", close)) == "Success"
    assert register.ask("Payment", wish, number) == first
    assert balance(gateway.http(), gift) == 4000
    later = register.ask("Payment", wish)
    batches = [int(one["POIData"]["POIReconciliationID"]) for one in (first, later)]
    assert batches[1] == batches[0] + 1


# --- status


def test_status_tells_what_became_of_a_payment(register, gift):
    number = service_id()
    first = register.ask("Payment", payment(gift, 10), number)
    asked = {"MessageCategory": "Payment", "ServiceID": number}
    answer = register.ask(
        "TransactionStatus", {"MessageReference": asked, "ReceiptReprintFlag": True}
    )
    assert result(answer) == "Success"
    told = answer["RepeatedMessageResponse"]
    assert told["MessageHeader"]["ServiceID"] == number
    again = told["RepeatedResponseMessageBody"]["PaymentResponse"]
    assert again["Response"] == first["Response"]
    assert transaction(again) == transaction(first)
    slips = [
        [
            line["Text"]
            for line in one["PaymentReceipt"][0]["OutputContent"]["OutputText"]
        ]
        for one in (again, first)
    ]
    reprint = [line for line in slips[0] if line.strip() != "COPY"]
    assert len(reprint) < len(slips[0])
    assert reprint == slips[1]


def test_status_tells_of_which_kind_it_was(register, gift):
    number = service_id()
    first = register.ask("StoredValue", load("Load", gift, 15), number)
    asked = {"MessageCategory": "StoredValue", "ServiceID": number}
    answer = register.ask("TransactionStatus", {"MessageReference": asked})
    told = answer["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]
    (row,) = told["StoredValueResponse"]["StoredValueResult"]
    (expected,) = first["StoredValueResult"]
    for name in ("StoredValueTransactionType", "ItemAmount", "HostTransactionID"):
        assert row[name] == expected[name]
    number = service_id()
    register.ask("Payment", payment(gift, 30, "FirstReservation"), number)
    asked = {"MessageCategory": "Payment", "ServiceID": number}
    answer = register.ask("TransactionStatus", {"MessageReference": asked})
    told = answer["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]
    paid = told["PaymentResponse"]["PaymentResult"]
    assert paid["PaymentType"] == "FirstReservation"


def test_status_of_what_never_came_is_not_found(register):
    asked = {"MessageCategory": "Payment", "ServiceID": service_id()}
    answer = register.ask("TransactionStatus", {"MessageReference": asked})
    assert result(answer) == "NotFound"


def test_a_reversal_of_what_never_came_stops_it(gateway, register, gift):
    """The reversal may overtake its payment; what comes later is refused."""
    batch = transaction(register.ask("Payment", payment(gift, 1))).split("-")[0]
    number = service_id()
    named = original(f"{batch}-{number}")
    gone = register.ask("Reversal", {**named, "ReversalReason": "Malfunction"})
    assert result(gone) == "Success"
    assert result(register.ask("Payment", payment(gift, 10), number)) == "Refusal"
    assert balance(gateway.http(), gift) == 4900


def test_a_reversal_of_somebody_elses_reference_is_not_found(register):
    named = original("BV0q001643892070000.PSP")
    answer = register.ask("Reversal", {**named, "ReversalReason": "CustCancel"})
    assert result(answer) == "NotFound"


# --- totals


def test_totals_are_told_without_closing_then_the_batch_is_closed(register_of, gift):
    register = register_of(town.NEXO_2)
    close = {"ReconciliationType": "SaleReconciliation"}
    register.ask("Reconciliation", close)  # whatever others have left
    register.ask("Payment", payment(gift, 10))
    register.ask("Payment", payment(gift, 5))
    told = [register.ask("GetTotals")["TransactionTotals"] for _ in range(2)]
    assert told[0] == told[1]
    row = {
        "TransactionType": "Debit",
        "TransactionCount": 2,
        "TransactionAmount": 15.0,
    }
    assert told[0][0]["PaymentTotals"] == [row]
    wrong = {
        **close,
        "TransactionTotals": [{"PaymentTotals": [row | {"TransactionCount": 1}]}],
    }
    differs = register.ask("Reconciliation", wrong)
    assert result(differs) == "Refusal"
    assert differs["TransactionTotals"] == told[0]
    right = {**close, "TransactionTotals": told[0]}
    assert result(register.ask("Reconciliation", right)) == "Success"
    assert (
        register.ask("GetTotals")["TransactionTotals"][0].get("PaymentTotals") is None
    )


# --- who may


def test_a_wrong_key_and_another_terminals_are_refused(gateway, register_of):
    for key in ("", "0" * 64, "\xff", register_of(town.NEXO_2).key):
        stranger = Register(gateway.nexo_port, town.NEXO_1, key)
        status, body = stranger.post(json.dumps(stranger.message("Login")).encode())
        assert status == 401
        assert json.loads(body)["errorCode"] == "63"


def test_the_api_key_is_printed_for_the_operator(gateway, register, capsys):
    keyring = ["--keyring", str(gateway.keyring_file)]
    assert main(["api-key", town.NEXO_1, *keyring]) == 0
    assert capsys.readouterr().out == f"{register.key}\n"
    assert main(["api-key", town.NEXO_1, "--version", "2", *keyring]) == 0
    assert capsys.readouterr().out != f"{register.key}\n"


def test_no_api_key_is_printed_for_what_is_no_terminal_or_without_keys(
    gateway, tmp_path, capsys, monkeypatch
):
    keyring = ["--keyring", str(gateway.keyring_file)]
    for wrong in (["n0000001"], ["N1"], [town.NEXO_1, "--version", "0"]):
        with pytest.raises(SystemExit, match="2"):
            main(["api-key", *wrong, *keyring])
    assert main(["api-key", town.NEXO_1, "--keyring", str(tmp_path / "none")]) == 2
    monkeypatch.delenv("EKARTE_KEYRING", raising=False)
    assert main(["api-key", town.NEXO_1]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("terminal", "status"), [(town.HTTP_1, 401), (town.NEXO_BLOCKED, 403)]
)
def test_terminals_of_another_kind_and_blocked_ones_are_refused(
    register_of, terminal, status
):
    register = register_of(terminal)
    told, _ = register.post(json.dumps(register.message("Login")).encode())
    assert told == status


def test_keys_that_nobody_knows_are_passed_over(register, gift):
    wish = payment(gift, 1)
    wish["PaymentTransaction"]["VendorExtra"] = {"a": [1]}
    wish["Unheard"] = None
    assert result(register.ask("Payment", wish)) == "Success"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (
            {"PaymentTransaction": {"AmountsReq": {"RequestedAmount": "x"}}},
            "RequestedAmount",
        ),
        (
            {"PaymentTransaction": {"AmountsReq": {"RequestedAmount": 1.005}}},
            "RequestedAmount",
        ),
        ({"LoyaltyData": []}, "LoyaltyAccountID"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(register, gift, change, place):
    answer = register.ask("Payment", {**payment(gift, 1), **change})
    assert answer["Response"]["Result"] == "Failure"
    assert f"field={place}" in answer["Response"]["AdditionalResponse"]
    assert gift not in register.last_raw.decode()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"SaleToPOIRequest":{}}', b"\xff"]
)
def test_what_is_no_message_gets_an_http_error(register, body):
    status, told = register.post(body)
    assert status == 400
    assert json.loads(told)["status"] == 400
