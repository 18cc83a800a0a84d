"""A ledger in memory that past operations run through, by the very rules of today.

Nothing of it is written. Cards begin as they were registered; everything that was
booked on them is decided again, in order, and what it did is kept here.
"""

from collections.abc import Iterator
from datetime import date, datetime

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.store import CardRow, VoucherRow
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Terminal
from ekarte_core.replay.past import CardPast, PastOperation, request_of
from ekarte_core.rules import credit, tendering
from ekarte_core.rules.credit import Statement
from ekarte_core.rules.plan import Facts, NewVoucher, Original, Plan, SaleLine
from ekarte_core.rules.programs import Discount
from ekarte_core.rules.purses import (
    BILLED,
    CREDIT,
    TURNOVER,
    WITHOUT_LOTS,
    LotPart,
    Move,
    Purse,
    Sheet,
    Undone,
)
from ekarte_core.rules.turnover import Clock, settle
from ekarte_core.service.advising import advise
from ekarte_core.service.deciding import Undoing, decide
from ekarte_core.service.job import UNDOES, Job, Second, unfold
from ekarte_core.values import Request

COUNTS_BACK = frozenset({"refund", "charge_back"})
"""Lower what may still go back of an operation."""


class Booked(msgspec.Struct, kw_only=True):
    """An operation as this world has booked it."""

    past: PastOperation
    network: Network
    original: Original
    lines: tuple[SaleLine, ...] = ()
    moves: list[tuple[int, Move]] = []  # account, move
    captured_by: "Booked | None" = None


