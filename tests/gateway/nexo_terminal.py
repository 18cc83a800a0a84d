"""The core's requests said in nexo's words, for the scenarios of all transports."""

from typing import Any
from urllib.parse import parse_qs

from ekarte_core import Answer, Earned, Original, Request
from tests.gateway.register import Register, account, load, original

Body = dict[str, Any]
PAYMENTS = {"sale": "Normal", "authorize": "FirstReservation", "confirm": "Completion"}
PAYMENTS |= {"refund": "Refund"}
LOADS = {"activate": "Activate", "top_up": "Load"}
REWARDS = {"accrue": "Award", "redeem": "Redemption"}
CLOSE = {"ReconciliationType": "SaleReconciliation"}


class NexoTerminal:
    """A cash register to whom one speaks in requests; batches it counts by closing."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.terminal_id = register.terminal
        self._batch = 1

    def send(self, request: Request) -> Answer:
        """Say a request, in its batch, and return what the answer tells."""
        while self._batch < request.batch:
            told = self.register.ask("Reconciliation", CLOSE, f"close-{self._batch}")
            assert told["Response"]["Result"] == "Success"
            self._batch += 1
        category, body = _said(request)
        number = str(request.operation)
        return _heard(self.register.ask(category, body, number))


def _said(request: Request) -> tuple[str, Body]:
    command = request.command
    if command in PAYMENTS:
        return "Payment", _payment(request)
    if command in LOADS:
        number = request.card.value if request.card else None
        row = load(LOADS[command], number, 0)
        row["SaleData"] = _sale_data(request)
        row["StoredValueData"][0]["ItemAmount"] = _major(request.amount)
        return "StoredValue", row
    if command in REWARDS:
        deal = {"LoyaltyTransactionType": REWARDS[command], **_goods(request)}
        deal["TotalAmount"] = _major(request.amount)
        if request.program:
            deal["TransactionConditions"] = {"AllowedLoyaltyBrand": [request.program]}
        return "Loyalty", {
            "SaleData": _sale_data(request),
            "LoyaltyTransaction": _without_empty(deal),
            "LoyaltyData": _cards(request),
        }
    if command == "reverse":
        return "Reversal", {
            **_original(request.original),
            "SaleData": _sale_data(request),
            "ReversalReason": "CustCancel",
        }
    if command == "status":
        assert request.original is not None
        named = {"ServiceID": str(request.original.operation)}
        return "TransactionStatus", {"MessageReference": named}
    if command == "inquire":
        assert request.card is not None
        return "BalanceInquiry", {"LoyaltyAccountReq": account(request.card.value)}
    assert command == "echo", f"nexo has no word for {command}"
    return "Diagnosis", {}


def _payment(request: Request) -> Body:
    assert not request.tender, "a register names the card, not its purses"
    wanted = {"RequestedAmount": _major(request.amount), "Currency": request.currency}
    deal = {"AmountsReq": _without_empty(wanted), **_goods(request)}
    if request.original is not None:
        deal |= _original(request.original)
    return {
        "SaleData": _sale_data(request),
        "PaymentTransaction": deal,
        "PaymentData": {
            "PaymentType": PAYMENTS[request.command],
            "SplitPaymentFlag": request.partial,
        },
        "LoyaltyData": _cards(request),
    }


def _cards(request: Request) -> list[Body]:
    return [account(request.card.value)] if request.card is not None else []


def _sale_data(request: Request) -> Body:
    assert request.local_time is not None
    return {
        "OperatorLanguage": request.language,
        "SaleTransactionID": {
            "TransactionID": request.reference,
            "TimeStamp": request.local_time.isoformat(),
        },
    }


def _original(named: Original | None) -> Body:
    assert named is not None
    return original(f"{named.batch}-{named.operation}")


def _goods(request: Request) -> Body:
    items = [
        {
            "ItemID": place,
            "ProductCode": line.sku,
            "AdditionalProductInfo": line.group,
            "Quantity": line.quantity,
            "ItemAmount": _major(line.amount),
        }
        for place, line in enumerate(request.lines)
    ]
    return {"SaleItem": items} if items else {}


def _major(amount: int | None) -> float | None:
    return None if amount is None else amount / 100


def _without_empty(body: Body) -> Body:
    return {name: value for name, value in body.items() if value is not None}


def _heard(told: Body) -> Answer:
    more = parse_qs(told["Response"]["AdditionalResponse"])
    amounts = told.get("PaymentResult", {}).get("AmountsResp", {})
    (reward,) = told.get("LoyaltyResult") or [{}]
    points = reward.get("LoyaltyAmount", {}).get("Value", 0)
    return Answer(
        rc=more["rc"][0],
        message=more.get("message", [""])[0],
        discount=round(100 * amounts.get("TotalRebatesAmount", 0)),
        tendered={"card": round(100 * amounts.get("AuthorizedAmount", 0))},
        earned=(Earned(program="", points=points),) if points else (),
    )
