"""The content of a slip: what it says, line by line. Pure; knows no paper.

A slip is head, body and foot. Head and foot are the issuer's, in the language of the
answer. The body is put together from the table `_SHEETS`, below: which parts the slip
of a command has, from the top down. How wide the paper is, what a copy is called, how a
code is drawn: that is for who prints it (the gateway's room `slips`, or the terminal).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import SlipTexts
from ekarte_core.parser import Parser
from ekarte_core.rules.explain import TWO_DIGITS, language_of, money, text
from ekarte_core.rules.plan import Plan
from ekarte_core.rules.purses import COUNTERS, CREDIT, POINTS, VISITS
from ekarte_core.rules.texts import LANGUAGES, TEXTS
from ekarte_core.service.job import Job
from ekarte_core.values import Answer, Balance, BatchTotal, SlipLine

Words = Mapping[str, str]
_lines = Parser(SlipLine)

_WORDS: Mapping[str, Words] = {
    spoken: {key: told[spoken] for key, told in TEXTS.items()} for spoken in LANGUAGES
}
"""Texts by language first: a slip has one."""


class Said(msgspec.Struct, frozen=True):
    """What the parts of one slip are made from, and the lines they have made."""

    job: Job
    network: Network
    plan: Plan
    answer: Answer
    spoken: str
    words: Words
    lines: list[SlipLine]


Part = Callable[[Said], None]


class Sheet(NamedTuple):
    """The slip of one command.

    Attributes:
        title: text above the body.
        parts: from the top down; each adds its lines, or none.
        coded: it shows the operation as a code, if the issuer wants one.
        signed: the holder signs for what is taken from a card without a code.
    """

    title: str
    parts: tuple[Part, ...]
    coded: bool = True
    signed: bool = False


_NOT_ALWAYS = frozenset({"inquire"})  # many ask it only to know; see `wants_slip`

_RULE = SlipLine(text="", style="rule")


def wants_slip(command: str, wish: str) -> bool:
    """Say whether the answer to a command brings a slip.

    An inquiry prints one only where a printed form of it is asked for.
    """
    if command in _NOT_ALWAYS:
        return wish not in ("none", "text")
    return command in WITH_SLIP and wish != "none"


def with_slip(
    job: Job, network: Network, plan: Plan, answer: Answer, spoken: str, now: datetime
) -> Answer:
    """Return the answer with its slip, and in how many copies it is printed."""
    sheet = _SHEETS[job.request.command]
    frame = _frame(job, network, spoken)
    words = _WORDS[spoken]
    lines = [*frame.head, _when(job, network, now), _RULE, _TITLES[sheet.title][spoken]]
    if job.card is not None:
        lines.append(_row(words["slip.card"], job.card.masked))
    copies = 1
    if plan.rc in APPROVED:
        said = Said(job, network, plan, answer, spoken, words, lines)
        for part in sheet.parts:
            part(said)
        if sheet.signed and plan.taken and not _proven(job):
            lines.append(_SIGNATURES[spoken])
            copies = 2
        # Decided without the ledger it has no number there: a barcode says nothing.
        if sheet.coded and frame.barcode != "none" and _sayable(frame, answer):
            lines.append(_code_of(frame.barcode, job, answer))
        lines += frame.foot
    else:
        lines += _refusal(answer, words)
    # Nobody has seen this answer yet; a second one would cost as much as ten lines.
    msgspec.structs.force_setattr(answer, "slip", tuple(lines))
    msgspec.structs.force_setattr(answer, "copies", copies)
    return answer


def with_close_slip(
    job: Job, network: Network, answer: Answer, spoken: str, now: datetime
) -> Answer:
    """Return the answer to a batch close with the list of what the batch held."""
    frame = _frame(job, network, spoken)
    equal = answer.rc == Rc.OK.value
    words = _WORDS[spoken]
    title = _TITLES["slip.closed" if equal else "slip.differs"][spoken]
    lines = [*frame.head, _when(job, network, now), _RULE, title]
    lines += [_row(words["slip.batch"], str(job.request.batch)), _RULE]
    told = {total.command: total for total in job.request.totals}
    ours = {total.command: total for total in answer.totals}
    for command in sorted(ours | {x: y for x, y in told.items() if y.count}):
        lines += _total(command, ours.get(command), told.get(command), spoken)
    if not ours:
        lines.append(SlipLine(text=words["slip.nothing"]))
    return msgspec.structs.replace(answer, slip=tuple(lines), copies=1)


def _total(
    command: str, ours: BatchTotal | None, told: BatchTotal | None, spoken: str
) -> list[SlipLine]:
    """Write a command's count and sum; below it the terminal's where they differ."""
    key = f"total.{command}"
    words = _WORDS[spoken]
    label = words.get(key, command)
    count, amount = (ours.count, ours.amount) if ours else (0, 0)
    lines = [_row(f"{label} × {count}", money(amount, spoken))]
    theirs = (told.count, told.amount) if told else (0, 0)
    if theirs != (count, amount):
        terminal = f"- {words['slip.terminal']} × {theirs[0]}"
        lines.append(_row(terminal, money(theirs[1], spoken)))
    return lines


# --- head and foot


class _Frame(msgspec.Struct, frozen=True):
    """What is the same on all slips of a branch in one language."""

    head: tuple[SlipLine, ...]
    foot: tuple[SlipLine, ...]
    barcode: Literal["none", "qr", "code128"]


_Frames = dict[tuple[str, str], _Frame]
_frames: WeakKeyDictionary[Network, _Frames] = WeakKeyDictionary()
_NO_TEXTS = SlipTexts()


def _frame(job: Job, network: Network, spoken: str) -> _Frame:
    """Return head and foot of a branch's slips, made once for each network version."""
    assert job.branch is not None
    known = _frames.get(network)
    if known is None:
        known = _frames[network] = {}
    key = (job.branch.code, spoken)
    frame = known.get(key)
    if frame is None:
        frame = known[key] = _new_frame(network, *key)
    return frame


