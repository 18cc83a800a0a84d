"""What the fuzzer begins with: messages that mean something, of each language.

Those of ISO 8583 are the golden bytes of the tests; the frame and JSON say the same.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from ekarte_auth_gateway.codec import Context, code_keys, frames, mac_of
from ekarte_auth_gateway.parameters import Signer, Sources
from ekarte_auth_gateway.serial.link import ENQ, EOT, block_of
from ekarte_auth_gateway.testing.http import COVERED, SignedMessage, body_of
from ekarte_core import (
    ANSWERS,
    COMMANDS,
    REQUESTS,
    Keyring,
    ParametersKey,
    Request,
    read_network,
)
from ekarte_stack.home import CHECKOUT

GOLDEN = CHECKOUT / "tests" / "gateway" / "golden"
NETWORK = CHECKOUT / "demo" / "network.json"
BRANCH = "G1"
KEY = bytes(range(32))
SIGNED_PATH = "/v1/echo"
SIGNED_URL = "http://gateway" + SIGNED_PATH
RIGA = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
CONTEXT = Context(RIGA, date(2026, 11, 21), code_keys(KEY, old=True))
STAMP = "2026-11-22T10:00:00+02:00"
SIGNER = Signer([Ed25519PrivateKey.from_private_bytes(KEY)])

Entries = list[dict[str, Any]]


def golden(name: str) -> Entries:
    """Return what stands in a golden file."""
    entries: Entries = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return entries


def iso(name: str, *parts: str) -> tuple[bytes, ...]:
    """Return the golden bytes of a profile: `asked`, `told`."""
    rows = golden(name)
    return tuple(bytes.fromhex(row[part]["hex"]) for row in rows for part in parts)


def _requests() -> Iterator[Request]:
    for row in golden("A"):
        yield REQUESTS.from_tree(row["request"])


def frame_requests() -> tuple[bytes, ...]:
    """Return the golden requests as bodies of the frame."""
    mac = mac_of("x9.19", KEY)
    return tuple(
        frames.pack(
            frames.write_request(one, codes=CONTEXT.codes, random=lambda: b"8 random"),
            mac,
        )
        for one in _requests()
    )


def frame_answers() -> tuple[bytes, ...]:
    """Return the golden answers as bodies of the frame."""
    told = [("TI", "00000012"), ("ON", "7")]
    answers = (ANSWERS.from_tree(row["answer"]) for row in golden("A"))
    return tuple(frames.pack(frames.write_answer(one, told)) for one in answers)


def line() -> tuple[bytes, ...]:
    """Return what a terminal sends over a line; the first byte is how it is cut."""
    bodies = frame_requests()[:3]
    return tuple(
        bytes([cut, ENQ]) + block_of(body) + bytes([EOT])
        for cut, body in zip((1, 7, 255), bodies, strict=True)
    )


def http_bodies() -> tuple[bytes, ...]:
    """Return the golden requests as JSON; the first byte is the command's number."""
    names = list(COMMANDS)
    return tuple(
        bytes([names.index(one.command)]) + body_of(one) for one in _requests()
    )


def network() -> bytes:
    """Return the demo's network document."""
    return NETWORK.read_bytes()


def small_network() -> bytes:
    """Return a part of it that is changed and read in little time."""
    whole = json.loads(network())
    whole["branches"] = whole["branches"][:1]
    whole["terminals"] = whole["terminals"][:2]
    branch, issuer = whole["branches"][0]["code"], whole["branches"][0]["issuer"]
    for terminal in whole["terminals"]:
        terminal["branch"] = branch
    whole["issuers"] = [one for one in whole["issuers"] if one["code"] == issuer]
    whole["coalitions"] = []
    whole["programs"] = [
        {**one, "branches": []}
        for one in whole["programs"]
        if one["issuer"] == issuer and "overrides" not in one
    ]
    whole["card_types"] = [
        one for one in whole["card_types"] if one["issuer"] == issuer
    ]
    return json.dumps(whole, ensure_ascii=False).encode()


def parameters() -> bytes:
    """Return the parameters of a branch, as they are signed."""
    keys = [ParametersKey(1, *one) for one in SIGNER.announced]
    whole = read_network(small_network(), 7)
    return Sources(whole, (), {}, keys).text(BRANCH, 3, NOW)


