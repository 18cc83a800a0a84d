"""What the terminal must not forget: its numbers, and what it has no answer to.

One file a batch, one JSON object a line, written and on the disk before the message
goes out. No card number and no access code is ever written: an operation with a card
is resolved by its number alone (`status`, `reverse`), any other can be sent again.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ekarte_core import ANSWERS, APPROVED, REQUESTS, Answer, BatchTotal, Request
from ekarte_terminal.disk import write_whole

_FILE = re.compile(r"batch-(\d{6})\.jsonl")
_BATCH_MAX = 999_999
_NEWEST = "newest"  # the name of the file of now
_APPROVED = frozenset(str(rc) for rc in APPROVED)
_SECRET = ("card", "access_code", "new_access_code", "referrer", "other", "bank")

_BROKEN = (
    *(msgspec.MsgspecError, UnicodeDecodeError, RecursionError),
    *(KeyError, IndexError, TypeError),
)


class JournalTaken(Exception):
    """Another terminal process has this folder."""


class JournalBroken(Exception):
    """The journal cannot be read; the message says where."""


@dataclass(frozen=True)
class Entry:
    """One operation. `rc` empty: nobody has answered yet.

    Attributes:
        request: as it was sent, where it can be sent again; else None.
        card: what people may see of the card.
        amount: asked for, then as answered.
        never: it is certain that it did not and will not happen.
        alone: the terminal's own answer, where nobody else gave one.
        waits: it was decided alone and has not been told yet.
        instead: of that operation, which was refused under its own number.
        exceptions: what people have to look at, once it has been told.
    """

    operation: int
    command: str
    card: str = ""
    amount: int = 0
    at: str = ""
    request: Request | None = None
    rc: str = ""
    txn: str = ""
    never: bool = False
    alone: Answer | None = None
    waits: bool = False
    instead: int = 0
    exceptions: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """True while nobody knows whether it happened."""
        return not self.rc and not self.never

    @property
    def approved(self) -> bool:
        """True when it is booked."""
        return self.rc in _APPROVED

    @property
    def differs(self) -> bool:
        """True when what was decided alone could not be booked like that."""
        told = self.alone is not None and not self.waits and not self.never
        return told and (bool(self.exceptions) or not self.approved)


class Journal:
    """The batch of now, on disk. One process at a time; not for several threads."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """Open the folder, or begin in it.

        Raises:
            JournalTaken: another process has it.
            JournalBroken: a line that is not the last cannot be read.
        """
        self._folder = folder
        self._now = now
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._lock)
            raise JournalTaken(f"another terminal runs on {folder}") from fault
        self.entries: dict[int, Entry] = {}
        self._file = -1
        newest = self._newest()
        if newest is not None:
            self._load(newest)
        else:
            # A lost disk must not lead to numbers that were used before: a later
            # minute has a higher batch. After two years they come round again, and
            # what was closed then is answered 95, which leads on.
            self._next = 1
            self._begin(int(now().timestamp()) // 60 % _BATCH_MAX + 1)

    def number(self) -> tuple[int, int]:
        """Return batch and operation for what books nothing and need not be kept."""
        self._next += 1
        return self.batch, self._next - 1

    def begin(self, request: Request, card: str) -> Request:
        """Give a request its number and write it down. Send it only after this."""
        request = msgspec.structs.replace(
            request,
            batch=self.batch,
            operation=self._next,
            local_time=self._now().replace(microsecond=0),
        )
        again = not any(getattr(request, name) for name in _SECRET)
        entry = Entry(
            operation=request.operation,
            command=request.command,
            card=card,
            amount=request.amount or sum(line.amount for line in request.lines),
            at=request.local_time.isoformat() if request.local_time else "",
            request=request if again else None,
        )
        self._write(
            {
                "sent": entry.operation,
                "command": entry.command,
                "card": card,
                "amount": entry.amount,
                "at": entry.at,
                **({"request": msgspec.to_builtins(request)} if again else {}),
            }
        )
        self._next += 1
        self.entries[entry.operation] = entry
        return request

    def end(self, operation: int, answer: Answer) -> None:
        """Note the answer of an operation."""
        self._write(
            {
                "answered": operation,
                "rc": answer.rc,
                "amount": answer.amount,
                "txn": answer.txn,
            }
        )
        self._ended(operation, answer.rc, answer.amount, answer.txn)

    def never(self, operation: int) -> None:
        """Note that an operation did not happen and cannot happen any more."""
        self._write({"never": operation})
        self.entries[operation] = replace(self.entries[operation], never=True)

    def decide(self, operation: int, answer: Answer, instead: int = 0) -> None:
        """Note the terminal's own answer. Hand over the slip only after this.

        `instead`: of that operation, which was refused under its own number.
        """
        told = msgspec.to_builtins(answer)
        self._write({"alone": operation, "answer": told, "instead": instead})
        self._decided(operation, answer, instead)

    def told(self, operation: int, answer: Answer) -> None:
        """Note what became of an operation that was decided alone."""
        exceptions = answer.exceptions
        self._write(
            {
                "told": operation,
                "rc": answer.rc,
                "amount": answer.amount,
                "txn": answer.txn,
                "exceptions": exceptions,
            }
        )
        self._ended(operation, answer.rc, answer.amount, answer.txn, exceptions)

    def waiting(self) -> list[Entry]:
        """Return what was decided alone and is to be told, oldest first."""
        return [entry for entry in self.entries.values() if entry.waits]

    def open_entries(self) -> list[Entry]:
        """Return what has no answer, oldest first."""
        return [entry for entry in self.entries.values() if entry.open]

    def totals(self) -> tuple[BatchTotal, ...]:
        """Count and sum of what was approved in this batch, by command."""
        return _totals(self.entries.values())

    def next_batch(self) -> None:
        """Begin the next batch; numbers go on."""
        os.close(self._file)
        self._begin(self.batch % _BATCH_MAX + 1)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._file)
        os.close(self._lock)

    def _begin(self, batch: int) -> None:
        self.batch = batch
        self.entries = {}
        path = self._path(batch)
        if path.exists():  # of two years ago
            path.rename(path.with_suffix(".before"))
        line = msgspec.json.encode({"batch": batch, "next": self._next}) + b"\n"
        write_whole(path, line)
        write_whole(self._folder / _NEWEST, path.name.encode() + b"\n")
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def _newest(self) -> Path | None:
        """Return the file of the batch of now; None where there is none yet.

        The highest number is not the newest: after the last one they begin again.
        """
        note = self._folder / _NEWEST
        if note.exists():
            noted = self._folder / note.read_text().strip()
            if noted.is_file():
                return noted
        names = (path.name for path in self._folder.iterdir())
        found = sorted(name for name in names if _FILE.fullmatch(name))
        return self._folder / found[-1] if found else None

    def _path(self, batch: int) -> Path:
        return self._folder / f"batch-{batch:06d}.jsonl"

    def _write(self, row: dict[str, Any]) -> None:
        line = msgspec.json.encode(row) + b"\n"
        written = os.write(self._file, line)
        assert written == len(line), "a line of the journal was cut short"
        os.fsync(self._file)

    def _load(self, path: Path) -> None:
        text = path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole != len(text):
            # The power went while it was written: it was not on the disk yet, so
            # nothing had been sent.
            os.truncate(path, whole)
        lines = text[:whole].splitlines()
        try:
            head = msgspec.json.decode(lines[0])
            self.batch, self._next = head["batch"], head["next"]
            for line in lines[1:]:
                self._apply(msgspec.json.decode(line))
        except _BROKEN as fault:
            raise JournalBroken(f"{path} cannot be read") from fault
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        if any(e.command == "close" and e.approved for e in self.entries.values()):
            self.next_batch()

    def _apply(self, row: dict[str, Any]) -> None:
        if "sent" in row:
            request = row.get("request")
            self.entries[row["sent"]] = Entry(
                operation=row["sent"],
                command=row["command"],
                card=row["card"],
                amount=row["amount"],
                at=row["at"],
                request=None if request is None else REQUESTS.from_tree(request),
            )
            self._next = max(self._next, row["sent"] + 1)
        elif "alone" in row:
            answer = ANSWERS.from_tree(row["answer"])
            self._decided(row["alone"], answer, row["instead"])
        elif "told" in row:
            exceptions = tuple(row["exceptions"])
            self._ended(row["told"], row["rc"], row["amount"], row["txn"], exceptions)
        elif "answered" in row:
            self._ended(row["answered"], row["rc"], row["amount"], row["txn"])
        else:
            operation = row["never"]
            self.entries[operation] = replace(self.entries[operation], never=True)

    def _decided(self, operation: int, answer: Answer, instead: int) -> None:
        self.entries[operation] = replace(
            self.entries[operation],
            rc=answer.rc,
            amount=answer.amount,
            alone=answer,
            waits=True,
            instead=instead,
            request=None,
        )
        if instead:  # under this number now: the other one is not told again
            moved = replace(self.entries[instead], rc="", never=True, waits=False)
            self.entries[instead] = moved

    def _ended(
        self,
        operation: int,
        rc: str,
        amount: int,
        txn: str,
        exceptions: tuple[str, ...] = (),
    ) -> None:
        entry = self.entries[operation]
        # The request is not wanted any more; a later look must not change `never`.
        self.entries[operation] = replace(
            entry,
            rc=rc,
            amount=amount,
            txn=txn,
            request=None,
            waits=False,
            exceptions=exceptions or entry.exceptions,
        )


def _totals(entries: Iterable[Entry]) -> tuple[BatchTotal, ...]:
    sums: dict[str, tuple[int, int]] = {}
    for entry in entries:
        if entry.approved and entry.command != "close":
            count, amount = sums.get(entry.command, (0, 0))
            sums[entry.command] = (count + 1, amount + entry.amount)
    return tuple(
        BatchTotal(command=command, count=count, amount=amount)
        for command, (count, amount) in sorted(sums.items())
    )
