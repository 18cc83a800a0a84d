"""An acquirer's host as a process, and terminals that have it as their bank."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from ekarte_core import BankPart, CardRef
from tests.gateway import town

BANK = "00000061"
"""A terminal whose bank is ACQ1."""
BANK_2, BANK_3, BANK_4 = "00000062", "00000063", "00000064"
PUMP = "00000065"
ISO = "00000066"
LINE = "00000067"
"""At the end of a serial line."""
NO_BANK = town.HTTP_1
HERE = Path(__file__).parent
NUMBER = "4000001234567899"
TRACK2 = f"{NUMBER}=29122010000000000"
CHARGED_KINDS = ("0100", "0200")


class Acquirer:
    """The host's process: obeys, and shows its book."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self._process = self._start(0)

    def _start(self, port: int) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(HERE / "acquirer.py"), self.key, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        self.port = json.loads(process.stdout.readline())["port"]
        return process

    def __enter__(self) -> "Acquirer":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, **wishes: Any) -> dict[str, Any]:
        """Tell the host how to behave; returns its book."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": wishes}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def mood(self, mood: str, follow: str = "approve") -> None:
        """Do the same with every message."""
        self.do(weights={mood: 1}, follow_weights={follow: 1})

    def book(self) -> dict[str, Any]:
        return self.do()

    def purchases(self) -> list[dict[str, Any]]:
        return list(self.book()["purchases"].values())

    def charged(self) -> list[int]:
        """What stands on customers' accounts, in minor units."""
        return [
            entry["amount"] if entry["completed"] is None else entry["completed"]
            for entry in self.purchases()
            if entry["charged"] and not entry["reversed"]
        ]


def given_back(host: Acquirer) -> list[int]:
    """What has gone back to customers' accounts by refunds, in minor units."""
    return [
        entry["amount"]
        for entry in host.book()["refunds"].values()
        if not entry["kept"]
    ]


def network(port: int, **changes: Any) -> dict[str, Any]:
    """Parts of the test network: an acquirer, and terminals that have it."""
    acquirer = {
        "code": "ACQ1",
        "name": "First Acquirer",
        "host": "127.0.0.1",
        "port": port,
        "mac": "hmac-sha256",
        "institution": "428123",
        **changes,
    }
    own = [
        {
            "id": number,
            "branch": "G1",
            "protocol": "http",
            "bank": "ACQ1",
            "bank_terminal": f"T{number[-4:]}",
            "bank_acceptor": "GROCER01",
        }
        for number in (BANK, BANK_2, BANK_3, BANK_4, PUMP)
    ]
    own.append({**own[0], "id": ISO, "protocol": "iso8583", "bank_terminal": "T0066"})
    own.append({**own[0], "id": LINE, "protocol": "serial", "bank_terminal": "T0067"})
    return {
        "acquirers": [acquirer],
        "terminals": [*town.document()["terminals"], *own],
    }


def part(value: str = TRACK2, **fields: str) -> BankPart:
    """The bank part of a request."""
    return BankPart(card=CardRef(kind="bank", value=value), **fields)


def settle(shop: Any) -> None:
    """Wait until nobody has anything left to do."""
    shop.wait_until(
        lambda: shop.sql("SELECT count(*) FROM ekarte.bank_work")[0][0] == 0,
        "all bank work is done",
    )


def booked(shop: Any) -> list[int]:
    """What customers still owed of purchases that stand in the ledger."""
    return [
        row[0]
        for row in shop.sql(
            "SELECT o.amount_due FROM ekarte.operation AS o"
            " WHERE o.command = 'confirm' AND o.rc IN ('00', '10') AND o.id > %s"
            " AND NOT EXISTS (SELECT FROM ekarte.operation AS r"
            " WHERE r.original_id = o.id AND r.command = 'reverse' AND r.rc = '00')"
            " ORDER BY o.id",
            shop.since,
        )
    ]


def open_holds(shop: Any) -> int:
    return int(
        shop.sql(
            "SELECT count(*) FROM ekarte.hold AS h WHERE NOT EXISTS"
            " (SELECT FROM ekarte.hold_end AS e WHERE e.hold_id = h.operation_id)"
        )[0][0]
    )


def calm(shop: Any, host: Acquirer) -> None:
    """Begin anew: the usual mood, a clean book, and what stands so far is not ours."""
    host.mood("approve")
    settle(shop)
    shop.wait_until(lambda: shop.metric("ekarte_bank_up") == 1, "signed on")
    host.do(forget=True)
    query = "SELECT coalesce(max(id), 0) FROM ekarte.operation"
    shop.since = int(shop.sql(query)[0][0])
