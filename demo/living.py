"""The life of a card: sold, loaded, blocked, replaced; its code, its holder."""

from collections.abc import Sequence

from earning import give_points, voucher_of
from holders import Card
from rules import Rule
from said import Booked, Expected, Operation, Refused
from world import REFUSES, World, check_code, issue, move

LOADABLE = ("gift_card", "visit_pass", "credit_card")
MUCH = 10_000_000  # a gift card may hold so much when its program says nothing


def activate(world: World, operation: Operation, booked: Booked) -> None:
    """Put a card into use, with its first load and its code."""
    card = booked.card = world.meet(operation)
    if card.state != "new":
        raise Refused(REFUSES.get(card.state, "05"))
    if operation.amount:
        load(world, operation, booked, card)
    card.types = world.types(card)
    card.state, card.code = "active", operation.code


def top_up(world: World, operation: Operation, booked: Booked) -> None:
    """Load a card again, or pay a credit back."""
    card = booked.card = world.meet(operation)
    if card.state in REFUSES:
        raise Refused(REFUSES[card.state])
    load(world, operation, booked, card)


def load(world: World, operation: Operation, booked: Booked, card: Card) -> None:
    """Add to the first purse that fits."""
    rules = world.running(operation.terminal, card)
    fitting = [
        rule
        for kind in LOADABLE
        for rule in rules
        if rule.kind == kind and operation.program in ("", rule.purse)
    ]
    if not fitting:
        raise Refused("57")
    rule, amount = fitting[0], operation.amount or 0
    booked.gross = amount
    booked.expected = Expected(due=amount)
    if rule.kind == "gift_card":
        check_gift(rule, card, amount)
        booked.loaded = ("money", rule.purse, amount)
    elif rule.kind == "visit_pass":
        if amount != rule.get("price"):
            raise Refused("13")
        booked.loaded = ("visits", rule.purse, rule.get("visits"))
    else:
        if not 0 < amount <= -card.account.value("credit", rule.purse):
            raise Refused("13")
        booked.loaded = ("credit", rule.purse, amount)
    move(booked, *booked.loaded)


def check_gift(rule: Rule, card: Card, amount: int) -> None:
    """Refuse a sum that a gift card may not be loaded with."""
    denominations = rule.parameters.get("denominations", [amount])
    if amount < max(rule.get("min_load"), 1) or amount not in denominations:
        raise Refused("13")
    limit = rule.parameters.get("max_balance", MUCH)
    if card.account.value("money", rule.purse) + amount > limit:
        raise Refused("61")


def block(world: World, operation: Operation, booked: Booked) -> None:
    """Block a card, for now or for good."""
    card = booked.card = world.meet(operation)
    card.state = operation.reason or "blocked"


def unblock(world: World, operation: Operation, booked: Booked) -> None:
    """Lift a block and forgive wrong codes."""
    card = booked.card = world.meet(operation)
    card.state, card.wrong_codes = "active", 0


def set_code(world: World, operation: Operation, booked: Booked) -> None:
    """Give a card a code, or another one."""
    card, _ = without_code(world, operation)
    booked.card = card
    kinds = [world.rules.types[code] for code in card.types]
    if all(kind.get("access_code", "none") == "none" for kind in kinds):
        raise Refused("57")
    check_code(card, operation.code)
    card.code = operation.new_code


def without_code(world: World, operation: Operation) -> tuple[Card, list[Rule]]:
    """A card that may be used; whoever asks looks at its code."""
    card = world.meet(operation)
    if card.state in REFUSES:
        raise Refused(REFUSES[card.state])
    return card, world.running(operation.terminal, card)


def enroll(world: World, operation: Operation, booked: Booked) -> None:
    """A questionnaire is filled: its gifts once, and what its holder agrees to."""
    card, _ = without_code(world, operation)
    booked.card = card
    seller = world.rules.issuer(operation.terminal)
    facts = card.account.facts
    for purpose, given in operation.consents:
        (facts.add if given else facts.discard)(f"{seller}:{purpose}")
    if f"{seller}:questionnaire" in facts:
        return
    facts.add(f"{seller}:questionnaire")
    gifts(booked, card, world.running(operation.terminal, card))


def gifts(booked: Booked, card: Card, rules: Sequence[Rule]) -> None:
    """What a filled questionnaire gives at once."""
    for rule in rules:
        if rule.own and rule.get("questionnaire_points"):
            give_points(booked, card.account, rule, rule.get("questionnaire_points"))
        if rule.own and rule.get("questionnaire_prize"):
            prize = rule.parameters["prizes"][rule.get("questionnaire_prize") - 1]
            issue(booked, card.account, voucher_of(rule.purse, prize))


def replace(world: World, operation: Operation, booked: Booked) -> None:
    """Another card takes the account over."""
    old = booked.card = world.meet(operation)
    if old.state in ("replaced", "closed", "new"):
        raise Refused(REFUSES[old.state])
    new = world.card(operation.other)
    admitted = set(world.rules.admitting(new.number, "number"))
    if not admitted:
        raise Refused("14")
    if new.state not in ("", "new", "active"):
        raise Refused(REFUSES[new.state])
    rules = world.rules.at(operation.terminal, world.types(old))
    for rule in (rule for rule in rules if rule.kind == "bonus_prize"):
        for code in admitted & rule.tiers_of_cards.keys():
            if old.account.value("earned", rule.purse) < rule.tiers_of_cards[code]:
                raise Refused("05")
    for (what, purse), amount in new.account.values.items():
        move(booked, what, purse, amount)
    old.account.vouchers += new.account.vouchers
    old.account.facts |= new.account.facts
    new.account, new.types, new.state = old.account, admitted, "active"
    old.state = "replaced"
