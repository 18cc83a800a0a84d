"""Spreading, deferral, tenders: the parts always sum to the whole."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import Rc, Tender
from ekarte_core.rules.earning import deferred, paid_by_group
from ekarte_core.rules.pricing import PricedLine, Pricing
from ekarte_core.rules.programs import BonusAmount, FixedDiscount, GiftCard
from ekarte_core.rules.purses import Lot, LotPart, Purse, Sheet
from ekarte_core.rules.running import Moment, Programs, RunningProgram
from ekarte_core.rules.shares import spread
from ekarte_core.rules.tendering import Taken, capture, plan_taking

NOW = datetime(2026, 11, 21, 10, tzinfo=timezone.utc)
SEED_BONUS = BonusAmount(step=500, convert_at=10, convert_to=100)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["food", "fuel", "books"]),
        st.integers(0, 10**7),
        st.sampled_from([0, 500, 1200, 2100]),
    ),
    min_size=1,
    max_size=6,
)


def pricing(*lines: tuple[str, int, int]) -> Pricing:
    return Pricing(
        lines=tuple(
            PricedLine(group=group, gross=net, tax_rate_bp=tax, rate_bp=0, discount=0)
            for group, net, tax in lines
        )
    )


@given(total=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1))
def test_spread_parts_sum_to_the_whole(total: int, weights: list[int]):
    parts = spread(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    assert all(part >= 0 for part in parts)
    assert all(
        part == 0 for part, weight in zip(parts, weights, strict=True) if not weight
    )


@given(weights=st.lists(st.integers(1, 10**6), min_size=1), data=st.data())
def test_no_spread_part_is_above_its_weight(weights: list[int], data: st.DataObject):
    total = data.draw(st.integers(0, sum(weights)))
    parts = spread(total, weights)
    pairs = zip(parts, weights, strict=True)
    assert all(part <= weight for part, weight in pairs)


def test_spread_follows_the_weights():
    assert spread(100, [1, 1, 1]) == [33, 34, 33]
    assert spread(10, [0, 5, 0, 5]) == [0, 5, 0, 5]
    assert spread(7, [3]) == [7]


@given(LINES, st.data())
def test_what_was_paid_by_group_sums_to_the_purchase(lines: list, data: st.DataObject):
    bought = pricing(*lines)
    off = data.draw(st.integers(0, bought.net))
    paid = paid_by_group(bought, off)
    assert sum(paid.values()) == bought.net - off
    assert all(sum_ >= 0 for sum_ in paid.values())


def test_fifty_euro_and_ten_points_defer_81_cents():
    assert deferred(SEED_BONUS, pricing(("", 5000, 2100)), 0, 10) == 81


def test_deferral_is_on_what_was_really_paid():
    assert deferred(SEED_BONUS, pricing(("", 5100, 2100)), 100, 10) == 81


def test_without_a_policy_or_a_value_nothing_is_deferred():
    none = BonusAmount(step=500, convert_at=10, convert_to=100, deferral_policy="none")
    assert deferred(none, pricing(("", 5000, 2100)), 0, 10) == 0
    assert deferred(BonusAmount(step=500), pricing(("", 5000, 2100)), 0, 10) == 0


@given(
    LINES.filter(lambda lines: any(net for _, net, _ in lines)), st.integers(1, 10**5)
)
def test_no_more_is_deferred_than_was_earned_without_tax(lines: list, points: int):
    bought = pricing(*lines)
    amount = deferred(SEED_BONUS, bought, 0, points)
    assert 0 <= amount <= bought.net
    assert 10 * amount <= points * 100 + 10


def purse(
    program: str, *lots: tuple[int, int, timedelta | None], unit: str = "EUR"
) -> Purse:
    """Lots as (posted, held, ends in)."""
    return Purse(
        program=program,
        issuer="I",
        unit=unit,
        posted=sum(posted for posted, _, _ in lots),
        held=sum(held for _, held, _ in lots),
        lots=[
            Lot(
                valid_until=None if end is None else NOW + end,
                issued=posted,
                posted=posted,
                held=held,
            )
            for posted, held, end in lots
        ],
    )


def running(code: str, parameters: Any, *, own: bool = True) -> RunningProgram:
    return RunningProgram(
        code=code,
        issuer="I" if own else "OTHER",
        kind="",
        name=code,
        parameters=parameters,
        own=own,
        sequence=10,
        combine="best",
        valid_from=None,
        valid_to=None,
    )


BOTH = [running("GIFT", GiftCard()), running("BONUS", SEED_BONUS)]
DAY = timedelta(days=1)


def take(
    purses: list[Purse],
    tender: Tender | None,
    due: int,
    *,
    partial=False,
    programs=BOTH,
):
    return plan_taking(
        Programs(tuple(programs), Moment(now=NOW, local=NOW)),
        Sheet(purses, NOW),
        tender,
        due,
        "EUR",
        partial=partial,
    )


RICH = [purse("GIFT", (1000, 0, None)), purse("BONUS", (300, 0, None))]


@pytest.mark.parametrize(
    ("tender", "due", "rc", "sums"),
    [
        (None, 500, Rc.OK, (0, 0)),
        (Tender(gift=500), 500, Rc.OK, (500, 0)),
        (Tender(gift=501), 500, Rc.AMOUNT, (0, 0)),
        (Tender(gift=400, bonus=101), 500, Rc.AMOUNT, (0, 0)),
        (Tender(gift=200, bonus=300), 500, Rc.OK, (200, 300)),
        (Tender(bonus=301), 500, Rc.SHORT, (0, 0)),
        (Tender(gift=1001), 2000, Rc.SHORT, (0, 0)),
        (Tender(), 500, Rc.OK, (0, 0)),
    ],
)
def test_a_tender_takes_what_it_names_or_nothing(
    tender: Tender | None, due: int, rc: Rc, sums: tuple[int, int]
):
    found = take(RICH, tender, due)
    assert (found.rc, found.of("gift"), found.of("bonus")) == (rc, *sums)


def test_a_pure_gift_card_pays_without_being_asked():
    gift = [running("GIFT", GiftCard())]
    assert take(RICH, None, 700, programs=gift).of("gift") == 700
    assert take(RICH, Tender(gift=100), 700, programs=gift).of("gift") == 100


def test_a_card_that_does_more_pays_only_when_asked():
    more = [running("GIFT", GiftCard()), running("D", FixedDiscount(rate=1))]
    assert take(RICH, None, 700, programs=more).total == 0


@pytest.mark.parametrize("tender", [Tender(gift=1), Tender(bonus=1)])
def test_what_no_program_can_pay_is_not_for_this_card(tender: Tender):
    points_only = [running("BONUS", BonusAmount(step=500))]
    assert take(RICH, tender, 500, programs=points_only).rc is Rc.CARD_WRONG


def test_a_welcome_part_is_taken_and_named():
    found = take(RICH, Tender(gift=1500), 2000, partial=True)
    assert (found.rc, found.of("gift")) == (Rc.PARTIAL, 1000)
    assert take(RICH, Tender(gift=1000), 2000, partial=True).rc is Rc.OK


def test_held_value_is_not_taken():
    held = [purse("GIFT", (1000, 400, None))]
    assert take(held, Tender(gift=600), 600).rc is Rc.OK
    assert take(held, Tender(gift=601), 601).rc is Rc.SHORT


def test_the_lot_that_ends_first_is_taken_first_and_ended_ones_never():
    lots = [purse("GIFT", (100, 0, -DAY), (200, 0, DAY), (300, 0, None))]
    found = take(lots, Tender(gift=250), 250)
    assert [(p.valid_until, p.amount) for p in found.taken[0].parts] == [
        (NOW + DAY, 200),
        (None, 50),
    ]
    assert take(lots, Tender(gift=501), 501).rc is Rc.SHORT
    ended = [purse("GIFT", (100, 0, timedelta(0)))]
    assert take(ended, Tender(gift=100), 100).rc is Rc.EXPIRED


def test_several_gift_programs_pay_one_after_the_other():
    programs = [running("A", GiftCard()), running("B", GiftCard(), own=False)]
    purses = [purse("A", (100, 0, None)), purse("B", (100, 0, None))]
    found = take(purses, Tender(gift=150), 150, programs=programs)
    assert [(t.key[0], t.amount, t.own) for t in found.taken] == [
        ("A", 100, True),
        ("B", 50, False),
    ]


def test_a_smaller_capture_keeps_gift_money_first():
    held = (
        Taken("gift", ("G", "EUR", ""), True, (LotPart(None, 300),)),
        Taken("bonus", ("B", "EUR", ""), True, (LotPart(NOW, 100), LotPart(None, 100))),
    )
    assert [t.amount for t in capture(held, 1000)] == [300, 200]
    assert [t.amount for t in capture(held, 350)] == [300, 50]
    assert [t.amount for t in capture(held, 300)] == [300]
    assert capture(held, 0) == ()
