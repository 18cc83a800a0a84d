"""A program as it runs at one branch, and the moments at which it does."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from ekarte_core.rules.programs import (
    Attendance,
    BonusPrize,
    Convertible,
    CreditCard,
    Discount,
    Exchange,
    GiftCard,
    Kind,
    Points,
    VisitPass,
)

Span = tuple[int, int]  # minutes of the day, from inclusive, to exclusive


class RunningProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program at a branch. `code` names the purses; `own`: the branch's issuer.

    `pool_price_bp`: what its issuer pays into a pool for bonuses, None where it owes
    them itself.
    """

    code: str
    issuer: str
    kind: str
    name: str
    parameters: Kind
    own: bool
    sequence: int
    combine: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    weekdays: tuple[int, ...] = ()
    hours: tuple[Span, ...] = ()
    min_age_of_card: int = 0
    consent: str = ""
    accepted_until: datetime | None = None  # here, where the issuer is another
    issued_until: datetime | None = None  # value that others accept is given out
    pool_price_bp: int | None = None

    @property
    def lowers_price(self) -> bool:
        """Say whether its bonus money makes goods cheaper here, or pays for them."""
        own_use = getattr(self.parameters, "own_use", "discount")
        return self.own and self.pool_price_bp is None and own_use == "discount"

    def hindrance(self, moment: "Moment") -> str:
        """Say why the program does nothing now: '' or the key of a reason."""
        early = self.valid_from is not None and moment.now < self.valid_from
        ends = (self.valid_to, self.accepted_until)
        if early or any(end is not None and moment.now >= end for end in ends):
            return "program.over"
        if not self._open_at(moment.local):
            return "program.not_now"
        if self.min_age_of_card and moment.card_age < timedelta(
            days=self.min_age_of_card
        ):
            return "program.card_too_young"
        if self.consent and f"{self.issuer}:{self.consent}" not in moment.card_facts:
            return "program.needs_consent"
        return ""

    def _open_at(self, local: datetime) -> bool:
        if self.weekdays and local.isoweekday() not in self.weekdays:
            return False
        minute = local.hour * 60 + local.minute
        open_now = any(first <= minute < last for first, last in self.hours)
        return open_now or not self.hours


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When and for whom programs run.

    Attributes:
        now: the server's clock.
        local: the same on the branch's clock.
        card_age: how long ago the card was registered.
        card_facts: what is known of the holder, as ISSUER:fact.
        rooms: what may still be used at other issuers, by issuer with a limit.
    """

    now: datetime
    local: datetime
    card_age: timedelta = timedelta(0)
    card_facts: frozenset[str] = frozenset()
    rooms: Mapping[str, int] = {}


QUESTIONNAIRE = "questionnaire"

GiftRunning = tuple[RunningProgram, GiftCard]
CreditRunning = tuple[RunningProgram, CreditCard]
PassRunning = tuple[RunningProgram, VisitPass]
PointsRunning = tuple[RunningProgram, Points]
ConvertibleRunning = tuple[RunningProgram, Convertible]
PrizeRunning = tuple[RunningProgram, BonusPrize]
DiscountRunning = tuple[RunningProgram, Discount]
ExchangeRunning = tuple[RunningProgram, Exchange]
AttendanceRunning = tuple[RunningProgram, Attendance]
AnyRunning = tuple[RunningProgram, Kind]


class Programs:
    """The programs a card meets at a branch at one moment, sorted by what they do."""

    def __init__(self, running: tuple[RunningProgram, ...], moment: Moment) -> None:
        """Keep those in force; discounts and points only where they are own."""
        self.gifts: list[GiftRunning] = []
        self.credits: list[CreditRunning] = []
        self.passes: list[PassRunning] = []
        self.attendances: list[AttendanceRunning] = []
        self.points: list[PointsRunning] = []  # earn here
        self.bonus_money: list[ConvertibleRunning] = []  # may be spent here
        self.vouchers: list[PrizeRunning] = []  # may be used here
        self.discounts: list[DiscountRunning] = []
        self.exchanges: list[ExchangeRunning] = []
        self.counting: list[AnyRunning] = []  # own: count turnover and purchases
        self.idle: list[tuple[RunningProgram, str]] = []  # not now, and why
        self._moment = moment
        self.questionnaires = {
            fact.partition(":")[0]
            for fact in moment.card_facts
            if fact.endswith(f":{QUESTIONNAIRE}")
        }
        for program in running:
            hindrance = program.hindrance(moment)
            if hindrance:
                self.idle.append((program, hindrance))
            else:
                self._sort_in(program)

    def _sort_in(self, program: RunningProgram) -> None:
        parameters = program.parameters
        if isinstance(parameters, GiftCard):
            self.gifts.append((program, parameters))
        elif isinstance(parameters, CreditCard):
            self.credits.append((program, parameters))
        elif isinstance(parameters, Exchange):
            self.exchanges.append((program, parameters))
        elif isinstance(parameters, Convertible):
            self.bonus_money.append((program, parameters))
        elif isinstance(parameters, BonusPrize):
            self.vouchers.append((program, parameters))
        elif isinstance(parameters, VisitPass):
            self.passes.append((program, parameters))
        if program.own:
            self._sort_in_own(program)

    def _sort_in_own(self, program: RunningProgram) -> None:
        parameters = program.parameters
        self.counting.append((program, parameters))
        if isinstance(parameters, Points):
            if self.issues(program):
                self.points.append((program, parameters))
            else:
                self.idle.append((program, "program.closing"))
        elif isinstance(parameters, Discount):
            self.discounts.append((program, parameters))
        elif isinstance(parameters, Attendance):
            self.attendances.append((program, parameters))

    def issues(self, program: RunningProgram) -> bool:
        """Say whether value of it may be given out now: its issuer is not leaving."""
        end = program.issued_until
        return end is None or self._moment.now < end

    def room(self, program: RunningProgram) -> int | None:
        """What may be used of its issuer's value here; None: as much as there is."""
        return None if program.own else self._moment.rooms.get(program.issuer)

    @property
    def refused_here(self) -> list[RunningProgram]:
        """Programs of other issuers whose value is not taken here at the moment."""
        if not self._moment.rooms:
            return []
        rooms: list[list[AnyRunning]] = [
            [*self.gifts],
            [*self.credits],
            [*self.passes],
            [*self.bonus_money],
            [*self.vouchers],
            [*self.exchanges],
        ]
        return [p for room in rooms for p, _ in room if self.room(p) == 0]

    @property
    def none(self) -> bool:
        """True when the card has nothing to do at this branch."""
        return not (
            self.gifts
            or self.credits
            or self.exchanges
            or self.bonus_money
            or self.vouchers
            or self.passes
            or self.counting
            or any(key != "program.over" for _, key in self.idle)
        )

    @property
    def only_tender(self) -> str:
        """The tender of a pure gift or credit card: a purchase takes its amount."""
        others = (
            self.bonus_money
            or self.vouchers
            or self.discounts
            or self.points
            or self.passes
            or self.attendances
        )
        if others or bool(self.gifts) == bool(self.credits):
            return ""
        return "gift" if self.gifts else "credit"

    def find(self, code: str) -> RunningProgram | None:
        """Return the program with this code, if it runs here now."""
        rooms: list[list[AnyRunning]] = [
            [*self.gifts],
            [*self.credits],
            [*self.exchanges],
            [*self.bonus_money],
            [*self.vouchers],
            [*self.passes],
            [*self.counting],
        ]
        return next((p for room in rooms for p, _ in room if p.code == code), None)
