"""Where a card stands in its programs: what it has reached, what is missing to more.

For people who look at their card at home: as figures, so that a page can draw them. It
says what an inquiry at the issuer's first branch would, takes no lock, writes nothing.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.purses import read_purses
from ekarte_core.network.compiled import Network
from ekarte_core.rules.programs import (
    RATE_BP_MAX,
    BonusPrize,
    CalculatedDiscount,
    Convertible,
    Discount,
)
from ekarte_core.rules.purses import EARNED, POINTS, TURNOVER, Sheet
from ekarte_core.rules.running import (
    ConvertibleRunning,
    DiscountRunning,
    PrizeRunning,
    Programs,
    RunningProgram,
)
from ekarte_core.rules.turnover import Clock, counted
from ekarte_core.service.facts import programs_of


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One program of a card, and the next step in it.

    Attributes:
        program, name, issuer, kind: which program it is.
        group: the goods group that counts apart, '' all goods.
        rate_bp: the discount that a purchase gets now, basis points.
        counts: what leads to the step: purchases together, a single purchase, points
            on the card, points ever earned.
        done, missing: of it since the last step, minor units or points; nothing is
            missing at the highest step.
        gives: what the step brings: a rate (bp), money or a prize of money (minor
            units), goods or a card type (`what`).
        amount: how much of it.
    """

    program: str
    name: str
    issuer: str
    kind: str
    group: str = ""
    rate_bp: int = 0
    counts: Literal["purchases", "purchase", "points", "earned"] = "purchases"
    done: int = 0
    missing: int = 0
    gives: Literal["", "rate", "money", "prize", "goods", "card_type"] = ""
    amount: int = 0
    what: str = ""


def standing(
    cr: Cursor, network: Network, card_id: int, now: datetime
) -> tuple[Step, ...]:
    """Return where a card stands at each of its issuers; none, if it is unknown.

    Args:
        cr: DB-API cursor of psycopg2; only read from.
        network: the version in force.
        card_id: the card's ledger id.
        now: the server's clock, with time zone.
    """
    card = store.read_cards(cr, [card_id]).get(card_id)
    if card is None:
        return ()
    account = store.read_cards(cr, [card.account_id])[card.account_id]
    read_purses(cr, {account.id: account})
    found: list[Step] = []
    types = [network.card_types.get(code) for code in card.card_types]
    for issuer in sorted({kind.issuer for kind in types if kind is not None}):
        branch = network.first_branch(issuer)
        if branch is None:
            continue
        programs = programs_of(network, branch, card.card_types, card, now)
        sheet = Sheet(account.purses.values(), now)
        today = network.business_day(branch, now)
        found += _steps(programs, sheet, Clock(now, today, network.zone(branch)))
    return tuple(found)


def _steps(programs: Programs, sheet: Sheet, clock: Clock) -> Iterator[Step]:
    for discount in programs.discounts:
        yield from _of_discount(discount, programs, sheet, clock)
    for running, parameters in programs.points:
        if isinstance(parameters, Convertible) and parameters.convert_at:
            yield _of_money((running, parameters), sheet)
        elif isinstance(parameters, BonusPrize):
            yield from _of_prizes((running, parameters), sheet)


def _bare(running: RunningProgram) -> Step:
    return Step(
        program=running.code,
        name=running.name,
        issuer=running.issuer,
        kind=running.kind,
    )


def _of_discount(
    discount: DiscountRunning, programs: Programs, sheet: Sheet, clock: Clock
) -> Iterator[Step]:
    running, parameters = discount
    filled = running.issuer in programs.questionnaires
    thanks = parameters.questionnaire_rate if filled else 0
    single = isinstance(parameters, CalculatedDiscount)
    counts: Literal["purchase", "purchases"] = "purchase" if single else "purchases"
    for group in parameters.turnover_groups:
        purse = sheet.find(running.code, TURNOVER, group)
        spent = counted(parameters, purse, clock)
        ahead = parameters.next_step(spent, 0)
        missing, rate = ahead or (0, 0)
        yield replace(
            _bare(running),
            group=group,
            rate_bp=min(parameters.rate_bp(spent, 0) + thanks, RATE_BP_MAX),
            counts=counts,
            done=spent - _reached(parameters, spent),
            missing=missing,
            gives="rate" if ahead else "",
            amount=min(rate + thanks, RATE_BP_MAX) if ahead else 0,
        )


def _reached(parameters: Discount, spent: int) -> int:
    """Return the sum at which the rate of now was reached."""
    low, high = 0, spent
    rate = parameters.rate_bp(spent, 0)
    while low < high:
        middle = (low + high) // 2
        if parameters.rate_bp(middle, 0) >= rate:
            high = middle
        else:
            low = middle + 1
    return low


def _of_money(points: ConvertibleRunning, sheet: Sheet) -> Step:
    running, parameters = points
    purse = sheet.find(running.code, POINTS)
    done = purse.posted if purse else 0
    return replace(
        _bare(running),
        counts="points",
        done=max(done, 0),
        missing=max(parameters.convert_at - done, 0),
        gives="money",
        amount=parameters.convert_to,
    )


def _of_prizes(prizes: PrizeRunning, sheet: Sheet) -> Iterator[Step]:
    """The next prize that the points on the card lead to; the next better card."""
    running, parameters = prizes
    step = _bare(running)
    purse = sheet.find(running.code, POINTS)
    done = max(purse.posted, 0) if purse else 0
    prize = next((one for one in parameters.prizes if one.at > done), None)
    if prize is not None:
        yield replace(
            step,
            counts="points",
            done=done,
            missing=prize.at - done,
            gives="prize" if prize.voucher_kind == "money" else "goods",
            amount=prize.value,
            what=prize.product,
        )
    ever = sheet.find(running.code, EARNED)
    earned = ever.posted if ever else 0
    reached, ahead = parameters.tier_of(earned), parameters.next_tier(earned)
    if ahead is not None:
        start = reached.at if reached is not None else 0
        yield replace(
            step,
            counts="earned",
            done=earned - start,
            missing=ahead.at - earned,
            gives="card_type",
            what=ahead.card_type,
        )
