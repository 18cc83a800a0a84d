"""A small network for the gateway's tests: one grocer, terminals of every kind."""

import itertools
import random
import threading
from typing import Any

CLUB = "999000100000"
GIFT = "999000200000"

HTTP_1, HTTP_2, HTTP_BLOCKED, HTTP_BRIEF = (
    "00000011",
    "00000013",
    "00000014",
    "00000016",
)
HTTP_NO_MAC = "00000018"
ISO_1, ISO_2, ISO_BLOCKED, ISO_PLAIN = "00000012", "00000022", "00000015", "00000042"
ISO_CMAC, ISO_RETAIL = "00000024", "00000025"
ISO_B, ISO_B_CMAC, ISO_B_RETAIL, ISO_B_PLAIN = (
    "B0000001",
    "B0000002",
    "B0000003",
    "B0000004",
)
SERIAL_1, SERIAL_2, SERIAL_BLOCKED, SERIAL_PLAIN = (
    "00000031",
    "00000032",
    "00000033",
    "00000034",
)
SERIAL_CMAC, SERIAL_RETAIL = "00000035", "00000037"
FRAME_1 = "00000036"
NEXO_1, NEXO_2, NEXO_BLOCKED = "N0000001", "N0000002", "N0000003"
ODOO = "ODOO0001"


def document(**changes: Any) -> dict[str, Any]:
    """The network document; `changes` replace whole parts."""
    whole = {
        "format": 1,
        "name": "Gateway tests",
        "coalitions": [{"code": "LV", "name": "LV", "issuers": ["GROCER"]}],
        "issuers": [
            {
                "code": "GROCER",
                "name": "SIA Zaļais grozs",
                "language": "en",
                "slip_footer": ["Paldies! Спасибо! Aitäh!"],
            }
        ],
        "branches": [
            {"code": "G1", "issuer": "GROCER", "name": "Centrs"},
            {"code": "G2", "issuer": "GROCER", "name": "Teika"},
        ],
        "goods_groups": [{"code": "food", "name": "Food"}],
        "programs": [
            {
                "code": "GRO-GIFT",
                "issuer": "GROCER",
                "kind": "gift_card",
                "name": "Gift card",
                "parameters": {"min_load": 100, "max_balance": 50000},
            },
            {
                "code": "GRO-BONUS",
                "issuer": "GROCER",
                "kind": "bonus_amount",
                "name": "Bonus",
                "parameters": {"step": 500, "convert_at": 10, "convert_to": 100},
            },
            {
                "code": "GRO-DISC",
                "issuer": "GROCER",
                "kind": "accumulated_discount",
                "name": "Discount",
                "parameters": {
                    "base_rate": 500,
                    "step_amount": 5000,
                    "step_rate": 100,
                    "max_rate": 1500,
                },
            },
        ],
        "card_types": [
            {
                "code": "GRO-CLUB",
                "issuer": "GROCER",
                "name": "Club",
                "ranges": [
                    {
                        "from": CLUB + "0000",
                        "to": "9990001999999999",
                        "check": "luhn",
                    }
                ],
                "programs": ["GRO-BONUS", "GRO-DISC"],
                "auto_register": True,
            },
            {
                "code": "GRO-GIFT",
                "issuer": "GROCER",
                "name": "Gift",
                "ranges": [
                    {
                        "from": GIFT + "0000",
                        "to": "9990002999999999",
                        "check": "luhn",
                    }
                ],
                "programs": ["GRO-GIFT"],
                "access_code": "optional",
            },
        ],
        "terminals": [
            {"id": HTTP_1, "branch": "G1", "protocol": "http"},
            {"id": HTTP_2, "branch": "G1", "protocol": "http"},
            {
                "id": HTTP_BLOCKED,
                "branch": "G1",
                "protocol": "http",
                "state": "blocked",
            },
            {"id": HTTP_BRIEF, "branch": "G1", "protocol": "http", "hold_s": 1},
            {"id": HTTP_NO_MAC, "branch": "G1", "protocol": "http", "mac": "none"},
            {"id": ISO_1, "branch": "G1", "protocol": "iso8583"},
            {"id": ISO_2, "branch": "G2", "protocol": "iso8583"},
            {
                "id": ISO_BLOCKED,
                "branch": "G1",
                "protocol": "iso8583",
                "state": "blocked",
            },
            {"id": ISO_PLAIN, "branch": "G1", "protocol": "iso8583", "mac": "none"},
            *_iso(ISO_CMAC, "A", "aes-cmac"),
            *_iso(ISO_RETAIL, "A", "x9.19"),
            *_iso(ISO_B, "B", "hmac-sha256"),
            *_iso(ISO_B_CMAC, "B", "aes-cmac"),
            *_iso(ISO_B_RETAIL, "B", "x9.19"),
            *_iso(ISO_B_PLAIN, "B", "none"),
            _line(SERIAL_1),
            _line(SERIAL_2),
            {**_line(SERIAL_BLOCKED), "state": "blocked"},
            _line(SERIAL_PLAIN, "none"),
            _line(SERIAL_CMAC, "aes-cmac"),
            _line(SERIAL_RETAIL, "x9.19"),
            _line(FRAME_1),
            {"id": NEXO_1, "branch": "G1", "protocol": "nexo"},
            {"id": NEXO_2, "branch": "G2", "protocol": "nexo"},
            {
                "id": NEXO_BLOCKED,
                "branch": "G1",
                "protocol": "nexo",
                "state": "blocked",
            },
            {"id": ODOO, "branch": "G1", "protocol": "odoo"},
        ],
    }
    return {**whole, **changes}


def _iso(terminal: str, profile: str, mac: str) -> list[dict[str, Any]]:
    where = {"id": terminal, "branch": "G1", "protocol": "iso8583"}
    return [{**where, "profile": profile, "mac": mac}]


def _line(terminal: str, mac: str = "hmac-sha256") -> dict[str, str]:
    return {"id": terminal, "branch": "G1", "protocol": "serial", "mac": mac}


def number(prefix: str, serial: int) -> str:
    """A 16-digit number with a right Luhn digit."""
    body = f"{prefix}{serial:0{15 - len(prefix)}d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


_serial = itertools.count(random.randrange(1, 90) * 10)
_operation = itertools.count(1)
_lock = threading.Lock()


def gift_number() -> str:
    """A gift card that no other test has."""
    with _lock:
        return number(GIFT[:8], next(_serial))


def club_number() -> str:
    """A club card that no other test has."""
    with _lock:
        return number(CLUB[:8], next(_serial))


def operation() -> int:
    """An operation number that no other test has."""
    with _lock:
        return next(_operation)