class World:
    """Some cards and all that happens to them."""

    def __init__(
        self,
        cards: list[CardPast],
        memberships: dict[int, list[tuple[str, datetime]]],
        keyring: Keyring,
    ) -> None:
        """Start with the cards as they were registered, holding nothing."""
        self._memberships, self._keyring = memberships, keyring
        self.cards = {card.id: _new_card(card) for card in cards}
        self._booked: dict[int, Booked] = {}
        self._statements: dict[int, list[_Bill]] = {}

    def run(self, past: PastOperation, network: Network) -> Plan:
        """Decide one operation again, by a network, and book it here."""
        card = self.cards[past.card_id]
        if past.terminal.startswith("~"):
            return self._clock(past, card, network)
        self._prepare(past)
        job = self._job(past, card, network)
        decides = decide if job.advice is None else advise
        plan, facts = decides(job, network, self._keyring, past.at, self._undoing(job))
        booked = Booked(past=past, network=network, original=_original(past, plan, job))
        if plan.rc in APPROVED:
            self._take(booked, job, plan, facts)
        self._booked[past.id] = booked
        return plan

    def purses(self) -> Iterator[tuple[int, Purse]]:
        """Yield every purse with its account."""
        for card in self.cards.values():
            for purse in card.purses.values():
                yield card.id, purse

    def _prepare(self, past: PastOperation) -> None:
        for card_id in (past.card_id, past.other_card_id):
            card = self.cards.get(card_id or 0)
            if card is not None:
                types = self._memberships.get(card.id, [])
                card.card_types = {name for name, since in types if since <= past.at}
                if card.id == past.card_id:
                    card.card_types |= set(past.decided.asked.types)
                bills = self._statements.get(card.account_id, [])
                account = self.cards[card.account_id]
                account.statements = tuple(bill.statement() for bill in bills)

    def _job(self, past: PastOperation, card: CardRow, network: Network) -> Job:
        named = self._booked.get(past.original_id or 0)
        request = request_of(past, named.past if named else None)
        if past.command == "activate":
            request = _with_code(request, card, network)
        job = Job(
            place=0,
            request=request,
            terminal=network.terminal(past.terminal)
            or Terminal(id=past.terminal, branch=past.branch),
            branch=network.branches[past.branch],
            card=card,
            original=named.original if named else None,
            codes=_codes(past),
            moment=past.decided.asked.moment,
        )
        if request.command == "advice":
            unfold(job)
        other = self.cards.get(past.other_card_id or 0)
        if other is not None:
            job.second = Second(card_id=other.id, card=other)
            for one in (card, other):
                one.shared = any(
                    c.account_id == one.id and c.id != one.id
                    for c in self.cards.values()
                )
        return job

    def _undoing(self, job: Job) -> Undoing:
        if job.original is None or job.request.command not in UNDOES:
            return Undoing()
        named = self._booked[job.original.id]
        if job.request.command != "reverse":
            return Undoing(then=named.network)
        return Undoing(mirrors=tuple(self._undone(named)), lines=named.lines)

    def _undone(self, named: Booked) -> Iterator[Undone]:
        for account, move in named.moves:
            if move.posted or move.carry:
                lot = move.lot
                yield Undone(
                    program=move.key[0],
                    issuer=self.cards[account].purses[move.key].issuer,
                    unit=move.key[1],
                    goods_group=move.key[2],
                    event=move.event,
                    account=move.account,
                    posted=move.posted,
                    carry=move.carry,
                    in_lot=lot is not None,
                    valid_until=lot.valid_until if lot is not None else None,
                    card_id=account,
                )

    def _take(self, booked: Booked, job: Job, plan: Plan, facts: Facts | None) -> None:
        card = job.card
        assert card is not None
        if facts is not None and plan.moves:
            self._move(booked, card, facts.sheet)
            if facts.second is not None and facts.second.sheet is not facts.sheet:
                assert job.second is not None
                assert job.second.card is not None
                self._move(booked, job.second.card, facts.second.sheet)
        booked.lines = plan.sale_lines
        card.state = plan.new_state or card.state
        card.facts = (card.facts | plan.new_facts) - plan.lost_facts
        _keep_vouchers(card, plan.new_vouchers)
        if job.second is not None and job.second.card is not None:
            _keep_vouchers(job.second.card, plan.second_vouchers)
        self._join(job, plan)
        self._follow(booked, job, plan)

    def _move(self, booked: Booked, card: CardRow, sheet: Sheet) -> None:
        account = self.cards[card.account_id]
        account.purses = {purse.key: purse for purse in sheet.all()}
        booked.moves += [(account.id, move) for move in sheet.moves]
        for move in sheet.moves:
            paid = move.posted > 0 or booked.past.command == "reverse"
            if move.key[1] == CREDIT and paid:
                for bill in self._statements.get(account.id, []):
                    bill.paid += move.posted if bill.program == move.key[0] else 0

    def _join(self, job: Job, plan: Plan) -> None:
        card = job.card
        assert card is not None
        if plan.joins == "leaves":
            card.account_id, card.account = card.id, card
        elif plan.joins:
            assert job.second is not None
            other = job.second.card
            assert other is not None
            joiner, target = (card, other) if plan.joins == "first" else (other, card)
            joiner.account_id, joiner.account = target.account_id, target.account
            other.state = plan.second_state or other.state

    def _follow(self, booked: Booked, job: Job, plan: Plan) -> None:
        """Note on the original what has become of it."""
        if plan.hold_until is not None:
            booked.original.hold = True
            booked.original.hold_expires_at = plan.hold_until
        original = job.original
        if original is None:
            return
        if plan.hold_end:
            original.hold_how = plan.hold_end
        reverses = job.request.command == "reverse" and not original.hold
        if reverses and not original.reversed:
            original.reversed = True
            self._unrefund(original)
        if job.request.command in COUNTS_BACK:
            _refunded(original, booked, 1)
        if job.request.command == "restore":
            original.restored = True

    def _unrefund(self, original: Original) -> None:
        """A refund that is reversed does not stand against its purchase any more."""
        refund = self._booked[original.id]
        bought = self._booked.get(original.original_id or 0)
        if bought is None:
            return
        if original.command in COUNTS_BACK:
            _refunded(bought.original, refund, -1)
        if original.command == "restore":
            bought.original.restored = False

    def _clock(self, past: PastOperation, card: CardRow, network: Network) -> Plan:
        """Do again what the clock did."""
        account = self.cards[card.account_id]
        sheet = Sheet(account.purses.values(), past.at)
        if past.command == "expire":
            held = self._booked.get(past.original_id or 0)
            if held is not None and held.original.hold and not held.original.hold_how:
                tendering.release(sheet, held.original.decision.taken)
                held.original.hold_how = "expired"
        elif past.command == "lapse":
            _lapse(sheet, past)
        elif past.command == "turn":
            _turn(sheet, past, network)
        elif past.command == "statement":
            self._bill(past, account, sheet)
        elif past.command == "charge":
            for purse in _debts(sheet, past.program):
                credit.charge(sheet, purse, past.amount)
        account.purses = {purse.key: purse for purse in sheet.all()}
        return Plan(rc=Rc.OK)

    def _bill(self, past: PastOperation, account: CardRow, sheet: Sheet) -> None:
        assert past.due_on is not None
        assert past.billed is not None
        for purse in _debts(sheet, past.program):
            bill = _Bill(program=purse.program, due_on=past.due_on, amount=past.billed)
            self._statements.setdefault(account.id, []).append(bill)
            billed = sheet.find(purse.program, BILLED)
            on_it = billed.posted if billed is not None else 0
            bought = -purse.posted - on_it - (past.newly_billed or 0)
            credit.bill(sheet, purse, bought)


