"""From a plan to the rows that it writes and the cards that it changes."""

from datetime import datetime

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.rows import OperationRow, Rows
from ekarte_core.network.compiled import Network
from ekarte_core.rules.plan import (
    NOTHING_ASKED,
    Asked,
    Decision,
    Facts,
    NewVoucher,
    Plan,
)
from ekarte_core.rules.purses import Move
from ekarte_core.service.advising import add_rows
from ekarte_core.service.answering import refusal
from ekarte_core.service.exposing import note_uses
from ekarte_core.service.job import CORRECTS, Job
from ekarte_core.service.rotating import code_record
from ekarte_core.values import Offline, Request
from ekarte_core.wire import encode_answer


class Effects:
    """What plans do to locked cards and to the rows of one group."""

    def __init__(
        self,
        cr: Cursor,
        network: Network,
        keyring: Keyring,
        now: datetime,
        ids: OperationIds,
    ) -> None:
        """Share what the group shares."""
        self.cr, self.network, self.keyring = cr, network, keyring
        self.now, self.ids = now, ids

    def take(
        self,
        job: Job,
        plan: Plan,
        facts: Facts | None,
        rows: Rows,
        txn: int,
        body: bytes,
    ) -> None:
        """Take the plan's effects into the locked cards and the rows to write."""
        assert job.branch is not None
        card = job.card
        if plan.rc in APPROVED:
            if card is not None:
                # What follows from an original shows on the card row, so that a lent
                # cursor with an older snapshot cannot do the same again.
                card.touched = card.touched or job.original is not None
                if facts is not None and plan.moves:
                    moved = _take_moves(job, card, facts, rows, txn)
                    seller, amount = job.branch.issuer, plan.amount
                    note_uses(rows, job.rooms, self.network, seller, amount, moved)
                self._change_card(job, card, plan)
                self._add_memberships(job, card, rows)
                _add_vouchers(card, plan.new_vouchers, rows, txn)
                if job.second is not None and job.second.card is not None:
                    _add_vouchers(job.second.card, plan.second_vouchers, rows, txn)
            self._add_life(job, plan, rows, txn)
        decision = plan.decision
        if card is not None:
            decision = msgspec.structs.replace(
                decision,
                card=card.masked,
                asked=asked_of(
                    job.request,
                    self._guest_types(job, card),
                    offline=job.offline,
                    moment=job.moment,
                ),
            )
        rows.operations.append(self._row(job, plan, decision, txn, body))
        if job.advice is not None:
            add_rows(job, plan, self.network, rows, txn)

    def _guest_types(self, job: Job, card: store.CardRow) -> tuple[str, ...]:
        """Card types that admitted the card here though it is no member of theirs.

        Kept only where they matter: nothing else of it works here.
        """
        assert job.branch is not None
        guests = {kind.code for kind in job.admitted} - card.card_types
        alone = not self.network.running(job.branch, card.card_types)
        if not guests or not (alone or job.request.command == "activate"):
            return ()
        return tuple(sorted(guests))

    def _change_card(self, job: Job, card: store.CardRow, plan: Plan) -> None:
        if plan.new_state and plan.new_state != card.state:
            self._begins(card)
            card.state = plan.new_state
            card.touched = True
        if plan.drop_access_code:
            card.access_code, card.access_tries, card.touched = None, 0, True
        if plan.new_access_code:
            card.access_code = code_record(self.keyring, card, plan.new_access_code)
            card.access_tries = 0
            card.touched = True
        if plan.new_facts or plan.lost_facts:
            card.facts = (card.facts | plan.new_facts) - plan.lost_facts
            card.touched = True
        if plan.joins:
            if job.second is not None and job.second.card and plan.second_state:
                self._begins(job.second.card)
            _join(job, card, plan)

    def _begins(self, card: store.CardRow) -> None:
        """A card that was only on file is registered by its first use."""
        if card.state == "new" and not card.card_types:
            card.registered_at = self.now

    def _add_memberships(self, job: Job, card: store.CardRow, rows: Rows) -> None:
        assert job.branch is not None
        for kind in job.admitted:
            given = job.request.command == "activate" and not kind.auto_register
            if kind.code not in card.card_types and (
                given or kind.issuer == job.branch.issuer
            ):
                card.card_types.add(kind.code)
                rows.memberships.add((card.id, kind.code, kind.issuer))
        second = job.second
        if job.request.command != "replace" or second is None or second.card is None:
            return
        for kind in second.admitted:
            if kind.issuer == job.branch.issuer:
                second.card.card_types.add(kind.code)
                rows.memberships.add((second.card.id, kind.code, kind.issuer))

    def _add_life(self, job: Job, plan: Plan, rows: Rows, txn: int) -> None:
        rows.add_sale_lines(txn, plan.sale_lines)
        if plan.hold_until is not None:
            assert job.card is not None
            rows.holds.append((txn, job.card.id, plan.hold_until))
        if plan.hold_end:
            assert job.original is not None
            rows.hold_ends.append((job.original.id, txn, plan.hold_end))
        if plan.bury:
            rows.operations.append(self._buried(job, txn))
        closed = job.known is not None and job.known.closed  # without the terminal
        if job.request.command == "close" and not closed:
            rows.batches.append((job.request.terminal, job.request.batch, txn))

    def _row(
        self, job: Job, plan: Plan, decision: Decision, txn: int, body: bytes
    ) -> OperationRow:
        assert job.branch is not None
        request = job.request
        return OperationRow(
            id=txn,
            business_day=job.today(self.network, self.now),
            terminal=request.terminal,
            batch=request.batch,
            number=request.operation,
            command=request.command,
            rc=plan.rc.value,
            card_id=job.card.id if job.card is not None else None,
            issuer=job.branch.issuer,
            branch=job.branch.code,
            currency=request.currency,
            amount=plan.amount if plan.rc in APPROVED else asked(request),
            discount=plan.discount,
            amount_due=plan.amount_due,
            original_id=job.original.id if job.original is not None else None,
            reference=request.reference,
            local_time=request.local_time,
            body_digest=job.digest,
            decision=msgspec.json.encode(decision).decode(),
            answer=body.decode(),
            other_card_id=_second_id(job),
        )

    def _buried(self, job: Job, reversal: int) -> OperationRow:
        """Take the key of an operation that was reversed before it came.

        The unique key makes original and reversal exclude each other, whichever
        gateway they reach: the loser is retried and sees the winner.
        """
        assert job.original_key is not None
        terminal, batch, number = job.original_key
        answer = refusal(job, self.network, Rc.RULE, "operation")
        row = self._row(
            job,
            Plan(rc=Rc.RULE),
            Decision(),
            next(self.ids.take(self.cr, 1)),
            encode_answer(answer),
        )
        return msgspec.structs.replace(
            row,
            terminal=terminal,
            batch=batch,
            number=number,
            command="buried",
            original_id=reversal,
            body_digest=b"",
        )