def _new_frame(network: Network, branch_code: str, spoken: str) -> _Frame:
    branch = network.branches[branch_code]
    issuer = network.issuers[branch.issuer]
    texts = issuer.slip_texts.get(spoken, _NO_TEXTS)
    first, *rows = texts.header or issuer.slip_header or (issuer.name,)
    head = [SlipLine(text=first, align="center", style="bold", size="double")]
    head += [SlipLine(text=row, align="center") for row in rows]
    if branch.name not in (first, *rows):
        head.append(SlipLine(text=branch.name, align="center"))
    if branch.address:
        head.append(SlipLine(text=branch.address, align="center"))
    foot = [
        SlipLine(text=row, align="center") for row in texts.footer or issuer.slip_footer
    ]
    if foot:
        foot.insert(0, _RULE)
    return _Frame(tuple(head), tuple(foot), issuer.slip_barcode)


def _when(job: Job, network: Network, now: datetime) -> SlipLine:
    assert job.branch is not None
    at = network.local_time(job.branch, now)
    request = job.request
    return _row(
        f"{TWO_DIGITS[at.day]}.{TWO_DIGITS[at.month]}.{at.year} {_minute(at)}",
        f"{request.terminal} {request.batch}/{request.operation}",
    )


def _minute(at: datetime) -> str:
    return f"{TWO_DIGITS[at.hour]}:{TWO_DIGITS[at.minute]}"


# --- parts of the body


def _rule(said: Said) -> None:
    said.lines.append(_RULE)


def _original(said: Said) -> None:
    original = said.job.request.original
    if original is not None:
        terminal = f"{original.terminal} " if original.terminal else ""
        number = f"{terminal}{original.batch}/{original.operation}"
        said.lines.append(_row(said.words["slip.original"], number))


def _amount(said: Said) -> None:
    if said.plan.amount:
        amount = money(said.plan.amount, said.spoken)
        said.lines.append(_row(said.words["slip.amount"], amount))


def _discount(said: Said) -> None:
    if said.plan.discount:
        off = money(-said.plan.discount, said.spoken)
        said.lines.append(_row(said.words["slip.discount"], off))


def _tenders(said: Said) -> None:
    _tender_rows(said, "slip.")


def _tenders_back(said: Said) -> None:
    _tender_rows(said, "slip.back.")


def _tender_rows(said: Said, prefix: str) -> None:
    for tender, amount in said.answer.tendered.items():
        shown = str(amount) if tender == POINTS else money(amount, said.spoken)
        said.lines.append(_row(said.words[prefix + tender], shown))


def _due(said: Said) -> None:
    said.lines.append(_main("slip.due", said.plan.amount_due, said))


def _back(said: Said) -> None:
    said.lines.append(_main("slip.back", said.plan.amount_due, said))


def _loaded(said: Said) -> None:
    if said.plan.amount:
        said.lines.extend([_RULE, _main("slip.load", said.plan.amount, said)])


def _until(said: Said) -> None:
    until, branch = said.answer.hold_until, said.job.branch
    said.lines.append(_HEADINGS["slip.hold"][said.spoken])
    if until is not None and branch is not None:
        at = said.network.local_time(branch, until)
        said.lines.append(_row(said.words["slip.until"], _minute(at)))


def _told(said: Said) -> None:
    if said.answer.explain:
        said.lines.append(_RULE)
        said.lines.extend([SlipLine(text=one) for one in said.answer.explain])


def _balances(said: Said) -> None:
    lines = [
        _row(_name_of(row, said.network), _worth(row, said))
        for row in said.answer.balances
        if row.unit not in COUNTERS
    ]
    if lines:
        said.lines.extend([_RULE, _HEADINGS["slip.balance"][said.spoken], *lines])


