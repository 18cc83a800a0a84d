"""What the terminal is told: the ledger's answer and the bank's, in one. Pure."""

from collections.abc import Iterator, Mapping

import msgspec

from ekarte_auth_gateway.bank.messages import Reply
from ekarte_auth_gateway.bank.texts import text
from ekarte_core import (
    APPROVED,
    Answer,
    BankAnswer,
    BankCourse,
    Rc,
    SlipLine,
    decode_answer,
    encode_answer,
    money,
)

DECLINED = Rc.RULE
"""05: not done; what the bank itself said stands in `bank.rc`."""
ON_ITS_WAY = "09"
"""The bank's code in the answer to a refund: it is told, whenever it listens."""
_APPROVED = frozenset(str(rc) for rc in APPROVED)
_RULE = SlipLine(text="", style="rule")


def told_of(course: BankCourse, ledger: bytes, amount: int | None = None) -> bytes:
    """Add to the ledger's answer what the bank had said, and to its slip.

    The same course gives the same bytes, so that a repeat is told the same.

    Args:
        course: one that the bank has approved, or that needed no bank.
        ledger: the ledger's answer.
        amount: what the bank card pays in the end; None: what was approved.
    """
    step = course.find("approved", "held")
    if step is None or course.find("sent") is None:
        return ledger
    said = Reply(what="approved", rc=step.rc, auth_code=step.auth_code, rrn=step.rrn)
    return with_bank(course, ledger, said, step.amount if amount is None else amount)


def with_bank(course: BankCourse, ledger: bytes, said: Reply, amount: int) -> bytes:
    """Add to the ledger's answer what the bank says, and to its slip."""
    answer = decode_answer(ledger)
    bank = BankAnswer(rc=said.rc, auth_code=said.auth_code, rrn=said.rrn, amount=amount)
    slip = answer.slip
    if slip:
        slip += _slip(course, bank)
    return encode_answer(msgspec.structs.replace(answer, bank=bank, slip=slip))


def with_refund(course: BankCourse, ledger: bytes) -> bytes:
    """Add to the ledger's answer to a refund what goes back to the bank card.

    The bank is told of it until it acknowledges: what it says does not stand here, so
    that a repeat is told the same.
    """
    answer = decode_answer(ledger)
    if answer.rc not in _APPROVED or not answer.amount_due:
        return ledger
    bank = BankAnswer(rc=ON_ITS_WAY, amount=answer.amount_due)
    slip = answer.slip
    if slip:
        back = f"{money(bank.amount, course.language)} {course.currency}"
        rows = {"card": f"****{course.last4}", "back": back}
        slip += (_RULE, *_rows(rows, course.language))
    return encode_answer(msgspec.structs.replace(answer, bank=bank, slip=slip))


def _slip(course: BankCourse, bank: BankAnswer) -> tuple[SlipLine, ...]:
    language = course.language
    paid = money(bank.amount, language)
    rows = {
        "card": f"****{course.last4}",
        "paid": f"{paid} {course.currency}",
        "approval": bank.auth_code,
        "reference": bank.rrn,
    }
    return (_RULE, *_rows(rows, language))


def _rows(rows: Mapping[str, str], language: str) -> Iterator[SlipLine]:
    for key, right in rows.items():
        yield SlipLine(text=f"{text(key, language)} {right}", right=right)


def released(course: BankCourse, version: int) -> bytes:
    """Return the answer when nothing was booked and nothing is charged."""
    declined = course.find("declined")
    if declined is not None:
        return _refusal(course, DECLINED, "declined", declined.rc, version)
    return _refusal(course, Rc.SILENT, "silent", Rc.SILENT.value, version)


def _refusal(course: BankCourse, rc: Rc, key: str, said: str, version: int) -> bytes:
    answer = Answer(
        rc=rc.value,
        message=text(key, course.language),
        bank=BankAnswer(rc=said),
        params_version=version,
    )
    return encode_answer(answer)
