"""What became of a command, as whoever operates the terminal is told."""

from dataclasses import dataclass
from typing import Literal

from ekarte_core import APPROVED, Answer, Request
from ekarte_terminal.journal import Entry

READS = frozenset({"inquire", "status", "echo", "parameters"})
SILENCE = "nobody answers"
_APPROVED = frozenset(str(rc) for rc in APPROVED)

Kind = Literal["approved", "declined", "in_doubt", "refused_here"]


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        kind: `in_doubt`: nobody answered and it may have happened; `refused_here`:
            nothing was sent, `fault` says why.
        found: it was not asked for now but found when a doubt was resolved.
        alone: the terminal has decided it by itself; with `found`, has told of it.
    """

    kind: Kind
    command: str
    batch: int = 0
    operation: int = 0
    answer: Answer | None = None
    fault: str = ""
    found: bool = False
    alone: bool = False


def outcome_of(request: Request, answer: Answer | None) -> Outcome:
    """Return what became of a request; no answer: nobody has given one."""
    kind: Kind = "in_doubt"
    if answer is not None:
        kind = "approved" if answer.rc in _APPROVED else "declined"
    elif request.command in READS:  # to ask books nothing: there is no doubt
        kind = "refused_here"
    return Outcome(
        kind,
        request.command,
        request.batch,
        request.operation,
        answer,
        fault=SILENCE if answer is None else "",
    )


def found_of(entry: Entry, batch: int, answer: Answer | None) -> Outcome:
    """Return what was found out about an earlier operation."""
    kind: Kind = "in_doubt"
    if answer is not None:
        kind = "approved" if answer.rc in _APPROVED else "declined"
    return Outcome(kind, entry.command, batch, entry.operation, answer, found=True)
