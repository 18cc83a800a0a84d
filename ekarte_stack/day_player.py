"""Plays the day: one thread for each terminal, real connections, several at once.

A terminal sends its operations in the order of the file and waits for each answer.
Where two terminals see the same card, the later one waits for the earlier: so the
answers do not depend on which thread happens to be quicker.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal, TerminalError
from ekarte_core import Answer, Request
from ekarte_stack.day_file import NAMED, Key, Row, demo_network, voucher_name

RETRY_EVERY_S = 0.2
PATIENCE_S = 60.0  # a terminal repeats that long before it gives up
TRY_LATER = ("91", "96")  # speak of the moment: the same operation may be sent again
HTTP, ISO = "HTTP", "ISO 8583"
# Some programs count visits by the day: what is begun so close to midnight would be
# two days, and the file knows one.
BEFORE_MIDNIGHT_S = 90.0


class Device(Protocol):
    """What the player needs of a terminal."""

    transport: str

    def send(self, request: Request, *, repeat: bool) -> tuple[Answer, bytes]:
        """Send one operation; return the answer and its bytes."""

    def close(self) -> None:
        """Hang up."""


@dataclass
class Told:
    """What came back for one row."""

    row: Row
    transport: str
    answer: Answer | None = None
    raw: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    tries: int = 0


@dataclass(frozen=True)
class Played:
    """What the whole day came to."""

    told: list[Told]
    seconds: float

    def by_key(self) -> dict[Key, Told]:
        """The first answer of each operation."""
        found: dict[Key, Told] = {}
        for told in self.told:
            found.setdefault(told.row.key, told)
        return found


class _Http:
    transport = HTTP

    def __init__(self, url: str, terminal: str, key: bytes) -> None:
        self._terminal = HttpTerminal(url, terminal, key)

    def send(self, request: Request, *, repeat: bool) -> tuple[Answer, bytes]:
        del repeat  # HTTP has no mark for it: the same body is a repeat
        answer = self._terminal.send(request)
        return answer, self._terminal.last_raw

    def close(self) -> None:
        self._terminal.close()


class _Iso:
    transport = ISO

    def __init__(self, address: str, terminal: str, key: bytes, mac: str) -> None:
        host, _, port = address.rpartition(":")
        self._terminal = IsoTerminal(host, int(port), terminal, key, mac)

    def send(self, request: Request, *, repeat: bool) -> tuple[Answer, bytes]:
        answer = self._terminal.send(request, repeat=repeat)
        return answer, self._terminal.last_raw

    def close(self) -> None:
        self._terminal.close()


def devices(run: Mapping[str, Any]) -> dict[str, Device]:
    """Return a device for each terminal of the demo network, with the run's keys."""
    found: dict[str, Device] = {}
    for entry in run["terminals"]:
        kind = demo_network().terminals.get(entry["id"])
        if kind is None:
            continue
        key = bytes.fromhex(Path(entry["key_file"]).read_text().strip())
        if kind["protocol"] == "http":
            found[entry["id"]] = _Http(run["gateway"]["http"], entry["id"], key)
        else:
            mac = kind.get("mac", "hmac-sha256")
            found[entry["id"]] = _Iso(run["gateway"]["iso8583"], entry["id"], key, mac)
    return found


def until_the_day_fits(now: datetime) -> float:
    """Seconds to wait so that the whole day is played on one date."""
    midnight = datetime.combine(now.date() + timedelta(days=1), clock(), now.tzinfo)
    left = (midnight - now).total_seconds()
    return left if left < BEFORE_MIDNIGHT_S else 0.0


class Player:
    """Plays rows on devices. `progress` is called with the count of answers."""

    def __init__(
        self,
        rows: Sequence[Row],
        on: Mapping[str, Device],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._on = on
        self._progress = progress
        self._told = [Told(row, on[row.request.terminal].transport) for row in rows]
        self._first: dict[str, Told] = {}
        for told in self._told:
            key = "/".join(str(part) for part in told.row.key)
            self._first.setdefault(key, told)
        self._place = {row.place: number for number, row in enumerate(rows)}
        self._done = [threading.Event() for _ in rows]
        self._count = 0
        self._counting = threading.Lock()

    def play(self) -> Played:
        """Play everything; a row without an answer stays without one."""
        time.sleep(until_the_day_fits(datetime.now(demo_network().zone)))
        began = time.perf_counter()
        threads = [
            threading.Thread(
                target=self._terminal, args=(terminal,), name=terminal, daemon=True
            )
            for terminal in self._on
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Played(self._told, time.perf_counter() - began)

    def _terminal(self, terminal: str) -> None:
        mine = [told for told in self._told if told.row.request.terminal == terminal]
        device = self._on[terminal]
        try:
            for told in mine:
                for place in told.row.after:
                    if place in self._place:
                        self._done[self._place[place]].wait()
                self._send(device, told)
                self._finish(told)
                if told.answer is None:
                    return  # nobody there: the rest would only wait as long again
        finally:
            device.close()
            for told in mine:  # whoever waits for this terminal must not hang
                self._done[self._place[told.row.place]].set()

    def _send(self, device: Device, told: Told) -> None:
        """Send until answered: silence means that nobody knows what became of it."""
        end = time.monotonic() + PATIENCE_S
        repeat = told.row.send == "repeat"
        request = self._with_voucher(told.row.request)
        while True:
            told.tries += 1
            began = time.perf_counter()
            try:
                told.answer, told.raw = device.send(request, repeat=repeat)
            except TerminalError:
                repeat = True
            told.seconds = time.perf_counter() - began
            answered = told.answer is not None and told.answer.rc not in TRY_LATER
            if answered or time.monotonic() > end:
                return
            time.sleep(RETRY_EVERY_S)

    def _with_voucher(self, request: Request) -> Request:
        """Put in the code of a voucher that an earlier answer has told of.

        The file cannot know it: codes are made by the ledger.
        """
        tender = request.tender
        if tender is None or NAMED not in tender.voucher:
            return request
        key, _, name = tender.voucher.partition(NAMED)
        told = self._first[key]
        codes = [
            voucher.code
            for voucher in (told.answer.vouchers if told.answer else ())
            if voucher_name(voucher) == name
        ]
        code = codes[0] if codes else "NONE"
        return msgspec.structs.replace(
            request, tender=msgspec.structs.replace(tender, voucher=code)
        )

    def _finish(self, told: Told) -> None:
        self._done[self._place[told.row.place]].set()
        with self._counting:
            self._count += 1
            count = self._count
        self._progress(count)