def _take_moves(
    job: Job, card: store.CardRow, facts: Facts, rows: Rows, txn: int
) -> list[tuple[store.CardRow, list[Move]]]:
    """Take the moves of the first card's sheet, then of the second's; returns them."""
    moved = []
    sheets = [(card.account, facts.sheet)]
    second = job.second
    if facts.second is not None and facts.second.sheet is not facts.sheet:
        assert second is not None
        assert second.card is not None
        sheets.append((second.card.account, facts.second.sheet))
    for account, sheet in sheets:
        assert account is not None
        if sheet.moves:
            account.purses = {purse.key: purse for purse in sheet.all()}
            account.moved = account.moved | {move.key for move in sheet.moves}
            rows.add_moves(txn, account, sheet.moves)
            moved.append((account, sheet.moves))
    return moved


def _add_vouchers(
    card: store.CardRow, vouchers: list[NewVoucher], rows: Rows, txn: int
) -> None:
    account = card.account
    assert account is not None
    for voucher in vouchers:
        rows.add_voucher(txn, account, voucher)
        account.vouchers = account.vouchers | {
            voucher.code: store.VoucherRow(
                voucher.code,
                voucher.program,
                voucher.kind,
                voucher.value,
                voucher.product,
                voucher.valid_until,
            )
        }


def _join(job: Job, card: store.CardRow, plan: Plan) -> None:
    """Point a card to the account whose purses it uses from now on."""
    if plan.joins == "leaves":
        card.account_id, card.account, card.touched = card.id, card, True
        return
    assert job.second is not None
    other = job.second.card
    assert other is not None
    joiner, target = (card, other) if plan.joins == "first" else (other, card)
    assert target.account is not None
    if plan.joins == "second" and other.access_code is None:
        other.access_code = card.access_code  # what guarded the old card guards the new
    joiner.account_id, joiner.account = target.account_id, target.account
    target.account.shared = True  # also for who comes next in this group
    joiner.touched = other.touched = True
    if plan.second_state:  # the new card of the same holder
        other.state = plan.second_state
        other.facts |= card.facts


def _second_id(job: Job) -> int | None:
    second = job.second
    return second.card.id if second is not None and second.card is not None else None


def asked(request: Request) -> int:
    """The amount a refused request asked for."""
    return request.amount or sum(line.amount for line in request.lines)


def asked_of(
    request: Request,
    types: tuple[str, ...] = (),
    *,
    offline: Offline | None = None,
    moment: datetime | None = None,
) -> Asked:
    """What of a request is kept for a replay: no number, no code."""
    tender = request.tender
    exact = request.command in CORRECTS | {"redeem", "refund"} or (
        tender is not None and bool(tender.voucher)
    )
    lines = request.lines if exact else ()
    rare = request.partial or request.program or request.reason or request.consents
    alone = request.command == "voucher" and not (request.amount or request.lines)
    if not (tender or lines or rare or types or request.no_discount or offline):
        return NOTHING_ASKED
    return Asked(
        tender=tender,
        partial=request.partial,
        program=request.program,
        reason=request.reason,
        last_day=request.last_day,
        consents=request.consents,
        lines=lines,
        types=types,
        no_discount=request.no_discount,
        alone=alone,
        offline=offline,
        moment=moment,
    )
