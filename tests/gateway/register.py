"""A cash register that speaks nexo's JSON, written for the tests."""

import http.client
import itertools
import json
import ssl
from typing import Any

STAMP = "2026-11-22T10:00:00+02:00"
_numbers = itertools.count(1000)


def service_id() -> str:
    """A ServiceID that no other test has."""
    return str(next(_numbers))


def account(number: str, kind: str = "Pan", entry: str = "Scanned") -> dict[str, Any]:
    return {
        "LoyaltyAccountID": {
            "EntryMode": [entry],
            "IdentificationType": kind,
            "LoyaltyID": number,
        }
    }


def stored(number: str, spelt: str = "StoredValueID") -> dict[str, Any]:
    """A card for money; Adyen's library spells its number `Value`."""
    return {
        "StoredValueAccountType": "GiftCard",
        "EntryMode": ["Scanned"],
        "IdentificationType": "Pan",
        spelt: number,
    }


def sale_data(number: str = "R-1") -> dict[str, Any]:
    return {"SaleTransactionID": {"TransactionID": number, "TimeStamp": STAMP}}


def original(transaction: str) -> dict[str, Any]:
    told = {"TransactionID": transaction, "TimeStamp": STAMP}
    return {"OriginalPOITransaction": {"POITransactionID": told}}


def payment(
    number: str | None, amount: float, kind: str = "Normal", **more: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "SaleData": sale_data(),
        "PaymentTransaction": {
            "AmountsReq": {"Currency": "EUR", "RequestedAmount": amount},
            **more,
        },
        "PaymentData": {"PaymentType": kind},
    }
    if number is not None:
        body["LoyaltyData"] = [account(number)]
    return body


def loyalty(kind: str, number: str | None = None, **deal: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "SaleData": sale_data(),
        "LoyaltyTransaction": {"LoyaltyTransactionType": kind, **deal},
    }
    if number is not None:
        body["LoyaltyData"] = [account(number)]
    return body


def load(kind: str, number: str | None, amount: float, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "StoredValueTransactionType": kind,
        "ItemAmount": amount,
        "Currency": "EUR",
        **more,
    }
    if number is not None:
        row["StoredValueAccountID"] = stored(number)
    return {"SaleData": sale_data(), "StoredValueData": [row]}


class Register:
    """Posts messages with an API key; keeps what came back."""

    def __init__(
        self, port: int, terminal: str, key: str, context: ssl.SSLContext | None = None
    ) -> None:
        self.port, self.terminal, self.key = port, terminal, key
        self.context = context
        self.last_raw = b""

    def post(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = "/nexo/"
    ) -> tuple[int, bytes]:
        """Send a body in chunks, as Adyen's client does."""
        if self.context is None:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        else:
            line = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=30, context=self.context
            )
        known = {"x-api-key": self.key} if self.key else {}
        try:
            line.request(
                "POST",
                path,
                body=iter([body[:7], body[7:]]),
                headers={**known, **(headers or {})},
                encode_chunked=True,
            )
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def message(
        self, category: str, body: dict[str, Any] | None = None, number: str = ""
    ) -> dict[str, Any]:
        header = {
            "ProtocolVersion": "3.0",
            "MessageClass": "Service",
            "MessageCategory": category,
            "MessageType": "Request",
            "ServiceID": number or service_id(),
            "SaleID": "REGISTER1",
            "POIID": self.terminal,
        }
        told = {"MessageHeader": header, f"{category}Request": body or {}}
        return {"SaleToPOIRequest": told}

    def ask(
        self, category: str, body: dict[str, Any] | None = None, number: str = ""
    ) -> dict[str, Any]:
        """Send one message; return the body of its answer."""
        sent = self.message(category, body, number)
        status, self.last_raw = self.post(json.dumps(sent).encode())
        assert status == 200, self.last_raw
        answer = json.loads(self.last_raw)["SaleToPOIResponse"]
        header = sent["SaleToPOIRequest"]["MessageHeader"]
        assert answer["MessageHeader"] == {**header, "MessageType": "Response"}
        return answer[f"{category}Response"]


def result(answer: dict[str, Any]) -> str:
    """Success, or the error condition."""
    response = answer["Response"]
    return response.get("ErrorCondition", response["Result"])


def transaction(answer: dict[str, Any]) -> str:
    return answer["POIData"]["POITransactionID"]["TransactionID"]