def _code(said: Said) -> None:
    said.lines.extend([_RULE, _row(said.words["slip.code"], said.answer.auth_code)])


def _refusal(answer: Answer, words: Words) -> list[SlipLine]:
    refused = words["slip.refused"]
    return [
        SlipLine(text=refused, align="center", style="bold", size="double"),
        SlipLine(text=f"{answer.message} ({answer.rc})", align="center", style="bold"),
    ]


def _proven(job: Job) -> bool:
    """Say whether an access code stands for the signature.

    A card that has one gives nothing without it, so what a hold has of it was proven
    when it was made; its confirmation brings no code again.
    """
    card = job.card
    return bool(job.request.access_code) or (
        card is not None and card.access_code is not None
    )


def _sayable(frame: _Frame, answer: Answer) -> bool:
    return frame.barcode == "qr" or bool(answer.txn)


def _code_of(
    barcode: Literal["none", "qr", "code128"], job: Job, answer: Answer
) -> SlipLine:
    """Return the operation as a code: for a till to find, and to name as original.

    A barcode has no room for more than the number in the ledger.
    """
    if barcode == "code128":
        return SlipLine(text=answer.txn, align="center", style="barcode")
    terminal, batch, operation = job.request.key
    content = f"EKARTE:{answer.txn or 0}:{terminal}:{batch}:{operation}"
    return SlipLine(text=content, align="center", style="qr")


def _name_of(row: Balance, network: Network) -> str:
    program = network.programs.get(row.program)
    return program.name if program else row.program


def _worth(row: Balance, said: Said) -> str:
    """A balance for people: points and visits are counted, the rest is money."""
    if row.unit in (POINTS, VISITS):
        return f"{row.value} {said.words[f'slip.{row.unit}.short']}"
    currency = said.network.document.currency if row.unit == CREDIT else row.unit
    return f"{money(row.value, said.spoken)} {currency}"


# --- lines


def _row(label: str, right: str) -> SlipLine:
    """Write a label and, for the right edge, its sum."""
    return SlipLine(text=f"{label} {right}", right=right)


def _main(key: str, amount: int, said: Said) -> SlipLine:
    """Write the sum that people look for."""
    right = f"{money(amount, said.spoken)} {said.network.document.currency}"
    return SlipLine(
        text=f"{said.words[key]} {right}",
        right=right,
        style="bold",
        size="double",
    )


# --- the slip of each command

_PURCHASE = (_amount, _discount, _tenders, _rule, _due)
_END = (_told, _balances, _code)

_SHEETS: Mapping[str, Sheet] = {
    "sale": Sheet("slip.purchase", (*_PURCHASE, *_END), signed=True),
    "confirm": Sheet("slip.purchase", (*_PURCHASE, *_END), signed=True),
    "authorize": Sheet("slip.reserved", (*_PURCHASE, _until, *_END), coded=False),
    "accrue": Sheet("slip.accrued", (_amount, *_END)),
    "refund": Sheet(
        "slip.refund",
        (_original, _amount, _tenders_back, _rule, _back, *_END),
        coded=False,
    ),
    "reverse": Sheet(
        "slip.reversal", (_original, _amount, _tenders_back, *_END), coded=False
    ),
    "top_up": Sheet("slip.top_up", (_loaded, *_END)),
    "activate": Sheet("slip.activated", (_loaded, *_END)),
    "check_in": Sheet("slip.visit", _END),
    "redeem": Sheet("slip.exchange", (_tenders, *_END)),
    "voucher": Sheet("slip.voucher_used", (*_PURCHASE, *_END)),
    "enroll": Sheet("slip.enroll", _END, coded=False),
    "replace": Sheet("slip.replace", _END, coded=False),
    "inquire": Sheet("slip.inquiry", (_told, _balances), coded=False),
}
WITH_SLIP = frozenset(_SHEETS)


def _fixed(key: str, **look: str) -> dict[str, SlipLine]:
    return {
        spoken: _lines.from_tree({"text": text(key, spoken), **look})
        for spoken in LANGUAGES
    }


_TITLES = {
    key: _fixed(key, align="center", style="bold")
    for key in ("slip.closed", "slip.differs", *(x.title for x in _SHEETS.values()))
}
_HEADINGS = {key: _fixed(key, style="bold") for key in ("slip.balance", "slip.hold")}
_SIGNATURES = _fixed("slip.signature", style="signature")


class SlipMarks(NamedTuple):
    """What the copies of a slip are called."""

    seller: str
    customer: str
    reprint: str


def slip_marks(*wishes: str) -> SlipMarks:
    """Return the names of copies in the first of the languages that slips speak."""
    spoken = language_of(*wishes)
    return SlipMarks(
        text("slip.copy.seller", spoken),
        text("slip.copy.customer", spoken),
        text("slip.copy.reprint", spoken),
    )
