"""Purchases in one phase or two, and goods that come back."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from tests.core.reference import (
    accounting,
    cards,
    discounts,
    points,
    tenders,
    unloading,
    visits,
    vouchers,
)
from tests.core.reference.arith import part, spread
from tests.core.reference.network import Program
from tests.core.reference.state import Booked, Card, Line, Move, Refused

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here


def sale(here: Here, booked: Booked) -> None:
    card, programs = _begin(here, booked)
    for taken in booked.taken:
        _spend(booked, taken)
    _finish(here, booked, programs)
    cards.keep(here, card, "active")


def accrue(here: Here, booked: Booked) -> None:
    """Goods that were paid elsewhere earn, at full price; nothing is due here."""
    request = here.request
    card = cards.find(here)
    programs = cards.usable(here, card, register=True)
    total = sum(line.amount for line in request.lines)
    gross = total if request.amount is None else request.amount
    if not gross or (request.lines and total != gross):
        raise Refused("13")
    booked.card = card
    lines = [Line(row.group, row.amount) for row in request.lines]
    booked.lines = lines or [Line("", gross)]
    _tell(booked)
    booked.reply.amount_due = 0
    _finish(here, booked, programs)
    cards.keep(here, card, "active")


def authorize(here: Here, booked: Booked) -> None:
    card, programs = _begin(here, booked)
    for taken in booked.taken:
        for end, amount in taken.parts:
            booked.post(Move(card, taken.key, end, 0, taken.whole or amount))
    _promise(here, booked, programs)
    booked.hold = "open"
    hold_s = here.network.terminals[here.terminal].get("hold_s", 300)
    booked.ends = here.now + timedelta(seconds=hold_s)
    cards.keep(here, card, "active")


def quote(here: Here, booked: Booked) -> None:
    """What an authorization would say, on a ledger that is thrown away."""
    network = here.network
    ledger = copy.deepcopy(here.ledger, {id(network): network})
    asked = msgspec.structs.replace(here.request, command="authorize", batch=0)
    if here.request.access_code is None:
        for card in ledger.cards.values():
            card.code = ""
    reply = ledger.answer(asked, here.now).reply
    if not reply.approved:
        raise Refused(reply.rc)
    # It shows what is there, not what would be there.
    booked.reply = replace(reply, card_state="", balances=[], vouchers=[])
    booked.card = cards.find(here)


def _begin(here: Here, booked: Booked) -> tuple[Card, list[Program]]:
    """Price a purchase and plan what pays; nothing moves yet."""
    request = here.request
    card = cards.find(here)
    programs = cards.usable(here, card, register=True)
    wanted = tenders.asked(request.tender, programs, 1)
    voucher = request.tender and request.tender.voucher
    ticket = vouchers.find(here, card, voucher, programs) if voucher else None
    for tender, amount in wanted.items():
        if amount and not tenders.payers(programs, tender):
            raise Refused("57")
    cards.check_code(here, card, leaves=bool(voucher) or any(wanted.values()))
    total = sum(line.amount for line in request.lines)
    gross = total if request.amount is None else request.amount
    if not gross or (request.lines and total != gross):
        raise Refused("13")
    lines = [Line(row.group, row.amount) for row in request.lines]
    booked.card = card
    booked.exact = discounts.exact(programs)
    booked.lines = discounts.price(
        programs, card, lines or [Line("", gross)], here.today
    )
    first = [vouchers.pay(card, ticket, booked.net, programs)] if ticket else []
    due = booked.net - sum(taken.amount for taken in first)
    if request.tender and request.tender.money > due:
        raise Refused("13")
    taken, rc = tenders.plan(request, card, programs, due, here.now, here.currency)
    booked.taken, booked.reply.rc = first + taken, rc
    _tell(booked)
    return card, programs


def _tell(booked: Booked) -> None:
    """The figures of the answer."""
    reply = booked.reply
    reply.amount = sum(line.gross for line in booked.lines)
    reply.discount = sum(line.discount for line in booked.lines)
    for taken in booked.taken:
        sum_ = reply.tendered.get(taken.tender, 0) + taken.amount
        reply.tendered[taken.tender] = sum_
    reply.amount_due = booked.net - sum(reply.tendered.values())
    reply.reduction = sum(
        taken.amount
        for taken in booked.taken
        if taken.own and taken.tender in ("bonus", "voucher")
    )
    if booked.request.lines:
        reply.lines = [line.discount for line in booked.lines]
    rates = {line.rate for line in booked.lines}
    same = rates.pop() if len(rates) == 1 and not booked.exact else None
    reply.discount_rate = int(same) if same is not None and same == int(same) else None


def _spend(booked: Booked, taken: tenders.Taken) -> None:
    assert booked.card is not None
    for end, amount in taken.parts:
        booked.post(Move(booked.card, taken.key, end, -(taken.whole or amount)))


def _finish(here: Here, booked: Booked, programs: list[Program]) -> None:
    """What a booked purchase earns and counts for."""
    points.earn(programs, booked, here.moment)
    visits.by_purchase(here, booked, programs)
    discounts.count(programs, booked, here.today)
    accounting.count(programs, booked)


def _promise(here: Here, booked: Booked, programs: list[Program]) -> None:
    """What a confirmation would earn, without earning it."""
    booked.hold = "promise"
    points.earn(programs, booked, here.moment)
    visits.by_purchase(here, booked, programs)


def release(hold: Booked, how: str) -> None:
    """Set free what is held."""
    assert hold.card is not None
    for taken in hold.taken:
        for end, amount in taken.parts:
            Move(hold.card, taken.key, end, 0, -(taken.whole or amount)).apply()
    hold.hold = how


def confirm(here: Here, booked: Booked) -> None:
    request, hold = here.request, here.original()
    if hold is None or not hold.reply.approved:
        raise Refused("25")
    if hold.hold == "over" or (
        hold.hold == "open" and here.now >= (hold.ends or here.now)
    ):
        raise Refused("25")
    card = hold.card
    wrong_card = request.card is not None and (
        card is None or request.card.value != card.number
    )
    if hold.hold != "open" or wrong_card or card is None:
        raise Refused("77")
    booked.lines = _captured(here, hold)
    release(hold, "captured")
    booked.card, booked.hold_of, hold.captured_by = card, hold, booked
    booked.taken = tenders.capture(hold.taken, booked.net)
    for taken in booked.taken:
        _spend(booked, taken)
    _tell(booked)
    _finish(here, booked, here.programs(card))
    if card.state == "new":
        cards.keep(here, card, "active")


def _captured(here: Here, hold: Booked) -> list[Line]:
    """What is confirmed of an authorization, at the rates that it has shown."""
    request = here.request
    total = sum(line.amount for line in request.lines)
    authorized = sum(line.gross for line in hold.lines)
    amount = total if request.amount is None and request.lines else request.amount
    amount = authorized if amount is None else amount
    if amount > authorized or (request.lines and (total != amount or not total)):
        raise Refused("13")
    if request.lines:
        rates = {line.group: line.rate for line in reversed(hold.lines)}
        other = rates[""] if list(rates) == [""] else 0
        lines = [
            Line(row.group, row.amount, rates.get(row.group, other))
            for row in request.lines
        ]
    else:
        shares = spread(amount, [line.gross for line in hold.lines])
        lines = [
            Line(line.group, share, line.rate)
            for line, share in zip(hold.lines, shares, strict=True)
        ]
    return discounts.promised(lines, exact=hold.exact)


def refund(here: Here, booked: Booked) -> None:
    request, bought = here.request, here.original()
    if bought is not None and bought.captured_by is not None:
        bought = bought.captured_by
    if bought is None or not bought.reply.approved:
        raise Refused("25")
    card = bought.card
    other = request.card is not None and card and request.card.value != card.number
    what = bought.request.command
    if what in ("activate", "top_up") and not bought.undone and not other and card:
        unloading.unload(here, booked, card, bought)
        return
    if (
        card is None
        or what not in ("sale", "confirm", "accrue")
        or bought.undone
        or other
    ):
        raise Refused("77")
    booked.card, booked.original = card, bought
    booked.lines = _returned(here, bought)
    before = sum(refund.net for refund in bought.standing)
    after, whole = before + booked.net, bought.net
    for taken in bought.taken:
        back = part(taken.amount, after, whole) - part(taken.amount, before, whole)
        _give_back(booked, card, taken, back, bought)
        if taken.whole > taken.amount and _all_back(bought, booked):
            rest = taken.whole - taken.amount
            booked.post(Move(card, taken.key, taken.parts[0][0], rest))
    _tell_refund(booked)
    if what == "accrue":  # it is paid back where it was paid
        booked.reply.amount_due = 0
    _take_back(here, booked, bought, before, after)
    bought.refunds.append(booked)


def _returned(here: Here, bought: Booked) -> list[Line]:
    """Goods that come back, by group, with the discount that they had."""
    request = here.request
    total = sum(line.amount for line in request.lines)
    amount = total if request.amount is None else request.amount
    if not amount or (request.lines and total != amount):
        raise Refused("13")
    had, left = _by_group(bought), {}
    for group, (gross, _) in had.items():
        left[group] = gross - _back_of(bought, group)[0]
    if request.lines:
        wanted: dict[str, int] = {}
        for row in request.lines:
            group = "" if list(had) == [""] else row.group
            wanted[group] = wanted.get(group, 0) + row.amount
    else:
        shares = spread(amount, list(left.values()))
        wanted = dict(zip(left, shares, strict=True))
    if amount > sum(left.values()) or any(
        sum_ > left.get(group, -1) for group, sum_ in wanted.items()
    ):
        raise Refused("13")
    lines = []
    for group, sum_ in wanted.items():
        gross, discount = had.get(group, (0, 0))
        back, given = _back_of(bought, group)
        off = part(discount, back + sum_, gross) - given
        lines.append(Line(group, sum_, 0, off))
    return lines


def _by_group(bought: Booked) -> dict[str, tuple[int, int]]:
    """Gross and discount of each goods group of a purchase; an accrual is one."""
    if bought.request.command == "accrue":
        return {"": (sum(line.gross for line in bought.lines), 0)}
    sums: dict[str, tuple[int, int]] = {}
    for line in bought.lines:
        gross, discount = sums.get(line.group, (0, 0))
        sums[line.group] = (gross + line.gross, discount + line.discount)
    return sums


def _back_of(bought: Booked, group: str) -> tuple[int, int]:
    """Gross and discount of a group that came back already."""
    lines = [line for refund in bought.standing for line in refund.lines]
    ours = [line for line in lines if line.group == group]
    return sum(line.gross for line in ours), sum(line.discount for line in ours)


def _give_back(
    booked: Booked, card: Card, taken: tenders.Taken, amount: int, bought: Booked
) -> None:
    """Value goes back to the lots it came from, the first ones first."""
    before: dict[object, int] = {}
    for refund in bought.standing:
        for there in refund.taken:
            if there.key == taken.key:
                for end, some in there.parts:
                    before[end] = before.get(end, 0) + some
    parts = []
    for end, there_was in taken.parts:
        some = min(amount, there_was - before.get(end, 0))
        amount -= some
        if some:
            parts.append((end, some))
            booked.post(Move(card, taken.key, end, some))
    if parts:
        booked.taken.append(tenders.Taken(taken.tender, taken.key, taken.own, parts))


def _tell_refund(booked: Booked) -> None:
    _tell(booked)
    booked.reply.discount_rate, booked.reply.lines = None, []


def _take_back(
    here: Here, booked: Booked, bought: Booked, before: int, after: int
) -> None:
    """Points and turnover that the goods had brought."""
    card, whole = bought.card, bought.net
    assert card is not None
    met = here.network.programs_at(bought.request.terminal, card.number)
    programs = {program.purse: program for program in met}
    kept = 0
    for purse, earned in bought.earned.items():
        back = part(earned, after, whole) - part(earned, before, whole)
        if purse in bought.whole_points:
            back = earned if _all_back(bought, booked) else 0
        if back:
            booked.reply.earned[purse] = -back
            kept += points.take_back(programs[purse], booked, bought, back, here.moment)
    booked.reply.kept = min(kept, booked.reply.amount_due)
    booked.reply.amount_due -= booked.reply.kept
    for key, amount in bought.whole.items():
        if _all_back(bought, booked):
            booked.post(Move(card, key, None, -amount))
            booked.whole[key] = -amount
    for key, (amount, since) in bought.counted.items():
        purse_ = card.purse(key)
        if purse_.since == since:
            back = part(amount, after, whole) - part(amount, before, whole)
            booked.post(Move(card, key, None, -min(back, purse_.posted)))
            booked.counted[key] = (-back, since)


def _all_back(bought: Booked, booked: Booked) -> bool:
    """Whether nothing is left of a purchase."""
    back = sum(row.gross for one in (*bought.standing, booked) for row in one.lines)
    return back == sum(line.gross for line in bought.lines)
