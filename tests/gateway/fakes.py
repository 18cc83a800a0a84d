"""A ledger that does what a test tells it, for tests of the flow alone."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ekarte_core import Answer, Outcome, Request, encode_answer


def outcome(request: Request, rc: str = "00", status: str = "new") -> Outcome:
    answer = encode_answer(Answer(rc=rc, amount=request.amount or 0))
    return Outcome(request=request, rc=rc, answer=answer, status=status)


class FakeLedger:
    """Answers 00; `behave` may be replaced; `gate` holds every group back."""

    def __init__(self) -> None:
        self.groups: list[list[Request]] = []
        self.nonces: set[tuple[str, str]] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.behave: Callable[[Sequence[Request]], list[Outcome]] | None = None
        self.before_nonces: Callable[[], None] | None = None
        self.after_nonces: Callable[[], None] | None = None
        self.closed = 0

    def run(self, requests: Sequence[Request], network: Any, now: datetime) -> Any:
        assert self.gate.wait(10)
        self.groups.append(list(requests))
        if self.behave is not None:
            return self.behave(requests)
        return [outcome(request) for request in requests]

    def remember_nonces(
        self, nonces: Sequence[tuple[str, str]], now: datetime
    ) -> list[bool]:
        if self.before_nonces is not None:
            self.before_nonces()
        told = []
        for pair in nonces:
            told.append(pair not in self.nonces)
            self.nonces.add(pair)
        if self.after_nonces is not None:
            self.after_nonces()
        return told

    def close(self) -> None:
        self.closed += 1
