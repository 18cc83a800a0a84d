"""The life of a card: states, access code, loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.reference.arith import add_months, after_day, end_of
from tests.core.reference.network import Program
from tests.core.reference.state import Booked, Card, Move, Refused

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here

STATES = {
    "stolen": "43",
    "lost": "41",
    "expired": "54",
    "closed": "54",
    "replaced": "54",
    "blocked": "62",
}
FINAL = ("stolen", "lost", "expired", "closed", "replaced")
TRIES = 3


def find(here: Here) -> Card:
    """The card of a request, known or not."""
    reference = here.request.card
    assert reference is not None
    number = reference.value
    if not here.network.admitting(number):
        raise Refused("14")
    card = here.ledger.cards.get(number) or Card(number)
    if here.request.command == "activate" or (
        here.request.command in ("sale", "authorize") and registers(here, card)
    ):
        keep(here, card)
    here.card = here.ledger.cards.get(number)
    return card


def stopped(card: Card) -> None:
    """Refuse a card that is blocked or at its end."""
    if card.state in STATES:
        raise Refused(STATES[card.state])


def usable(here: Here, card: Card, *, register: bool = False) -> list[Program]:
    """The card's programs here; a first purchase may register it."""
    stopped(card)
    if card.state == "new" and not (register and registers(here, card)):
        raise Refused("78")
    programs = here.programs(card)
    if not here.met(card):
        raise Refused("57")
    open_credit(here, card)
    return programs


def registers(here: Here, card: Card) -> bool:
    """Whether the seller has a card type that takes any first purchase."""
    issuer = here.network.issuer(here.terminal)
    return any(
        kind.get("auto_register") and kind["issuer"] == issuer
        for kind in here.network.admitting(card.number)
    )


def open_credit(here: Here, card: Card) -> None:
    """What may be owed, as the program says now."""
    for program in here.programs(card):
        if program.kind == "credit_card":
            purse = card.purse((program.purse, "credit", ""))
            purse.limit = program.credit_limit


def keep(here: Here, card: Card, state: str = "") -> None:
    """Remember a card from now on."""
    card.registered = card.registered or here.now
    card.state = state or card.state
    here.ledger.cards[card.number] = card


def check_code(here: Here, card: Card, *, leaves: bool) -> None:
    """Three wrong tries lock; it is asked for where value leaves the card."""
    given = here.request.access_code
    if not card.code or (given is None and not leaves):
        return
    if card.tries >= TRIES:
        raise Refused("75")
    if given != card.code:
        card.tries += given is not None
        raise Refused("55")
    here.code_was_right = True


def inquire(here: Here, booked: Booked) -> None:
    card = find(here)
    usable(here, card, register=True)
    check_code(here, card, leaves=False)
    booked.card = card
    booked.reply.discount_rate = None


def activate(here: Here, booked: Booked) -> None:
    card = find(here)
    stopped(card)
    keep(here, card)
    programs = here.programs(card)
    code = _code_of_type(here, card)
    amount = here.request.amount
    if not here.met(card):
        raise Refused("57")
    if card.state != "new":
        raise Refused("05")
    given = here.request.access_code
    if given and code == "none":
        raise Refused("57")
    if code == "required" and not given:
        raise Refused("55")
    if amount and not loadable(here, programs):
        raise Refused("57")
    if amount:
        load(here, booked, card, loadable(here, programs), amount)
    keep(here, card, "active")
    card.code, card.tries = given or "", 0
    booked.card = card


def _code_of_type(here: Here, card: Card) -> str:
    kinds = here.network.admitting(card.number)
    found = {kind.get("access_code", "none") for kind in kinds}
    return next((code for code in ("required", "optional") if code in found), "none")


def top_up(here: Here, booked: Booked) -> None:
    card = find(here)
    programs = usable(here, card)
    if not loadable(here, programs):
        raise Refused("57")
    if not here.request.amount:
        raise Refused("13")
    load(here, booked, card, loadable(here, programs), here.request.amount)
    booked.card = card


LOADS = ("gift_card", "visit_pass", "credit_card")


def loadable(here: Here, programs: list[Program]) -> list[Program]:
    """What a load may mean: the program named, else gift card, pass, credit."""
    named = here.request.program
    found = [
        program
        for program in programs
        if program.kind in LOADS
        and (program.own or program.kind != "visit_pass")
        and named in ("", program.purse)
    ]
    return sorted(found, key=lambda p: (LOADS.index(p.kind), not p.own))


def load(
    here: Here, booked: Booked, card: Card, programs: list[Program], amount: int
) -> None:
    """Put value on the first of these programs."""
    {"gift_card": _load_gift, "visit_pass": _load_pass, "credit_card": _pay}[
        programs[0].kind
    ](here, booked, card, programs[0], amount)
    booked.reply.amount = amount
    booked.reply.amount_due = amount


def _load_gift(
    here: Here, booked: Booked, card: Card, program: Program, amount: int
) -> None:
    key = (program.purse, here.currency, "")
    if not program.reloadable and _loads(here, card, key):
        raise Refused("57")
    fits = not program.denominations or amount in program.denominations
    if amount < program.min_load or not fits:
        raise Refused("13")
    if card.posted(key) + amount > program.max_balance:
        raise Refused("61")
    end = None
    if program.valid_months:
        end = after_day(add_months(here.today, program.valid_months), here.zone)
    booked.post(Move(card, key, end, amount))


def _load_pass(
    here: Here, booked: Booked, card: Card, program: Program, amount: int
) -> None:
    if amount != program.price:
        raise Refused("13")
    end = end_of(here.today, program.valid_days, "day", here.zone)
    key = (program.purse, "visits", "")
    booked.post(Move(card, key, end, program.visits))


def _pay(here: Here, booked: Booked, card: Card, program: Program, amount: int) -> None:
    """A payment of what is owed."""
    key = (program.purse, "credit", "")
    if amount > -card.posted(key):
        raise Refused("13")
    booked.post(Move(card, key, None, amount))


def _loads(here: Here, card: Card, key: tuple[str, str, str]) -> bool:
    return any(
        booked.request.command in ("activate", "top_up")
        and booked.card is card
        and not booked.undone
        and any(move.key == key for move in booked.moves)
        for booked in here.ledger.booked.values()
    )


def block(here: Here, booked: Booked) -> None:
    card = find(here)
    if card.state == "new":
        raise Refused("78")
    if not here.met(card):
        raise Refused("57")
    if card.state in FINAL:
        raise Refused("05")
    keep(here, card, "blocked")
    booked.card = card


def unblock(here: Here, booked: Booked) -> None:
    card = find(here)
    if card.state == "new":
        raise Refused("78")
    if not here.met(card):
        raise Refused("57")
    if card.state in FINAL:
        raise Refused("05")
    keep(here, card, "active")
    card.tries = 0
    booked.card = card
