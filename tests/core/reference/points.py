"""Points: what a purchase earns, when they become money, how they are taken back."""

from dataclasses import dataclass
from datetime import date, datetime

from tests.core.reference import vouchers
from tests.core.reference.arith import end_of, spread
from tests.core.reference.network import Program
from tests.core.reference.state import Booked, Card, Move, Purse, PurseKey

KINDS = ("bonus_amount", "bonus_prize")
FREE = ("bonus", "voucher")


@dataclass(frozen=True)
class Moment:
    """Now, and the day that it is at the branch."""

    now: datetime
    zone: str
    today: date
    currency: str
    codes: list[tuple[str, str, str]]

    def code(self, program: str, kind: str) -> str:
        """The code that the real ledger has given a new voucher like this."""
        for place, (code, *what) in enumerate(self.codes):
            if what == [program, kind]:
                self.codes.pop(place)
                return code
        return f"none-{program}-{kind}"


def points_of(program: Program, booked: Booked) -> int:
    """Whole steps of what was really paid."""
    free = FREE if program.earn_on_gift else (*FREE, "gift")
    off = sum(taken.amount for taken in booked.taken if taken.tender in free)
    nets = [line.gross - line.discount for line in booked.lines]
    paid = [n - o for n, o in zip(nets, spread(off, nets), strict=True)]
    if sum(paid) < program.min_amount:
        return 0
    factors = [program.group_factor.get(line.group, 10000) for line in booked.lines]
    weighed = sum(p * f for p, f in zip(paid, factors, strict=True))
    return int(weighed // (program.step * 10000)) * int(program.points_per_step)


def earn(programs: list[Program], booked: Booked, moment: Moment) -> None:
    """Credit the points of a purchase, and turn them into money where enough."""
    for program in programs:
        if program.own and program.kind in KINDS:
            points = points_of(program, booked)
            if points and booked.hold == "promise":
                promise(program, booked, points, moment)
            elif points:
                credit(program, booked, points, moment)


def promise(program: Program, booked: Booked, points: int, moment: Moment) -> None:
    """What an authorization shows: nothing is credited yet."""
    assert booked.card is not None
    owed = booked.card.posted((program.purse, "owed", ""))
    credited = points - min(points, owed)
    booked.reply.earned[program.purse] = credited
    booked.reply.converted += converted(program, booked, credited, moment)


def converted(program: Program, booked: Booked, more: int, moment: Moment) -> int:
    """The money that points become, with so many more of them."""
    assert booked.card is not None
    purse = booked.card.purses.get((program.purse, "points", ""), Purse())
    if program.kind == "bonus_prize" or not program.convert_at:
        return 0
    times = (purse.usable(moment.now) + more) // program.convert_at
    return int(times * program.convert_to)


def credit(program: Program, booked: Booked, points: int, moment: Moment) -> None:
    card = booked.card
    assert card is not None
    end = end_of(moment.today, program.expire_days, program.expire_at, moment.zone)
    key = (program.purse, "points", "")
    owed = (program.purse, "owed", "")
    paid = min(points, card.posted(owed))
    if paid:
        booked.post(Move(card, owed, None, -paid))
    booked.post(Move(card, key, end, points - paid))
    booked.earned[program.purse] = points
    booked.reply.earned[program.purse] = points - paid
    if program.kind == "bonus_prize":
        vouchers.issue(program, booked, moment)
        return
    money = converted(program, booked, 0, moment)
    if money:
        gone = money // program.convert_to * program.convert_at
        take(booked, card, key, gone, moment.now)
        booked.post(Move(card, (program.purse, moment.currency, ""), end, money))
        booked.reply.converted += money


def take(
    booked: Booked,
    card: Card,
    key: PurseKey,
    amount: int,
    now: datetime,
    bought: Booked | None = None,
) -> list[tuple[datetime | None, int]]:
    """Take value from what has not ended, the earliest end first; returns the lots.

    What a purchase had brought is taken first where that purchase is given back.
    """
    parts = []
    moves = bought.moves if bought else []
    own = {move.end for move in moves if move.key == key and move.posted > 0}
    lots = card.purse(key).live(now)
    for end, lot in sorted(lots, key=lambda row: row[0] not in own):
        some = min(amount, lot.posted - lot.held)
        if some:
            amount -= some
            parts.append((end, some))
            booked.post(Move(card, key, end, -some))
    assert not amount, "taken without looking whether there is enough"
    return parts


def take_back(
    program: Program, booked: Booked, bought: Booked, points: int, moment: Moment
) -> int:
    """Take earned points back; returns the money that only the refund can give."""
    card = booked.card
    assert card is not None
    key = (program.purse, "points", "")
    there = min(points, card.purse(key).usable(moment.now))
    take(booked, card, key, there, moment.now, bought)
    missing = points - there
    if program.kind == "bonus_prize":
        return _without_vouchers(program, booked, missing, moment)
    if not program.convert_at or not missing:
        owe(program, booked, missing)
        return 0
    worth = missing * program.convert_to // program.convert_at
    money = (program.purse, moment.currency, "")
    paid = min(worth, card.purse(money).usable(moment.now))
    take(booked, card, money, paid, moment.now, bought)
    owe(program, booked, (worth - paid) * program.convert_at // program.convert_to)
    return worth - paid if program.clawback == "deduct" else 0


def owe(program: Program, booked: Booked, missing: int) -> None:
    """Points that cannot be taken back are remembered, where the program says so."""
    if program.clawback == "negative" and missing:
        assert booked.card is not None
        booked.post(Move(booked.card, (program.purse, "owed", ""), None, missing))


def _without_vouchers(
    program: Program, booked: Booked, points: int, moment: Moment
) -> int:
    """What points are worth that are neither there nor in unused vouchers."""
    missing = vouchers.turn_back(program, booked, points, moment)
    owe(program, booked, missing)
    prizes = program.prizes
    if len(prizes) != 1 or prizes[0]["voucher_kind"] != "money":
        return 0
    worth = missing * prizes[0]["value"] // prizes[0]["at"]
    return worth if program.clawback == "deduct" else 0
