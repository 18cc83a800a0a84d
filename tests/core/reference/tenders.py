"""What pays: gift money, then bonus money, the earliest lots first."""

from datetime import datetime

from ekarte_core import Request, Tender
from tests.core.reference.network import Program
from tests.core.reference.state import Card, Refused, Taken

PAYS = {"gift": ("gift_card",), "bonus": ("bonus_amount",)}


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
    short = ended = False
    for tender, sum_ in wanted.items():
        amount = sum_
        for program in payers(programs, tender):
            key = (program.purse, currency, "")
            if key in card.purses:
                one = Taken(tender, key, program.own, _lots(card, key, now)).first(
                    amount
                )
                amount -= one.amount
                taken += [one] if one.amount else []
        short |= amount > 0
        ended |= amount > 0 and _ended(card, programs, tender, now, currency)
    if short and not (request.partial and taken):
        raise Refused("54" if ended and not taken else "51")
    return taken, "10" if short else "00"


def asked(tender: Tender | None, programs: list[Program], due: int) -> dict[str, int]:
    """What shall be taken. A card that does nothing but pay pays everything."""
    if tender is not None:
        return {"gift": tender.gift, "bonus": tender.bonus}
    pure = bool(programs) and all(p.kind == "gift_card" for p in programs)
    return {"gift": due if pure else 0, "bonus": 0}


def payers(programs: list[Program], tender: str) -> list[Program]:
    """Programs whose money a tender names."""
    return [
        program
        for program in programs
        if program.kind in PAYS[tender] and (tender != "bonus" or program.convert_at)
    ]


def _lots(card: Card, key: tuple[str, str, str], now: datetime) -> list:
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
