"""What an operation knows (facts) and what it decides (plan). Data only."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from typing import Literal

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.rules.credit import Statement
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.pricing import Goods
from ekarte_core.rules.purses import Sheet, Undone
from ekarte_core.rules.running import Programs
from ekarte_core.rules.tendering import UNPAID, Taken
from ekarte_core.rules.turnover import Clock
from ekarte_core.values import Earned, Line, LineAnswer, Offline, Request, Tender


class LineDecided(msgspec.Struct, frozen=True, array_like=True):
    """One priced line as an operation remembers it; `free` by a goods voucher."""

    group: str
    gross: int
    tax_rate_bp: int
    rate_bp: int
    discount: int
    free: int = 0


class EarnedDecided(msgspec.Struct, frozen=True, array_like=True):
    """Points one program gave, and the end of the lot they lie in.

    `settled`: points that paid what was owed; `whole`: they stay until the whole
    purchase comes back.
    """

    program: str
    points: int
    valid_until: datetime | None
    settled: int = 0
    whole: bool = False


class TurnoverDecided(msgspec.Struct, frozen=True, array_like=True):
    """What a purchase added to a turnover, and the start of the period it counts in."""

    program: str
    goods_group: str
    amount: int
    period_start: date


class CountedDecided(msgspec.Struct, frozen=True, array_like=True):
    """What a purchase added to another counter; `whole` as above.

    `day`: the business day that a visit counts on.
    """

    program: str
    unit: str
    amount: int
    whole: bool = False
    day: date | None = None


class ReferredDecided(msgspec.Struct, frozen=True, array_like=True):
    """Points that the referrer got; negative: that a refund took back.

    `settled`: points that paid what the referrer owed; `account`: whose purses.
    """

    program: str
    points: int
    valid_until: datetime | None
    settled: int = 0
    account: int = 0


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a request asked for and nothing else keeps; a replay asks the same."""

    tender: Tender | None = None
    partial: bool = False
    program: str = ""
    reason: str = ""
    last_day: str = ""
    consents: dict[str, bool] = {}
    lines: tuple[Line, ...] = ()  # where the very products matter
    types: tuple[str, ...] = ()  # card types that admitted it without membership
    no_discount: bool = False
    alone: bool = False  # a voucher without a purchase
    offline: Offline | None = None  # an advice told of it
    moment: datetime | None = None  # as of which an advice was booked


NOTHING_ASKED = Asked()


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operation decided, kept with it: refunds and replay read it."""

    card: str = ""  # masked
    asked: Asked = NOTHING_ASKED
    lines: tuple[LineDecided, ...] = ()
    taken: tuple[Taken, ...] = ()
    earned: tuple[EarnedDecided, ...] = ()
    turnover: tuple[TurnoverDecided, ...] = ()
    counted: tuple[CountedDecided, ...] = ()
    referred: tuple[ReferredDecided, ...] = ()
    loaded: str = ""  # program whose value was sold
    loaded_until: datetime | None = None  # end of the lot it lies in
    unpaid: int = 0  # of an advice: was taken, and was not there
    closed_from: str = ""  # state of a card that the refund of its sale closed


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
    other_card_id: int | None = None
    network_version: int = 0
    at: datetime | None = None
    reversed: bool = False
    restored: bool = False  # its value went back to the card without the goods
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
    account_id: int = 0  # the card whose purses it uses
    no_discount: bool = False  # the purchase that registers it gets none
    card_types: frozenset[str] = frozenset()
    pool: bool = False  # a card type here lets cards share an account
    shared: bool = False  # other cards use the purses of this one
    heir: bool = False  # by replacement it stands for the card whose purses it uses


class SecondCard(msgspec.Struct, kw_only=True):
    """The referrer, the new card of a replacement or the main card of a pool."""

    card: CardFacts
    programs: Programs
    sheet: Sheet  # the very same as the first card's, where they share an account


class NewVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher that an operation issues; its purse is opened by its code."""

    code: str
    program: str
    issuer: str
    kind: Literal["money", "goods"]
    value: int
    product: str
    valid_until: datetime | None


class Excess(msgspec.Struct, frozen=True):
    """What people have to look at of an advice; `rc`: what the answer would have been.

    `amount`, minor units: what is missing, or goes beyond what was allowed.
    """

    kind: str
    amount: int = 0
    rc: str = ""


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
    goods: list[Goods]
    original: Original | None = None
    mirrors: tuple[Undone, ...] = ()
    mirror_lines: tuple[SaleLine, ...] = ()
    second: SecondCard | None = None
    statements: tuple[Statement, ...] = ()
    products: dict[str, str] = {}  # code of a goods voucher to its product
    taxes: Mapping[str, int] = {}  # goods group to tax rate in bp, '' the branch's
    codes: Iterator[str] = iter(())  # of vouchers to be issued

    @property
    def amount(self) -> int:
        """The purchase amount, gross, minor units."""
        return sum(line.gross for line in self.goods)

    def tax_of(self, group: str) -> int:
        """The tax rate of a goods group, else the branch's, in bp."""
        return self.taxes.get(group, self.taxes.get("", 0))

    @property
    def clock(self) -> Clock:
        """The moment and the business day at the branch."""
        return Clock(self.now, self.today, self.zone)


class Plan(msgspec.Struct, kw_only=True):
    """The decision. A refusal carries a code and moves nothing."""

    rc: Rc
    moves: bool = True  # the sheet's moves shall be written
    amount: int = 0
    discount: int = 0
    amount_due: int = 0
    rate_bp: int = 0
    lines: tuple[LineAnswer, ...] = ()
    price_reduction: int = 0  # part of what is taken, or goes back, for the answer
    kept: int = 0  # of a refund
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
    new_facts: frozenset[str] = frozenset()  # known of the holder from now on
    lost_facts: frozenset[str] = frozenset()
    new_vouchers: list[NewVoucher] = []
    second_vouchers: list[NewVoucher] = []  # issued to the second card
    second_state: str = ""  # of the second card
    joins: Literal["", "first", "second", "leaves"] = ""  # see rules/accounts.py
    exceptions: tuple[Excess, ...] = ()  # of an advice
    bury: bool = False  # the original has not come: refuse it when it does

    def tendered(self) -> dict[str, int]:
        """Sums by tender, for the answer."""
        sums: dict[str, int] = {}
        for part in self.taken:
            if part.tender not in UNPAID:
                sums[part.tender] = sums.get(part.tender, 0) + part.amount
        return sums


def refuse(rc: Rc) -> Plan:
    """A plan that moves nothing."""
    return Plan(rc=rc, moves=False)
