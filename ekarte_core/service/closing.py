"""Closing batches: a terminal's figures against the ledger's, or on time without it."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from ekarte_core.codes import Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.arrays import moments, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.rows import OperationRow, Rows
from ekarte_core.ledger.statements import run, send
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Terminal
from ekarte_core.service.answering import language, message
from ekarte_core.service.job import Job
from ekarte_core.service.slip import with_close_slip
from ekarte_core.values import Answer
from ekarte_core.wire import encode_answer, total_rows

CLOSE_TERMINAL = "~close"

NUMBER_KEPT = timedelta(hours=48)
BATCHES_BACK = 20
"""How long, and over how many closed batches, a number stands for one operation."""


def close(
    cr: Cursor, job: Job, network: Network, txn: int | None, now: datetime
) -> tuple[Rc, Answer]:
    """Compare a terminal's totals with the ledger's; 00 ends the batch.

    Of a batch that was closed without its terminal they are compared all the same: it
    learns whether anything is missing. Others are closed once.
    """
    request = job.request
    if job.known is not None and job.known.closed:
        run(cr, "batch_closed", {"terminal": request.terminal, "batch": request.batch})
        if not cr.fetchone()[1]:
            return Rc.BATCH, _answer(job, network, Rc.BATCH, txn, {})
    store.own_batch(cr, request.terminal, request.batch)
    host = store.batch_totals(cr, request.terminal, request.batch)
    told = [(x.command, x.count, x.amount) for x in request.totals if x.count]
    ours = [(command, *figures) for command, figures in sorted(host.items())]
    rc = Rc.OK if sorted(told) == ours else Rc.BATCH
    answer = _answer(job, network, rc, txn, host)
    if request.slip != "none":
        spoken = language(job, network)
        answer = with_close_slip(job, network, answer, spoken, now)
    return rc, answer


def _answer(
    job: Job,
    network: Network,
    rc: Rc,
    txn: int | None,
    totals: dict[str, tuple[int, int]],
) -> Answer:
    return Answer(
        rc=rc.value,
        message=message(rc, language(job, network)),
        txn=str(txn),
        totals=total_rows(totals),
        params_version=network.params_version(job.branch),
    )


def close_batches(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Close what is open of terminals whose time has come; returns how many batches.

    The figures are the ledger's own. Who works in a batch at this moment keeps it open
    until the next time.
    """
    due = dict(_due(network, now))
    if not due:
        return 0
    values = {
        "terminals": words(list(due)),
        "dues": moments(list(due.values())),
        "limit": limit,
    }
    run(cr, "open_batches", values)
    rows, ids = Rows(), OperationIds(1)
    for terminal_id, batch in cr.fetchall():
        if _claimed(cr, terminal_id, batch):
            terminal = network.terminals[terminal_id]
            txn = next(ids.take(cr, 1))
            totals = store.batch_totals(cr, terminal_id, batch)
            row = _operation(network, keyring, terminal, batch, totals, txn, now)
            rows.operations.append(row)
            rows.batches.append((terminal_id, batch, txn))
    send(cr, rows.statements(now, network.version))
    return len(rows.batches)


def _due(network: Network, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield terminals with the last moment at which their clock showed `close_at`."""
    for terminal in network.document.terminals:
        if not terminal.close_at:
            continue
        zone = network.zone(network.branches[terminal.branch])
        local = now.astimezone(zone)
        at = time.fromisoformat(terminal.close_at)
        moment = datetime.combine(local.date(), at, zone)
        if moment > now:
            moment = datetime.combine(local.date() - timedelta(days=1), at, zone)
        yield terminal.id, moment


def _claimed(cr: Cursor, terminal: str, batch: int) -> bool:
    key = {"terminal": terminal, "batch": batch}
    run(cr, "claim_batch", key)
    if not cr.fetchone()[0]:
        return False
    run(cr, "batch_closed", key)  # a rival may have done it before we held it
    return not cr.fetchone()[0]


def _operation(
    network: Network,
    keyring: Keyring,
    terminal: Terminal,
    batch: int,
    totals: dict[str, tuple[int, int]],
    txn: int,
    now: datetime,
) -> OperationRow:
    """The close as an operation of the clock; `reference` names the terminal."""
    branch = network.branches[terminal.branch]
    answer = Answer(
        rc=Rc.OK.value,
        txn=str(txn),
        totals=total_rows(totals),
        params_version=network.params_version(branch),
    )
    return OperationRow(
        id=txn,
        business_day=network.business_day(branch, now),
        terminal=CLOSE_TERMINAL,
        batch=batch,
        number=txn,
        command="close",
        rc=Rc.OK.value,
        card_id=None,
        issuer=branch.issuer,
        branch=branch.code,
        currency=network.document.currency,
        amount=0,
        discount=0,
        amount_due=0,
        original_id=None,
        reference=terminal.id,
        local_time=None,
        body_digest=keyring.body_digest(f"close|{txn}".encode()),
        decision="{}",
        answer=encode_answer(answer).decode(),
    )


class NumberUse(NamedTuple):
    """Where an operation number stands: its batch, and for which command.

    `command` is '' where the number has not been used yet: `batch` is the open one.
    """

    batch: int
    command: str


def use_of_number(cr: Cursor, terminal: str, number: int, now: datetime) -> NumberUse:
    """Return what a number was used for lately, for terminals that count no batches.

    It belongs to the batch it was used in, closed or not, so that a repeat finds its
    answer; one that was not used lately belongs to the open batch.
    """
    values = {
        "terminal": terminal,
        "number": number,
        "back": BATCHES_BACK,
        "since": now - NUMBER_KEPT,
    }
    run(cr, "use_of_number", values)
    batch, command = cr.fetchone()
    return NumberUse(int(batch), str(command))
