"""What a client writes down before it sends and after it was answered.

One line of JSON for each event, on disk before anything else happens: the journal is
what the ledger is judged by, so it must outlive whoever writes it.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ekarte_core import APPROVED, REQUESTS, TRANSIENT, Answer, Request, decode_answer

Key = tuple[str, int, int]
_APPROVED = frozenset(map(str, APPROVED))
_TRANSIENT = frozenset(map(str, TRANSIENT))
FAULT = "96"


class Journal:
    """Appends to one file; for one terminal."""

    def __init__(self, path: Path) -> None:
        """Open the file, which may be there already."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def ask(self, request: Request) -> None:
        """Note what is about to be sent."""
        self._write({"ask": msgspec.to_builtins(request)})

    def told(self, request: Request, answer: Answer, raw: bytes) -> None:
        """Note an answer as it came."""
        body = msgspec.json.encode(answer).decode()
        self._write({"told": request.key, "answer": body, "raw": raw.hex()})

    def silent(self, request: Request, why: str) -> None:
        """Note that nothing came, or nothing that could be read."""
        self._write({"silent": request.key, "why": why})

    def _write(self, event: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(event).encode() + b"\n")
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


@dataclass
class Asked:
    """All that a journal knows of one operation."""

    request: Request
    final: list[tuple[Answer, bytes]] = field(default_factory=list)
    transient: list[str] = field(default_factory=list)  # codes that speak of the moment
    silences: int = 0

    @property
    def approved(self) -> bool:
        """Whether any answer said so."""
        return any(answer.rc in _APPROVED for answer, _raw in self.final)

    @property
    def in_doubt(self) -> bool:
        """Whether nobody has told yet what became of it."""
        return not self.final

    @property
    def agrees(self) -> bool:
        """Whether all answers were the same, to the byte."""
        return len({raw for _answer, raw in self.final}) <= 1

    @property
    def stumbled(self) -> bool:
        """Whether the gateway or the ledger owned up to a fault of its own."""
        return FAULT in self.transient


def is_final(rc: str) -> bool:
    """Tell whether an answer speaks of the operation: it is kept under its key."""
    return rc not in _TRANSIENT


def read(paths: Sequence[Path]) -> dict[Key, Asked]:
    """Read journals; a line that a crash cut short is passed over: nothing was sent."""
    found: dict[Key, Asked] = {}
    for event in _events(paths):
        if "ask" in event:
            request = REQUESTS.from_tree(event["ask"])
            known = found.setdefault(request.key, Asked(request))
            assert known.request == request, f"{request!r} was asked in two ways"
            continue
        asked = found[tuple(event.get("told") or event["silent"])]
        if "silent" in event:
            asked.silences += 1
            continue
        answer = decode_answer(event["answer"].encode())
        if is_final(answer.rc):
            asked.final.append((answer, bytes.fromhex(event["raw"])))
        else:
            asked.transient.append(answer.rc)
    return found


def _events(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield json.loads(line)
