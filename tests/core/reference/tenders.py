"""What pays: gift money, then bonus money, the earliest lots first."""

from datetime import datetime

from ekarte_core import Request, Tender
from tests.core.reference.network import Program
from tests.core.reference.state import Card, PurseKey, Refused, Taken

PAYS = {
    "gift": ("gift_card",),
    "bonus": ("bonus_amount", "bonus_visit"),
    "credit": ("credit_card",),
}


def plan(
    request: Request,
    card: Card,
    programs: list[Program],
    due: int,
    now: datetime,
    currency: str,
) -> tuple[list[Taken], str]:
    """What each purse would pay, and the answer code: all, a part, or a refusal."""
    wanted = asked(request.tender, programs, due)
    taken: list[Taken] = []
    short = ended = over = False
    for tender, sum_ in wanted.items():
        amount = sum_
        for program in payers(programs, tender):
            key = purse_of(program, tender, currency)
            if key in card.purses:
                own = tender == "bonus" and program.lowers
                one = Taken(tender, key, own, _lots(card, key, now)).first(amount)
                amount -= one.amount
                taken += [one] if one.amount else []
        over |= amount > 0 and tender == "credit"
        short |= amount > 0
        ended |= amount > 0 and _ended(card, programs, tender, now, currency)
    if short and not (request.partial and taken):
        raise Refused("54" if ended and not taken else "61" if over else "51")
    return taken, "10" if short else "00"


def asked(tender: Tender | None, programs: list[Program], due: int) -> dict[str, int]:
    """What shall be taken. A card that does nothing but pay pays everything."""
    if tender is not None:
        return {name: getattr(tender, name) for name in PAYS}
    kinds = {program.kind for program in programs} - {"purchase_accounting"}
    only = {"gift": {"gift_card"}, "bonus": None, "credit": {"credit_card"}}
    return {name: due if kinds == only[name] else 0 for name in PAYS}


def payers(programs: list[Program], tender: str) -> list[Program]:
    """Programs whose money a tender names."""
    return [
        program
        for program in programs
        if program.kind in PAYS[tender] and (tender != "bonus" or program.convert_at)
    ]


def purse_of(program: Program, tender: str, currency: str) -> PurseKey:
    return (program.purse, "credit" if tender == "credit" else currency, "")


def _lots(card: Card, key: tuple[str, str, str], now: datetime) -> list:
    if key[1] == "credit":
        return [(None, card.purses[key].usable(now))]
    return [
        (end, lot.posted - lot.held)
        for end, lot in card.purses[key].live(now)
        if lot.posted > lot.held
    ]


def _ended(
    card: Card, programs: list[Program], tender: str, now: datetime, currency: str
) -> bool:
    keys = [(program.purse, currency, "") for program in payers(programs, tender)]
    return any(
        end is not None and end <= now and lot.posted > lot.held
        for key in keys
        if key in card.purses
        for end, lot in card.purses[key].lots.items()
    )


def capture(held: list[Taken], due: int) -> list[Taken]:
    """What a confirmation takes of a hold: its first lots, up to what is due."""
    found = []
    for taken in held:
        one = taken.first(due)
        due -= one.amount
        found += [one] if one.amount else []
    return found
