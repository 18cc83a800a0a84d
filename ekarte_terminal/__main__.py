"""ekarte-terminal: the screen, a script, or a single command.

    ekarte-terminal --config till.ini
    ekarte-terminal --config till.ini --script day.jsonl
    ekarte-terminal --config till.ini sale --card 9990001000000019 --amount 17.50

Ends with 0 when all was approved, 1 when something was declined, 2 when the question
was wrong, 3 when something is in doubt, 4 when it could not begin.
"""

import argparse
import getpass
import importlib
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ekarte_auth_gateway.slips import PrinterAway, SlipInDoubt
from ekarte_core import money
from ekarte_terminal import paper
from ekarte_terminal.alone import Alone
from ekarte_terminal.amounts import read_amount
from ekarte_terminal.faults import told
from ekarte_terminal.journal import Journal, JournalBroken, JournalTaken
from ekarte_terminal.line import open_line
from ekarte_terminal.outcome import Outcome
from ekarte_terminal.script import EXIT_USAGE, do, exit_code, play, row_of
from ekarte_terminal.session import Session
from ekarte_terminal.settings import Settings, SettingsInvalid, load_settings
from ekarte_terminal.slot import open_slot

EXIT_CANNOT_BEGIN = 4
OPTIONS = {
    "number": "the terminal's number",
    "connect": "http://, iso://, frame://host:port or serial:///dev/ttyX",
    "key-file": "file with the terminal's key",
    "state": "folder of the journal",
    "language": "lv, ru, en or et",
    "printer": "tcp://host:port or serial:///dev/ttyX",
    "reader": "serial:///dev/ttyX of a card reader or scanner",
    "columns": "of the paper, 24 to 64",
    "ca-file": "whom to trust, for https",
    "branch": "where it stands: to decide alone while the line is down",
    "parameters-keys": "public keys that its parameters are signed with",
}
COMMANDS = (
    *("sale", "inquire", "authorize", "confirm", "refund", "top_up", "activate"),
    *("block", "unblock", "check_in", "accrue", "voucher", "redeem", "set_code"),
    *("close", "echo", "cancel", "reprint", "resolve", "totals", "chip", "chip_make"),
)
_TENDERS = ("gift", "bonus", "credit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    options = _parser().parse_args(arguments)
    wishes = {
        name.replace("-", "_"): getattr(options, name.replace("-", "_"))
        for name in OPTIONS
    }
    try:
        settings = load_settings(options.config, wishes)
        with ExitStack() as stack:
            return _run(options, _session(settings, stack))
    except (SettingsInvalid, JournalTaken, JournalBroken, OSError) as fault:
        _tell(f"ekarte-terminal: {fault}")
        return EXIT_CANNOT_BEGIN
    except Exception as fault:  # noqa: BLE001 - a trace's message may show cards
        _tell(f"ekarte-terminal: {told(fault)}; nothing is lost, start again")
        return EXIT_CANNOT_BEGIN


def _session(settings: Settings, stack: ExitStack) -> Session:
    line = open_line(settings)
    stack.callback(line.close)
    journal = Journal(settings.state, _now)
    stack.callback(journal.close)
    alone, slot = None, open_slot(settings, _now)
    if settings.branch and settings.key is not None:
        alone = Alone(settings, settings.key, _now, slot)
    elif untold := len(journal.waiting()):
        operations = "operation" if untold == 1 else "operations"
        have = "has" if untold == 1 else "have"
        raise SettingsInvalid(
            f"{untold} {operations} decided without a line {have} not been told:"
            " set branch again, with parameters_keys and key_file, until all is told"
        )
    return Session(settings, line, journal, _now, alone=alone, slot=slot)


def _run(options: argparse.Namespace, session: Session) -> int:
    if options.script is not None:
        source = sys.stdin if str(options.script) == "-" else options.script.open()
        with source as lines:
            return _script(session, lines)
    if options.command is None:
        screen = importlib.import_module("ekarte_terminal.screen")  # wants a console
        code: int = screen.show(session)
        return code
    return _single(options, session)


def _script(session: Session, lines: Iterable[str]) -> int:
    rows = [row_of(outcome) for outcome in session.resolve()]
    for row in rows:
        _print_row(row)
    for row in play(session, lines):
        rows.append({"outcome": row["outcome"]})
        _print_row(row)
    for row in map(row_of, session.tend_all()):
        rows.append(row)
        _print_row(row)
    return exit_code(rows)


def _single(options: argparse.Namespace, session: Session) -> int:
    try:
        made = do(session, options.command, _fields(options))
    except ValueError as fault:
        _tell(f"ekarte-terminal: {fault}")
        return EXIT_USAGE
    rows = [row_of(outcome) for outcome in made]
    for outcome, row in zip(made, rows, strict=True):
        if options.json or not isinstance(outcome, Outcome):
            _print_row(row)
        else:
            _print_outcome(outcome, session.settings)
    session.tend_all()  # what it says can be seen in the office, and by `resolve`
    return exit_code(rows)


def _fields(options: argparse.Namespace) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if options.operation:
        made["operation"] = options.operation
    named = ("card", "amount", "original", "reference", "program", "reason")
    for name in (*named, "spend_max", "count_max"):
        value = getattr(options, name)
        if value:
            made[name] = _hidden("card: ") if value == "-" else value
    tender: dict[str, Any] = {
        name: read_amount(getattr(options, name))
        for name in _TENDERS
        if getattr(options, name)
    }
    if options.voucher:
        tender["voucher"] = options.voucher
    if tender:
        made["tender"] = tender
    if options.ask_code:
        name = "new_access_code" if options.command == "set_code" else "access_code"
        made[name] = _hidden("access code: ")
    return made


def _hidden(question: str) -> str:
    """Read what must not be seen: from the keyboard, or from a pipe."""
    if sys.stdin.isatty():
        return getpass.getpass(question)
    return sys.stdin.readline().strip()


def _print_row(row: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    sys.stdout.flush()


def _print_outcome(outcome: Outcome, settings: Settings) -> None:
    answer = outcome.answer
    if answer is None:
        advice = "; do not hand over goods, `resolve` asks again"
        more = advice if outcome.kind == "in_doubt" else ""
        _tell(f"{outcome.kind.upper()}: {outcome.fault}{more}")
        return
    shown = answer if answer.original is None else answer.original
    head = [outcome.kind.upper(), answer.rc, shown.message]
    if outcome.found:
        head.append(f"(found again: {outcome.command} {outcome.operation})")
    if shown.amount:
        due = money(shown.amount_due, settings.language)
        head.append(f"to pay {due} {settings.currency}")
    sys.stdout.write("  ".join(part for part in head if part) + "\n")
    for row in paper.rows(
        shown, settings, settings.language, reprint=answer.original is not None
    ):
        sys.stdout.write(row.text + "\n")
    try:
        paper.print_answer(
            shown, settings, settings.language, reprint=answer.original is not None
        )
    except (PrinterAway, SlipInDoubt, ValueError) as fault:
        _tell(f"the printer: {fault}; `reprint` prints the slip again")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


def _now() -> datetime:
    return datetime.now().astimezone()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ekarte-terminal",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, help="the file of settings")
    for name, text in OPTIONS.items():
        parser.add_argument(f"--{name}", default="", help=text)
    parser.add_argument(
        "--script", type=Path, help="a file of JSON lines; - is standard input"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command)
        text = "as read; - asks for it; chip is the one in the chip reader"
        sub.add_argument("--card", default="", help=text)
        sub.add_argument("--amount", default="", help="like 17.50")
        for tender in _TENDERS:
            sub.add_argument(f"--{tender}", default="", help="to take from the card")
        sub.add_argument("--voucher", default="")
        sub.add_argument("--original", default="", help="batch/operation of the slip")
        sub.add_argument("--operation", type=int, default=0)
        sub.add_argument("--reference", default="")
        sub.add_argument("--program", default="")
        sub.add_argument("--reason", default="")
        sub.add_argument("--spend-max", default="", help="of chip_make, like 30.00")
        sub.add_argument("--count-max", default="", help="of chip_make, to 255")
        sub.add_argument("--ask-code", action="store_true", help="asks, hidden")
        sub.add_argument("--json", action="store_true", help="the answer as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