def keyring() -> Keyring:
    """Return a keyring that makes the same keys in every run."""
    purposes = ("card_token", "access_code", "body", "terminal")
    return Keyring({(purpose, 1): KEY for purpose in purposes})


class _Key(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> bytes:
        return keyring().terminal_key(key_id, 1)

    def resolve_public_key(self, key_id: str) -> bytes:
        return self.resolve_private_key(key_id)


def signed_requests() -> tuple[bytes, ...]:
    """Return signed requests: a line for each header, a blank one, the body."""
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_Key()
    )
    found = []
    for body in (b"{}", b'{"amount":1}'):
        message = SignedMessage("POST", SIGNED_URL, {"Host": "gateway"})
        signer.sign(
            message,
            key_id="00000011",
            created=NOW,
            nonce="n0nce",
            label="sig",
            covered_component_ids=COVERED[:2],
            body=body,
        )
        lines = "".join(f"{name}: {value}\n" for name, value in message.headers.items())
        found.append(lines.encode() + b"\n" + body)
    return tuple(found)


def _account(number: str) -> dict[str, Any]:
    return {
        "LoyaltyAccountID": {
            "EntryMode": ["Scanned"],
            "IdentificationType": "Pan",
            "LoyaltyID": number,
        }
    }


_CARD = "9990001000000017"
_NAMED = {"TransactionID": "R-1", "TimeStamp": STAMP}
_SALE = {"SaleData": {"SaleTransactionID": _NAMED}}
_ORIGINAL = {
    "OriginalPOITransaction": {
        "POITransactionID": {"TransactionID": "1-17", "TimeStamp": STAMP}
    }
}
_ITEM = {"ItemID": 0, "ProductCode": "MILK", "Quantity": 2.5, "ItemAmount": 12.34}
_NEXO: dict[str, dict[str, Any]] = {
    "Login": {},
    "Diagnosis": {"HostDiagnosisFlag": True},
    "BalanceInquiry": {"LoyaltyAccountReq": _account(_CARD)},
    "Loyalty": {
        **_SALE,
        "LoyaltyTransaction": {
            "LoyaltyTransactionType": "Rebate",
            "TotalAmount": 12.34,
            "SaleItem": [_ITEM],
        },
        "LoyaltyData": [_account(_CARD)],
    },
    "StoredValue": {
        **_SALE,
        "StoredValueData": [
            {
                "StoredValueTransactionType": "Load",
                "ItemAmount": 10,
                "Currency": "EUR",
                "StoredValueAccountID": {
                    "StoredValueAccountType": "GiftCard",
                    "EntryMode": ["Scanned"],
                    "IdentificationType": "Pan",
                    "StoredValueID": _CARD,
                },
            }
        ],
    },
    "Payment": {
        **_SALE,
        "PaymentTransaction": {
            "AmountsReq": {"Currency": "EUR", "RequestedAmount": 12.34},
            "SaleItem": [_ITEM],
        },
        "PaymentData": {"PaymentType": "Normal"},
        "LoyaltyData": [{**_account(_CARD), "LoyaltyAmount": {"AmountValue": 3}}],
    },
    "Reversal": {**_ORIGINAL, "ReversalReason": "CustCancel", "ReversedAmount": 2},
    "TransactionStatus": {"MessageReference": {"ServiceID": "17"}},
    "Reconciliation": {
        "ReconciliationType": "SaleReconciliation",
        "TransactionTotals": [],
    },
    "GetTotals": {},
}


def nexo() -> tuple[bytes, ...]:
    """Return a message of each of nexo's categories."""
    header = {
        "ProtocolVersion": "3.0",
        "MessageClass": "Service",
        "MessageType": "Request",
        "ServiceID": "1017",
        "SaleID": "POS-1",
        "POIID": "N0000001",
    }
    return tuple(
        json.dumps(
            {
                "SaleToPOIRequest": {
                    "MessageHeader": {**header, "MessageCategory": category},
                    f"{category}Request": body,
                }
            }
        ).encode()
        for category, body in _NEXO.items()
    )


def cards() -> tuple[bytes, ...]:
    """Return what readers, scanners and people bring."""
    return (
        b"9990001000000017",
        b";9990001000000017=29121010000012345?",
        b"%B9990001000000017^KRASTA/ANNA^29121010000?;9990001000000017=2912?",
        b"+371 20000000",
        b"AB-123456",
        b"EKARTE:1:00000012:3:412",
        b"3/412",
    )
