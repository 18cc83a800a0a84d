"""The course of purchases with a bank card: kept here, run by a gateway.

Whoever works on one writes the next step before taking it. A step has a number; of two
who write the same number one wins, and the other follows what was written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.store import Key

BankStepName = Literal[
    "refused",  # by the ledger: the bank was not asked
    "sent",  # the bank is about to be asked
    "approved",  # by the bank: the ledger is to book
    "declined",  # by the bank: the ledger is to release
    "cancelled",  # whatever the bank did, it is to be undone, and the ledger to release
    "held",  # an authorization stands in both
    "booked",  # stands in both
    "released",  # stands in neither
    "undoing",  # the terminal wants it reversed
    "kept",  # it cannot be: stands in both
    "refunding",  # goods come back: the ledger is asked, and then the bank told
    "refunded",  # the ledger has given back, the bank is being told
    "unrefunded",  # that was reversed, the bank is being told
]
Delivered = Literal["acknowledged", "given up", "refused"]


class BankStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step; `message` is the type of a message to the bank, with `stan` and `at`.

    `amount` is what that message asks for; `booked_as` the ledger's id where it is
    booked; `answer` what the terminal was told. The `reason` of an `unrefunded` is the
    number of the step that it takes back.
    """

    number: int
    at: datetime
    step: BankStepName
    message: str = ""
    stan: int | None = None
    amount: int = 0
    rc: str = ""
    auth_code: str = ""
    rrn: str = ""
    reason: str = ""
    booked_as: int | None = None
    answer: str | None = None


