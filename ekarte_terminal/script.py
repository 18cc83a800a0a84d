"""Commands as JSON lines, one answer a line: for programs and for tests.

    {"command": "sale", "card": "9990001000000019", "amount": "17.50"}

Fields are those of docs/TERMINALS.md. A card may be a text, as read; an amount a text
in units of the currency or a number in minor units. Besides the gateway's commands
there are `cancel`, `reprint`, `resolve`, `totals`, and `chip` (what the chip card in
the reader says, without anybody's help); `close` counts by itself. The card "chip" is
the one in the reader.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import msgspec

from ekarte_core import Parser
from ekarte_terminal.amounts import read_amount
from ekarte_terminal.cards import masked, read_card, read_original
from ekarte_terminal.chip import CardGone, PinRefused
from ekarte_terminal.outcome import READS, Outcome
from ekarte_terminal.session import Session
from ekarte_terminal.slot import Slot, ref_of

Row = dict[str, Any]
OURS = ("terminal", "batch", "operation", "currency", "local_time")
_rows, _words = Parser(dict[str, Any]), Parser(str)
CHIP = "chip"  # in place of a card's number: the chip card in the reader
EXIT_APPROVED, EXIT_DECLINED, EXIT_USAGE, EXIT_DOUBT = 0, 1, 2, 3
_CODES = {
    "approved": EXIT_APPROVED,
    "declined": EXIT_DECLINED,
    "refused_here": EXIT_USAGE,
    "in_doubt": EXIT_DOUBT,
}


def play(session: Session, lines: Iterable[str]) -> Iterator[Row]:
    """Yield the answers to the commands in `lines`, one after the other."""
    for line in lines:
        if line.strip() and not line.startswith("#"):
            yield from perform(session, line)


def perform(session: Session, line: str) -> list[Row]:
    """Do what one line says."""
    try:
        row = _rows.from_json(line)
        command = _words.from_tree(row.pop("command"))
    except (msgspec.MsgspecError, RecursionError, KeyError):
        return [_refused("", "want one JSON object with a command")]
    try:
        return [row_of(outcome) for outcome in do(session, command, row)]
    except (ValueError, TypeError) as fault:
        return [_refused(command, str(fault))]


def do(session: Session, command: str, row: Row) -> list[Outcome | Row]:
    """Do one command with these fields; what was in doubt before it comes first.

    Raises:
        ValueError: a field says nothing sensible.
    """
    if command == "resolve":
        return [*session.resolve()]
    if command == "totals":
        totals = msgspec.to_builtins(session.journal.totals())
        return [{"outcome": "approved", "command": command, "totals": totals}]
    if command in ("chip", "chip_make"):
        return [_chip(session, command, row)]
    found: list[Outcome | Row] = []
    if command not in READS:
        found += (before := session.resolve())
        stuck = any(outcome.kind == "in_doubt" for outcome in before)
        if stuck and not (session.dead and session.able(command)):
            fault = "another operation has no answer yet: nothing was sent"
            return [*found, Outcome("in_doubt", command, fault=fault)]
    return [*found, _one(session, command, row)]


def _one(session: Session, command: str, row: Row) -> Outcome:
    if command in ("cancel", "reprint"):
        operation = row.get("operation", 0)
        if row.keys() - {"operation"} or not isinstance(operation, int):
            raise ValueError(f"{command} takes an operation number only")
        act = session.cancel if command == "cancel" else session.reprint
        return act(operation)
    if row.get("card") == CHIP:
        row = {**row, "card": _slot(session).card()}
    return session.run(command, **fields_of(row, session.journal.batch))


def _slot(session: Session) -> Slot:
    if session.slot is None:
        raise ValueError("chip: this terminal has no reader of chip cards")
    return session.slot


def _chip(session: Session, command: str, row: Row) -> Row:
    """Read a chip card, or make a blank one the issuer's."""
    slot = _slot(session)
    try:
        if command == "chip":
            record = slot.look()
        else:
            limits = (read_amount(row.pop("spend_max")), int(row.pop("count_max")))
            record = slot.make(row.pop("card"), *limits)
    except (CardGone, PinRefused) as fault:
        return _refused(command, f"chip: {fault}")
    except KeyError as fault:
        raise ValueError(f"{command} wants {fault.args[0]}") from None
    told = {**asdict(record), "number": masked(ref_of(record)), "left": record.left}
    return {"outcome": "approved", "command": command, "chip": told}


def fields_of(row: Row, batch: int) -> Row:
    """Return the fields of a Request, texts read."""
    ours = [name for name in OURS if name in row]
    if ours:
        raise ValueError(f"{ours[0]}: the terminal sets it by itself")
    made = dict(row)
    for name in ("card", "other", "referrer"):
        if isinstance(made.get(name), str):
            made[name] = read_card(made[name], typed=True)
    if isinstance(made.get("amount"), str):
        made["amount"] = read_amount(made["amount"])
    if isinstance(made.get("original"), str):
        made["original"] = read_original(made["original"], batch)
    return made


def row_of(outcome: Outcome | Row) -> Row:
    """Return an outcome as the object of one line."""
    if isinstance(outcome, dict):
        return outcome
    row: Row = {"outcome": outcome.kind, "command": outcome.command}
    if outcome.operation:
        row |= {"batch": outcome.batch, "operation": outcome.operation}
    if outcome.found:
        row["found"] = True
    if outcome.alone:
        row["alone"] = True
    if outcome.fault:
        row["fault"] = outcome.fault
    if outcome.answer is not None:
        row["answer"] = msgspec.to_builtins(outcome.answer)
    return row


def _refused(command: str, fault: str) -> Row:
    return {"outcome": "refused_here", "command": command, "fault": fault}


def exit_code(rows: Iterable[Row]) -> int:
    """Return the worst of what happened: doubt, misuse, a decline, none."""
    return max((_CODES[row["outcome"]] for row in rows), default=EXIT_APPROVED)
