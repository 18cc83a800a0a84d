"""A program as it runs at one branch, and the moments at which it does."""

from datetime import datetime

import msgspec

from ekarte_core.rules.programs import (
    AccumulatedDiscount,
    BonusAmount,
    FixedDiscount,
    GiftCard,
    Parameters,
)


class RunningProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program at a branch. `code` names the purses; `own`: the branch's issuer."""

    code: str
    issuer: str
    kind: str
    name: str
    parameters: Parameters
    own: bool
    sequence: int
    combine: str
    valid_from: datetime | None
    valid_to: datetime | None

    def runs_at(self, now: datetime) -> bool:
        """Say whether the program is in force at this moment."""
        if self.valid_from is not None and now < self.valid_from:
            return False
        return self.valid_to is None or now < self.valid_to


GiftRunning = tuple[RunningProgram, GiftCard]
BonusRunning = tuple[RunningProgram, BonusAmount]
DiscountRunning = tuple[RunningProgram, FixedDiscount | AccumulatedDiscount]


class Programs:
    """The programs a card meets at a branch at one moment, sorted by what they do."""

    def __init__(self, running: tuple[RunningProgram, ...], now: datetime) -> None:
        """Keep those in force; discounts and bonuses only where they are own."""
        self.gifts: list[GiftRunning] = []
        self.bonuses: list[BonusRunning] = []  # earn here
        self.bonus_money: list[BonusRunning] = []  # may be spent here
        self.discounts: list[DiscountRunning] = []
        for program in running:
            if program.runs_at(now):
                self._sort_in(program)

    def _sort_in(self, program: RunningProgram) -> None:
        parameters = program.parameters
        if isinstance(parameters, GiftCard):
            self.gifts.append((program, parameters))
        elif isinstance(parameters, BonusAmount):
            self.bonus_money.append((program, parameters))
            if program.own:
                self.bonuses.append((program, parameters))
        elif program.own:
            self.discounts.append((program, parameters))

    @property
    def none(self) -> bool:
        """True when the card has nothing to do at this branch."""
        return not (self.gifts or self.bonus_money or self.discounts)

    @property
    def only_gift(self) -> bool:
        """True for a pure gift card: a purchase takes its amount from the card."""
        return bool(self.gifts) and not (self.bonus_money or self.discounts)
