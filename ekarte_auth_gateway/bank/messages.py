"""What is said to an acquirer, as fields of ISO 8583:1987. Pure: steps in, fields out.

A message is made from the step that was written for it, so that a repeat after a
restart has the same content: number, time and reference are the step's.
"""

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Literal

import msgspec

from ekarte_auth_gateway.bank.cards import BankNumber
from ekarte_auth_gateway.codec import Fields
from ekarte_core import BankCourse, BankStep, Delivered

PURCHASE, REFUND = "000000", "200000"
APPROVED = "00"
UNCLEAR = frozenset({"08", "09", "10", "11", "16", "68", "91", "96"})
"""Approved in a way that we do not know how to follow, or not known to the host itself.

08 with identification, 10 in part, 11 VIP, 16 with track 3; 09 in progress, 68 late, 91
and 96 somebody behind the acquirer fell silent. A reversal makes certain.
"""
ACKNOWLEDGED = frozenset({"00", "25"})
"""Answers that end a reversal or completion; 25: the host never had the original."""

SIGN_ON, ECHO = "001", "301"
_COMPLETES = "06"  # DE25: pre-authorized
_ORDINARY = "00"
_BY_HAND, _BY_STRIPE, _BY_CHIP = "010", "020", "050"
_WITH_PIN, _WITHOUT_PIN = "1", "2"
_CURRENCY_DIGITS = 3


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The bank's answer to a purchase."""

    what: Literal["approved", "declined", "unclear"]
    rc: str
    auth_code: str = ""
    rrn: str = ""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """What every message says of us: currency in digits, our number, our time zone."""

    currency: str
    institution: str = ""
    zone: tzinfo = timezone.utc


def reference_of(step: BankStep) -> str:
    """Return the retrieval reference of a message, DE37: YDDDhh and its number."""
    at = step.at.astimezone(timezone.utc)
    return f"{at.year % 10}{at:%j%H}{step.stan:06d}"


def purchase(
    course: BankCourse, step: BankStep, card: BankNumber, pin_block: str, by: Sender
) -> Fields:
    """Return the message that asks the bank to pay: 0100 or 0200."""
    fields = _common(course, step, step.message, by)
    fields["25"] = _COMPLETES if course.command == "authorize" else _ORDINARY
    mode = _BY_STRIPE if card.track2 else _BY_HAND
    if card.chip:
        mode = _BY_CHIP
        fields["55"] = card.chip
    fields["22"] = mode[:2] + (_WITH_PIN if pin_block else _WITHOUT_PIN)
    if card.track2:
        fields["35"] = card.track2
    else:
        fields["2"] = card.number
    if card.expiry and not card.track2:
        fields["14"] = card.expiry
    if pin_block:
        fields["52"] = pin_block
    return fields


def follow_up(
    course: BankCourse, step: BankStep, by: Sender, number: str, *, again: bool
) -> Fields:
    """Return a reversal or a completion of what was sent: 0400, 0220 or their repeats.

    `number` of the bank card where the acquirer wants it and we still have it, else ''.
    """
    sent = course.find("sent")
    assert sent is not None
    answered = course.find("approved", "held")
    kind = step.message[:3] + "1" if again else step.message
    fields = _common(course, step, kind, by)
    fields["37"] = reference_of(sent)
    if answered is not None and answered.rrn:
        fields["37"] = answered.rrn
    if answered is not None and answered.auth_code:
        fields["38"] = answered.auth_code
    fields["25"] = _COMPLETES if course.command == "authorize" else _ORDINARY
    fields["90"] = _named(sent, by)
    if number:
        fields["2"] = number
    return fields


def refund(
    course: BankCourse, step: BankStep, by: Sender, number: str, *, again: bool
) -> Fields:
    """Return a refund, 0220 of processing code 200000, or the reversal of one, 0400.

    A refund names the purchase, a reversal the refund; `number` as with `follow_up`.
    """
    fields = follow_up(course, step, by, number, again=again)
    fields |= {"3": REFUND, "25": _ORDINARY, "37": reference_of(step)}
    if step.step == "unrefunded":
        told = course.steps[int(step.reason) - 1]
        fields["37"] = reference_of(told)
        fields["90"] = _named(told, by)
    return fields


def _named(step: BankStep, by: Sender) -> str:
    """Return DE90, which names the message of a step: type, number, time and sender."""
    stamp = f"{step.at.astimezone(timezone.utc):%m%d%H%M%S}"
    ours = by.institution.rjust(11, "0")
    return f"{step.message}{step.stan:06d}{stamp}{ours}{0:011d}"


def end_of(step: BankStep, rc: str) -> Delivered | None:
    """Return how an answer ends a message that waits; None: it is sent again.

    Reversals and completions are due, whatever a host says; a refund may be refused,
    as there may be no account left to give the money to.
    """
    if step.step == "refunded":
        if rc == APPROVED:
            return "acknowledged"
        return "refused" if rc and rc not in UNCLEAR else None
    return "acknowledged" if rc in ACKNOWLEDGED else None


def _common(course: BankCourse, step: BankStep, kind: str, by: Sender) -> Fields:
    assert step.stan is not None
    at = step.at.astimezone(timezone.utc)
    local = step.at.astimezone(by.zone)
    fields = {
        "t": kind,
        "3": PURCHASE,
        "4": f"{step.amount:012d}",
        "7": f"{at:%m%d%H%M%S}",
        "11": f"{step.stan:06d}",
        "12": f"{local:%H%M%S}",
        "13": f"{local:%m%d}",
        "37": reference_of(step),
        "41": course.bank_terminal.ljust(8),
        "42": course.bank_acceptor.ljust(15),
        "49": by.currency,
    }
    if by.institution:
        fields["32"] = by.institution
    return fields


def network_message(code: str, stan: int, now: datetime, institution: str) -> Fields:
    """Return a sign-on or an echo, 0800."""
    at = now.astimezone(timezone.utc)
    fields = {"t": "0800", "7": f"{at:%m%d%H%M%S}", "11": f"{stan:06d}", "70": code}
    if institution:
        fields["32"] = institution
    return fields


def belongs(asked: Mapping[str, str], answer: Mapping[str, str]) -> bool:
    """Say whether an answer with the right type and number is to this message.

    What the host repeats must be what was said: numbers come round every million.
    """
    return "39" in answer and all(
        answer[name].strip() == asked[name].strip()
        for name in ("3", "7", "41", "49", "70")
        if name in answer and name in asked
    )


def read_reply(asked: Mapping[str, str], answer: Mapping[str, str]) -> Reply:
    """Return what the bank decided; anything odd is unclear, never approved."""
    rc = answer.get("39", "")
    said = Reply(
        what="unclear",
        rc=rc,
        auth_code=answer.get("38", "").strip(),
        rrn=answer.get("37", "").strip(),
    )
    if rc in UNCLEAR:
        return said
    if rc != APPROVED:
        return msgspec.structs.replace(said, what="declined")
    same = "4" not in answer or answer["4"] == asked["4"]
    return msgspec.structs.replace(said, what="approved") if same else said
