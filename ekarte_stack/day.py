"""The demonstration: a trading day through real connections, and its report."""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ekarte_stack import report as reports
from ekarte_stack import report_html, report_text
from ekarte_stack.day_file import UNSTORED, Row, demo_network, read_day
from ekarte_stack.day_player import Played, Player, devices
from ekarte_stack.day_settle import wait_until_settled
from ekarte_stack.home import Home
from ekarte_stack.report_books import Books, BooksError, read_books
from ekarte_stack.report_ledger import Ledger
from ekarte_stack.steps import StackError, say, step

BAR_WIDTH = 40


def play(run: Mapping[str, Any], folder: Path | None = None) -> int:
    """Play demo/day.csv on a running stack, print the report, write its files.

    A day that the ledger knows already is played all the same: each operation must
    then get the answer it got the first time, and nothing is booked again.

    Args:
        run: what ``run.json`` says; without the part ``odoo`` the gateway and the
            ledger are looked at alone.
        folder: where report.json and report.html go; default: ``$EKARTE_HOME``.

    Returns:
        0 when every check of the report holds, else 1.
    """
    report = play_and_gather(run)
    say("\n".join(report_text.lines(report, colour=report_text.colour_wanted())))
    target = folder or Home.from_environment().path
    paths = reports.write_files(report, target, report_html.page(report))
    say(f"\nthe report as a page: {paths['html']}")
    return 0 if report.good else 1


def play_and_gather(run: Mapping[str, Any]) -> reports.Report:
    """Play the day and gather the report; print only the progress."""
    day, network = read_day(), demo_network()
    with Ledger(run["postgres"]["ledger_dsn"]) as ledger:
        first = next(row for row in day if row.request.command not in UNSTORED)
        again = ledger.knows(first.key)
        if again:
            say("the ledger knows this day: repeating it, operation by operation")
        played = play_rows(run, day)
        books = _settle(run, ledger) if run.get("odoo") else None
        return reports.gather(played, day, ledger, network, books, again=again)


def _settle(run: Mapping[str, Any], ledger: Ledger) -> Books:
    """Wait for accounting, then read its books; what did not come is told there."""
    with step("settling into Odoo"):
        try:
            wait_until_settled(ledger)
            missing = []
        except StackError as late:
            missing = [late.what, late.advice]
    try:
        books = read_books(run)
    except BooksError as fault:
        raise StackError(
            f"the journal entries cannot be read: {fault}",
            advice="see ./ekarte logs odoo",
        ) from fault
    books.missing += missing
    return books


def play_rows(run: Mapping[str, Any], day: Sequence[Row]) -> Played:
    """Play rows on the run's terminals with a progress bar."""
    on = devices(run)
    missing = {row.request.terminal for row in day} - set(on)
    if missing:
        raise StackError(
            f"the run has no key for terminal {', '.join(sorted(missing))}",
            advice="the demo network must be provisioned: run ./ekarte demo",
        )
    say(f"-> playing the day: {len(day)} operations on {len(on)} terminals")
    return Player(day, on, _progress(len(day))).play()


def _progress(total: int) -> Callable[[int], None]:
    """A bar that moves for a person, four lines for a log."""
    is_tty = sys.stdout.isatty()
    lock = threading.Lock()
    shown = 0

    def tell(count: int) -> None:
        nonlocal shown
        with lock:
            if count <= shown:
                return  # another terminal was quicker to tell
            if is_tty:
                full = count * BAR_WIDTH // total
                bar = "█" * full + "░" * (BAR_WIDTH - full)
                end = "\n" if count == total else ""
                sys.stdout.write(f"\r   {bar} {count}/{total}{end}")
                sys.stdout.flush()
            elif count * 4 // total > shown * 4 // total:
                say(f"   {count} of {total}")
            shown = count

    return tell
