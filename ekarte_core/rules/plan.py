"""What an operation knows (facts) and what it decides (plan). Data only."""

from datetime import date, datetime, tzinfo
from typing import Literal

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.pricing import GroupAmount
from ekarte_core.rules.purses import Sheet, Undone
from ekarte_core.rules.running import Programs
from ekarte_core.rules.tendering import Taken
from ekarte_core.values import Earned, Request


class LineDecided(msgspec.Struct, frozen=True, array_like=True):
    """One priced line as an operation remembers it."""

    group: str
    gross: int
    tax_rate_bp: int
    rate_bp: int
    discount: int


class EarnedDecided(msgspec.Struct, frozen=True, array_like=True):
    """Points one program gave, and the end of the lot they lie in."""

    program: str
    points: int
    valid_until: datetime | None


class TurnoverDecided(msgspec.Struct, frozen=True, array_like=True):
    """What a purchase added to a turnover, and the start of the period it counts in."""

    program: str
    goods_group: str
    amount: int
    period_start: date


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operation decided, kept with it: refunds and replay read it."""

    card: str = ""  # masked
    lines: tuple[LineDecided, ...] = ()
    taken: tuple[Taken, ...] = ()
    earned: tuple[EarnedDecided, ...] = ()
    turnover: tuple[TurnoverDecided, ...] = ()


class Original(msgspec.Struct, kw_only=True):
    """The operation that a request refers to, as the ledger knows it now."""

    id: int
    command: str
    rc: str
    card_id: int | None
    issuer: str
    amount: int
    discount: int
    amount_due: int
    decision: Decision
    hold: bool = False
    hold_expires_at: datetime | None = None
    hold_how: str = ""  # '' while open
    hold_ended_by: int | None = None
    original_id: int | None = None
    reversed: bool = False
    refunded: int = 0  # gross, by refunds that stand
    refunded_discount: int = 0
    refunded_groups: dict[str, tuple[int, int]] = {}  # group: gross, discount

    @property
    def approved(self) -> bool:
        """True when value moved or was held by it."""
        return self.rc in APPROVED

    @property
    def net(self) -> int:
        """What the goods cost after discount."""
        return self.amount - self.discount

    @property
    def net_refunded(self) -> int:
        """What of it has been refunded already."""
        return self.refunded - self.refunded_discount


class SaleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A row for accounting: goods of one group and tax rate, minor units."""

    group: str
    tax_rate_bp: int
    gross: int
    discount: int
    bonus: int = 0
    tendered: int = 0


class CardFacts(msgspec.Struct, kw_only=True):
    """The card as the rules see it."""

    id: int
    state: str
    auto_register: bool  # a card type here registers it by its first purchase
    access_policy: str
    access_set: bool
    access_tries: int
    access_right: bool | None  # None: no code was given


class Facts(msgspec.Struct, kw_only=True):
    """Everything a decision may look at."""

    request: Request
    issuer: str
    now: datetime
    today: date
    zone: tzinfo
    hold_s: int
    programs: Programs
    sheet: Sheet
    card: CardFacts
    goods: list[GroupAmount]
    original: Original | None = None
    mirrors: tuple[Undone, ...] = ()
    mirror_lines: tuple[SaleLine, ...] = ()

    @property
    def amount(self) -> int:
        """The purchase amount, gross, minor units."""
        return sum(amount for _group, amount, _rate in self.goods)


class Plan(msgspec.Struct, kw_only=True):
    """The decision. A refusal carries a code and moves nothing."""

    rc: Rc
    moves: bool = True  # the sheet's moves shall be written
    amount: int = 0
    discount: int = 0
    amount_due: int = 0
    rate_bp: int = 0
    taken: tuple[Taken, ...] = ()
    earned: tuple[Earned, ...] = ()
    converted: int = 0
    decision: Decision = Decision()
    reasons: list[Reason] = []
    sale_lines: tuple[SaleLine, ...] = ()
    hold_until: datetime | None = None
    hold_end: Literal["", "captured", "released", "expired"] = ""
    new_state: str = ""
    new_access_code: str = ""
    drop_access_code: bool = False
    bury: bool = False  # the original has not come: refuse it when it does

    def tendered(self) -> dict[str, int]:
        """Sums by tender, for the answer."""
        sums: dict[str, int] = {}
        for part in self.taken:
            sums[part.tender] = sums.get(part.tender, 0) + part.amount
        return sums


def refuse(rc: Rc) -> Plan:
    """A plan that moves nothing."""
    return Plan(rc=rc, moves=False)