class BankCourse(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with a bank part and all its steps."""

    id: int
    key: Key
    command: Literal["sale", "authorize"]
    acquirer: str
    bank_terminal: str
    bank_acceptor: str
    currency: str
    last4: str
    language: str
    opened_at: datetime
    digest: bytes
    confirmation: str
    steps: tuple[BankStep, ...] = ()

    def find(self, *names: BankStepName) -> BankStep | None:
        """Return the last step of one of these names."""
        for step in reversed(self.steps):
            if step.step in names:
                return step
        return None

    @property
    def last(self) -> BankStepName | None:
        """What was written last."""
        return self.steps[-1].step if self.steps else None

    @property
    def answer(self) -> bytes | None:
        """What the terminal was told first; a repeat is told the same."""
        for step in self.steps:
            if step.answer is not None:
                return step.answer.encode()
        return None


class NewBankCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an operation with a bank part when it comes in."""

    key: Key
    command: Literal["sale", "authorize"]
    acquirer: str
    bank_terminal: str
    bank_acceptor: str
    currency: str
    last4: str
    language: str
    digest: bytes
    confirmation: str


class BankMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is to be delivered; `attempts` so far, `tried_at` the last."""

    course: BankCourse
    step: BankStep
    attempts: int
    tried_at: datetime | None


class BankQueue(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages wait for an acquirer, and since when."""

    acquirer: str
    count: int
    since: datetime


class SealedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A bank card's number, enciphered; wiped at that time at the latest."""

    key: int
    sealed: bytes
    wipe_at: datetime

    def __repr__(self) -> str:
        """Show the key's number only."""
        return f"SealedCard(key {self.key})"


class EndedHold(msgspec.Struct, frozen=True, kw_only=True):
    """How the ledger's hold of an authorization ended, and what was left to pay."""

    course: BankCourse
    how: Literal["captured", "released", "expired"]
    operation: int
    amount_due: int


class BankRefund(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger has given back and the bank does not know yet, as its next step.

    `operation` is the ledger's, `amount` what goes to the bank card or, of a refund
    that was reversed, stays there; `of_step` the number of that refund's step.
    """

    step: Literal["refunded", "unrefunded"]
    operation: int
    amount: int
    of_step: str


def own_bank_work(cr: Cursor, owner: int) -> None:
    """Let others see that this session's gateway lives, as long as the session."""
    cr.execute(SQL["own_bank_work"], {"owner": owner})


def open_bank_course(
    cr: Cursor, new: NewBankCourse, owner: int, now: datetime
) -> BankCourse | None:
    """Write that an operation with a bank part has come in; None: its key is used."""
    terminal, batch, number = new.key
    values = {**msgspec.structs.asdict(new), "now": now}
    del values["key"]
    cr.execute(
        SQL["open_bank_operation"],
        {**values, "terminal": terminal, "batch": batch, "number": number},
    )
    row = cr.fetchone()
    if row is None:
        return None
    cr.execute(SQL["add_bank_work"], {"id": row[0], "number": 0, "owner": owner})
    return read_bank_courses(cr, [row[0]])[0]


def find_bank_course(cr: Cursor, key: Key) -> BankCourse | None:
    """Return the operation of this key, or the one that this key has booked."""
    terminal, batch, number = key
    cr.execute(
        SQL["find_bank_operation"],
        {"terminal": terminal, "batch": batch, "number": number},
    )
    row = cr.fetchone()
    return None if row is None else read_bank_courses(cr, [row[0]])[0]


def find_bank_refund(cr: Cursor, key: Key) -> BankCourse | None:
    """Return the operation that a refund of this key gave something back of."""
    terminal, batch, number = key
    cr.execute(
        SQL["find_bank_refund"],
        {"terminal": terminal, "batch": batch, "number": number},
    )
    row = cr.fetchone()
    return None if row is None else read_bank_courses(cr, [row[0]])[0]


def next_bank_refund(cr: Cursor, course: BankCourse) -> BankRefund | None:
    """Return what the bank has to be told next of refunds; None: it knows all."""
    cr.execute(SQL["next_bank_refund"], {"id": course.id})
    row = cr.fetchone()
    if row is None:
        return None
    step, operation, amount, of_step = row
    return BankRefund(step=step, operation=operation, amount=amount, of_step=of_step)


def read_bank_courses(cr: Cursor, ids: Sequence[int]) -> list[BankCourse]:
    """Return operations with their steps, in the order of their ids."""
    cr.execute(SQL["read_bank_steps"], {"ids": list(ids)})
    steps: dict[int, list[BankStep]] = {}
    for operation, *values in cr.fetchall():
        fields = dict(zip(BankStep.__struct_fields__, values, strict=True))
        steps.setdefault(operation, []).append(BankStep(**fields))
    cr.execute(SQL["read_bank_operations"], {"ids": list(ids)})
    found = []
    for number, terminal, batch, operation, *values in cr.fetchall():
        fields = dict(zip(BankCourse.__struct_fields__[2:-1], values, strict=True))
        fields["digest"] = bytes(fields["digest"])
        found.append(
            BankCourse(
                id=number,
                key=(terminal, batch, operation),
                steps=tuple(steps.get(number, ())),
                **fields,
            )
        )
    return found


def take_bank_step(
    cr: Cursor,
    course: BankCourse,
    step: BankStep,
    *,
    owner: int,
    card: SealedCard | None = None,
) -> BankCourse:
    """Write the next step, with the work that it makes or ends.

    Returns:
        The operation as it is now. If a rival was faster, it has his step instead.
    """
    values = msgspec.structs.asdict(step)
    values["now"] = values.pop("at")
    cr.execute(SQL["add_bank_step"], {**values, "id": course.id})
    if cr.fetchone() is not None:
        _note_work(cr, course, step, owner)
        if card is not None:
            cr.execute(
                SQL["add_bank_card"],
                {**msgspec.structs.asdict(card), "id": course.id},
            )
    return read_bank_courses(cr, [course.id])[0]


DONE = frozenset({"refused", "booked", "released", "kept", "refunded", "unrefunded"})
"""After these nobody has anything to do, but for messages."""
DELIVERED = frozenset({"0400", "0220"})
"""Messages that nobody waits for: they are sent until they are acknowledged."""


def _note_work(cr: Cursor, course: BankCourse, step: BankStep, owner: int) -> None:
    whole = {"id": course.id, "number": 0, "owner": owner}
    query = "end_bank_work" if step.step in DONE else "add_bank_work"
    cr.execute(SQL[query], whole)
    if step.message in DELIVERED:
        cr.execute(SQL["add_bank_work"], {**whole, "number": step.number})
    elif step.step in ("declined", "cancelled"):
        cr.execute(SQL["wipe_bank_card"], {"id": course.id})


def next_stan(cr: Cursor) -> int:
    """Return a number for a message that belongs to no operation."""
    cr.execute(SQL["next_stan"])
    return int(cr.fetchone()[0])


def left_bank_work(
    cr: Cursor, owner: int, busy: frozenset[int], limit: int = 100
) -> list[BankCourse]:
    """Take over operations that no living gateway works on, and return them.

    `busy` are those that the asker itself is at.
    """
    cr.execute(
        SQL["left_bank_work"], {"owner": owner, "busy": list(busy), "limit": limit}
    )
    courses = read_bank_courses(cr, [number for (number,) in cr.fetchall()])
    for course in courses:
        cr.execute(SQL["take_bank_work"], {"id": course.id, "owner": owner})
    return courses


def ended_bank_holds(cr: Cursor, limit: int = 100) -> list[EndedHold]:
    """Return authorizations that stand at the bank and have ended in the ledger."""
    cr.execute(SQL["ended_bank_holds"], {"limit": limit})
    ended = {row[0]: row[1:] for row in cr.fetchall()}
    return [
        EndedHold(course=course, how=how, operation=operation, amount_due=amount)
        for course in read_bank_courses(cr, list(ended))
        for how, operation, amount in [ended[course.id]]
        if course.last == "held"
    ]


def ledger_id_of(cr: Cursor, key: Key) -> int | None:
    """Return the ledger's id of an operation."""
    terminal, batch, number = key
    cr.execute(
        SQL["ledger_id_of"], {"terminal": terminal, "batch": batch, "number": number}
    )
    row = cr.fetchone()
    return None if row is None else int(row[0])


def is_at_rest(cr: Cursor, key: Key) -> bool:
    """Say whether nobody is about to book anything in the batch of an operation.

    Whoever books holds the batch until it is committed, also while the commit waits for
    a standby: what is not there now does not come any more.
    """
    terminal, batch, _ = key
    cr.execute(SQL["claim_batch"], {"terminal": terminal, "batch": batch})
    return bool(cr.fetchone()[0])


def ledger_key_of(cr: Cursor, operation: int) -> Key:
    """Return the key of an operation of the ledger."""
    return store.key_of(cr, operation)


def due_bank_messages(
    cr: Cursor, listening: Sequence[str], too_old: datetime, limit: int = 100
) -> list[BankMessage]:
    """Return what is to be delivered: to acquirers that listen, or too old for any."""
    cr.execute(
        SQL["due_bank_messages"],
        {"listening": list(listening), "too_old": too_old, "limit": limit},
    )
    due = {row[0]: row[1:] for row in cr.fetchall()}
    return [
        BankMessage(
            course=course,
            step=course.steps[number - 1],
            attempts=attempts,
            tried_at=tried_at,
        )
        for course in read_bank_courses(cr, list(due))
        for number, attempts, tried_at in [due[course.id]]
    ]


def begin_bank_attempt(cr: Cursor, message: BankMessage, now: datetime) -> bool:
    """Write that a message is about to be sent; False: another gateway does so."""
    cr.execute(
        SQL["add_bank_attempt"],
        {
            "id": message.course.id,
            "number": message.step.number,
            "attempt": message.attempts + 1,
            "now": now,
        },
    )
    return cr.fetchone() is not None


def end_bank_message(
    cr: Cursor, message: BankMessage, how: Delivered, rc: str, now: datetime
) -> None:
    """Write that a message is through, or that nobody will send it any more."""
    key = {"id": message.course.id, "number": message.step.number}
    cr.execute(SQL["add_bank_delivery"], {**key, "how": how, "rc": rc, "now": now})
    cr.execute(SQL["end_bank_work"], key)
    if message.step.message == "0400" and message.step.step != "unrefunded":
        cr.execute(SQL["wipe_bank_card"], {"id": message.course.id})


def bank_queues(cr: Cursor) -> list[BankQueue]:
    """Return what waits for each acquirer."""
    cr.execute(SQL["bank_queues"])
    return [BankQueue(acquirer=a, count=c, since=s) for a, c, s in cr.fetchall()]


def sealed_bank_card(cr: Cursor, course: BankCourse) -> tuple[int, bytes] | None:
    """Return key and ciphertext of the bank card's number, None where it is wiped."""
    cr.execute(SQL["read_bank_card"], {"id": course.id})
    row = cr.fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))


def wipe_bank_cards(cr: Cursor, now: datetime) -> int:
    """Wipe numbers of bank cards whose time is over; returns how many."""
    cr.execute(SQL["wipe_old_bank_cards"], {"now": now})
    return int(cr.rowcount)