def _debts(sheet: Sheet, program: str | None) -> Iterator[Purse]:
    """Purses with a debt; `program` is known where the clock moved something."""
    for look in sheet.all():
        if look.unit == CREDIT and look.posted < 0 and program in (None, look.program):
            purse = sheet.find(*look.key)
            assert purse is not None
            yield purse


class _Bill(msgspec.Struct, kw_only=True):
    """A statement whose payments are still counted."""

    program: str
    due_on: date
    amount: int
    paid: int = 0

    def statement(self) -> Statement:
        return Statement(
            program=self.program,
            due_on=self.due_on,
            amount=self.amount,
            paid=self.paid,
        )


def _new_card(card: CardPast) -> CardRow:
    row = CardRow(
        id=card.id,
        token=b"",
        kind=card.kind,
        first6=card.first6,
        last4=card.last4,
        state="new",
        access_code=None,
        access_tries=0,
        account_id=card.id,
        registered_at=card.registered_at,
    )
    row.account = row
    return row


def _with_code(request: Request, card: CardRow, network: Network) -> Request:
    """Codes are not kept: where one was needed, one was given."""
    kinds = [network.card_types[c] for c in card.card_types if c in network.card_types]
    needed = any(kind.access_code == "required" for kind in kinds)
    return msgspec.structs.replace(request, access_code="0000" if needed else None)


def _codes(past: PastOperation) -> Iterator[str]:
    """The codes of the vouchers it issued; then such as no real one has."""
    yield from past.codes
    number = 0
    while True:
        number += 1
        yield f"R{past.id}-{number}"


def _original(past: PastOperation, plan: Plan, job: Job) -> Original:
    return Original(
        id=past.id,
        command=past.command,
        rc=plan.rc.value,
        card_id=past.card_id,
        issuer=past.issuer,
        amount=plan.amount,
        discount=plan.discount,
        amount_due=plan.amount_due,
        decision=plan.decision,
        original_id=past.original_id,
        other_card_id=past.other_card_id,
        at=past.at,
    )


def _refunded(original: Original, refund: Booked, sign: int) -> None:
    original.refunded += sign * refund.original.amount
    original.refunded_discount += sign * refund.original.discount
    groups = dict(original.refunded_groups)
    for line in refund.lines:
        gross, discount = groups.get(line.group, (0, 0))
        groups[line.group] = (
            gross - sign * line.gross,
            discount - sign * line.discount,
        )
    original.refunded_groups = groups


def _keep_vouchers(card: CardRow, vouchers: list[NewVoucher]) -> None:
    account = card.account
    assert account is not None
    account.vouchers = account.vouchers | {
        new.code: VoucherRow(
            new.code, new.program, new.kind, new.value, new.product, new.valid_until
        )
        for new in vouchers
    }


def _lapse(sheet: Sheet, past: PastOperation) -> None:
    """Let lapse what had ended of the program that lapsed then."""
    for look in sheet.all():
        if look.unit in WITHOUT_LOTS or look.program != past.program:
            continue
        purse = sheet.find(*look.key)
        assert purse is not None
        ended = [
            LotPart(lot.valid_until, lot.available)
            for lot in purse.lots
            if lot.available and not lot.usable(past.at)
        ]
        sheet.spend(purse, "expire", "expire", ended)


def _turn(sheet: Sheet, past: PastOperation, network: Network) -> None:
    branch = network.branches.get(past.branch)
    program = network.programs.get(past.program or "")
    if branch is None or program is None:
        return
    parameters = network.parameters(program.code)
    clock = Clock(past.at, network.business_day(branch, past.at), network.zone(branch))
    for look in sheet.all():
        if isinstance(parameters, Discount) and look.key[:2] == (
            program.code,
            TURNOVER,
        ):
            purse = sheet.find(*look.key)
            assert purse is not None
            settle(parameters, sheet, purse, clock)
