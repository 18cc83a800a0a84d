"""The town of the fault trials: a few gift cards, and terminals of three doors."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import psycopg2

from ekarte_core import grant, migrate, publish
from ekarte_stack.bench_town import gift_card

ZONE = "Europe/Riga"
CARDS = 6  # so few that terminals meet on them
LOAD = 4_000  # so little that payments are refused
HOLD_S, BRIEF_S = 300, 2  # of most terminals, and of those whose holds run out
MIN_LOAD, MAX_BALANCE = 500, 50_000


@dataclass(frozen=True)
class Till:
    """A terminal: its number, the door it knocks at, how long its holds last."""

    number: str
    door: str  # http, iso, frame
    hold_s: int = HOLD_S


TILLS = (
    Till("H0000001", "http"),
    Till("H0000002", "http", BRIEF_S),
    Till("I0000001", "iso"),
    Till("I0000002", "iso", BRIEF_S),
    Till("F0000001", "frame"),
    Till("F0000002", "frame"),
)
HOLDS = {till.number: till.hold_s for till in TILLS}
PROTOCOL = {"http": "http", "iso": "iso8583", "frame": "serial"}


def cards(count: int) -> list[str]:
    """Return the numbers of all cards."""
    return [gift_card(serial) for serial in range(count)]


def network_document() -> dict[str, Any]:
    """Return the network: one grocer, one program, the terminals above."""
    gift = {
        "code": "GIFT",
        "issuer": "GROCER",
        "kind": "gift_card",
        "name": "Gift card",
        "parameters": {"min_load": MIN_LOAD, "max_balance": MAX_BALANCE},
    }
    span = {"from": gift_card(0), "to": gift_card(99_999_999), "check": "luhn"}
    return {
        "format": 1,
        "name": "Fault trials",
        "coalitions": [{"code": "LV", "name": "LV", "issuers": ["GROCER"]}],
        "issuers": [{"code": "GROCER", "name": "SIA Zaļais grozs", "language": "en"}],
        "branches": [
            {
                "code": "G1",
                "issuer": "GROCER",
                "name": "Centrs",
                "time_zone": ZONE,
            }
        ],
        "goods_groups": [{"code": "food", "name": "Food"}],
        "programs": [gift],
        "card_types": [
            {
                "code": "GIFT",
                "issuer": "GROCER",
                "name": "Gift",
                "programs": ["GIFT"],
                "ranges": [span],
            }
        ],
        "terminals": [
            {
                "id": till.number,
                "branch": "G1",
                "protocol": PROTOCOL[till.door],
                "hold_s": till.hold_s,
            }
            for till in TILLS
        ],
    }


def found(owner_dsn: str, gateway_role: str) -> None:
    """Make the ledger of the town in an empty database."""
    connection = psycopg2.connect(owner_dsn)
    try:
        with connection, connection.cursor() as cr:
            migrate(cr)
            grant(cr, gateway_role, "gateway")
            document = json.loads(json.dumps(network_document()))
            publish(cr, document, datetime.now(timezone.utc))
    finally:
        connection.close()
