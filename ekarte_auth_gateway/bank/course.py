"""What is to be done next, from the steps that are written. Pure.

    (come in) ─ hold ─> sent ─ ask the bank ─> approved ─ book ─> booked
                 │        │                       │                  │ reverse
              refused     ├─> declined ─ release ─┼──> released <─ undoing ─> kept
                          └─> cancelled ──────────┘
    authorize: sent ─ ask the bank ─> held ─ the ledger's hold ends ─> booked | released
    goods come back: booked ─> refunding ─ tell the bank ─> refunded | unrefunded | kept

The ledger's own stored answer is what decides between booked and cancelled: a step says
what is being tried, and trying again is safe.
"""

from typing import Literal

from ekarte_core import BankCourse, BankStepName

Todo = Literal["hold", "ask", "give up", "book", "release", "undo", "refund", "rest"]

_NEXT: dict[BankStepName, Todo] = {
    "approved": "book",
    "declined": "release",
    "cancelled": "release",
    "undoing": "undo",
    "refused": "rest",
    "held": "rest",
    "booked": "rest",
    "released": "rest",
    "kept": "rest",
    "refunding": "refund",
    "refunded": "rest",
    "unrefunded": "rest",
}
UNSETTLED = frozenset({"undoing", "refunding"})
"""Somebody is at it: what becomes of it is known later."""


def next_todo(course: BankCourse, *, live: bool) -> Todo:
    """Return what to do; `live`: by who still has the terminal's request.

    Nobody else has the card's number: what was not asked yet is given up.
    """
    if course.last in (None, "sent"):
        if not live:
            return "give up"
        return "ask" if course.last == "sent" else "hold"
    assert course.last is not None
    return _NEXT[course.last]


def asked(course: BankCourse) -> bool:
    """Say whether the bank may have heard of it."""
    return course.find("sent") is not None


def stands(course: BankCourse) -> bool:
    """Say whether it is booked here and approved there, as far as is written."""
    last = course.find("booked", "released")
    return last is not None and last.step == "booked"
