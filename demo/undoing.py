"""Goods that come back, loads that are given back, operations that are undone."""

from buying import release, say_tenders
from holders import Account, add
from rules import Rule, half_up, spread, worth
from said import Booked, Expected, Operation, Refused
from world import World, change, move

LOADS = ("activate", "top_up")


def original_of(world: World, operation: Operation) -> Booked:
    """The operation that is named, if it is one of this issuer's and was approved."""
    assert operation.original is not None
    found = world.stored.get(operation.original)
    if found is None or found.expected.rc not in ("00", "10"):
        raise Refused("25")
    seller = world.rules.issuer(found.operation.terminal)
    if seller != world.rules.issuer(operation.terminal):
        raise Refused("25")
    if operation.number and found.card and operation.number != found.card.number:
        raise Refused("77")
    return found


def refund(world: World, operation: Operation, booked: Booked) -> None:
    """Give money and value back, take back what was earned."""
    original = original_of(world, operation)
    command = original.operation.command
    if command not in ("sale", "confirm", *LOADS) or original.state == "reversed":
        raise Refused("77")
    booked.card = original.card
    if command in LOADS:
        refund_load(world, operation, booked, original)
    else:
        refund_goods(world, operation, booked, original)


def refund_goods(
    world: World, operation: Operation, booked: Booked, sale: Booked
) -> None:
    """Everything but the discount goes back as the money does."""
    asked = operation.gross
    discount = goods_back(operation, sale)
    before = sale.net_refunded
    sale.net_refunded += asked - discount
    sale.gross_refunded += asked
    whole = sale.gross_refunded == sale.gross

    def part(quantity: int) -> int:
        upto, begun = (
            half_up(quantity * net, sale.net) if sale.net else 0
            for net in (sale.net_refunded, before)
        )
        return upto - begun

    booked.gross = asked
    booked.expected = Expected(discount=discount)
    taken = {name: part(amount) for name, amount in sale.taken.items()}
    say_tenders(booked.expected, taken)
    for (purse, tender), amount in taken.items():
        if tender == "voucher":
            assert sale.used is not None
            sale.used.value += amount
        else:
            move(booked, "credit" if tender == "credit" else "money", purse, amount)
    due = asked - discount - sum(taken.values())
    assert booked.card is not None
    rules = world.rules.at(operation.terminal, world.types(booked.card))
    for purse, points in sale.settled.items():
        move(booked, "owed", purse, part(points))
    for purse, points in sale.expected.points.items():
        rule = next(rule for rule in rules if rule.purse == purse)
        by_visit = rule.kind == "bonus_visit"
        lost = (points if whole else 0) if by_visit else part(points)
        if lost:
            due -= claw_back(booked, rule, lost, due)
            booked.expected.points[purse] = -lost
    for (what, purse), amount in sale.counted.items():
        move(booked, what, purse, -part(amount))
    if whole:
        all_is_back(booked, sale)
    booked.expected.due = due


def all_is_back(booked: Booked, sale: Booked) -> None:
    """What is counted or used once comes back with the last of the goods."""
    assert booked.card is not None
    for what, purse in sale.once:
        move(booked, what, purse, -1)
        if what == "visited":
            booked.card.account.today[purse] -= 1
    take_thanks_back(booked, sale)
    used = sale.used
    if used is not None:
        paid = sum(v for (_, name), v in sale.taken.items() if name == "voucher")
        used.value += sale.used_value - paid


def take_thanks_back(booked: Booked, sale: Booked) -> None:
    """The referrer's points go, as far as they, or vouchers of them, are there."""
    if sale.thanked is not None:
        account, rule, points = sale.thanked
        purse = rule.purse
        there = min(points, account.value("points", purse))
        change(booked, account, "points", purse, -there)
        from_vouchers(booked, account, rule, points - there)
        earned = account.value("earned", purse)
        change(booked, account, "earned", purse, -min(points, earned))
        sale.thanked = None


def goods_back(operation: Operation, sale: Booked) -> int:
    """Take the goods back, group by group; return their discount."""
    left = {name: goods.gross - goods.back for name, goods in sale.groups.items()}
    if not 0 < operation.gross <= sum(left.values()):
        raise Refused("13")
    if operation.lines:
        wanted: dict[str, int] = {}
        for item in operation.items:
            add(wanted, {item.group: item.gross})
    else:
        wanted = dict(zip(left, spread(operation.gross, [*left.values()]), strict=True))
    if any(wanted[g] > left.get(g, 0) for g in wanted):
        raise Refused("13")
    discount = 0
    for name, amount in wanted.items():
        goods = sale.groups[name]
        for sign in (-1, 1):
            share = half_up(goods.discount * goods.back, goods.gross)
            discount += sign * share
            goods.back += amount if sign < 0 else 0
    return discount


def claw_back(booked: Booked, rule: Rule, lost: int, due: int) -> int:
    """Take points back; return what has to come off the customer's money."""
    card, purse = booked.card, rule.purse
    assert card is not None
    there = min(lost, card.account.value("points", purse))
    move(booked, "points", purse, -there)
    if rule.kind == "bonus_prize":
        there += from_vouchers(booked, card.account, rule, lost - there)
    missing = lost - there
    value = worth(rule, missing)
    money = min(value, card.account.available(purse))
    move(booked, "money", purse, -money)
    how = rule.parameters.get("clawback", "deduct")
    if how == "negative":
        # In points again, what the money that they became did not cover.
        left = -(-missing * (value - money) // value) if value else missing
        move(booked, "owed", purse, left)
    return min(value - money, due) if how == "deduct" else 0


def from_vouchers(booked: Booked, account: Account, rule: Rule, missing: int) -> int:
    """Turn unused vouchers back into the points they were; return those that help."""
    prizes = rule.parameters["prizes"]
    helped = 0
    for voucher in reversed(account.vouchers):
        is_whole = voucher.kind == "goods" or str(voucher.value) == voucher.what
        mine = voucher.program == rule.purse and voucher.value and is_whole
        if len(prizes) == 1 and mine and helped < missing:
            voucher.value = 0
            used = min(missing - helped, prizes[0]["at"])
            left = prizes[0]["at"] - used
            change(booked, account, "points", rule.purse, left)
            helped += used
    return helped


def refund_load(
    world: World, operation: Operation, booked: Booked, load: Booked
) -> None:
    """Buy back what was loaded, as far as it is still there."""
    card = load.card
    if load.loaded is None or card is None or load.loaded[0] == "credit":
        raise Refused("77")
    what, purse, loaded = load.loaded
    if what == "visits":
        left = min(loaded, card.account.value("visits", purse))
        parameters = world.rules.programs[purse]["parameters"]
        amount = half_up(parameters["price"] * left, parameters["visits"])
        units = left
    else:
        left = min(loaded - load.net_refunded, card.account.available(purse))
        amount = units = operation.amount or left
    if not left or units > left or (operation.amount or amount) > amount:
        raise Refused("51")
    load.net_refunded += units
    booked.gross = amount
    booked.expected = Expected(due=amount)
    move(booked, what, purse, -units)
    if load.operation.command == "activate":
        card.state = "closed"


def reverse(world: World, operation: Operation, booked: Booked) -> None:
    """Undo an operation; remember one that has not arrived."""
    key = operation.original
    assert key is not None
    original = world.stored.get(key)
    if original is None:
        world.dead.add(key)
        return
    booked.card, booked.gross = original.card, original.gross
    if original.state in ("refused", "reversed", "released"):
        return
    if original.state == "held":
        release(original)
        original.state = "released"
    elif original.state == "captured" or original.gross_refunded:
        raise Refused("77")
    else:
        mirror(world, original, booked)
        original.state = "reversed"


def mirror(world: World, original: Booked, booked: Booked) -> None:
    """Take every move back, if all of it is still there."""
    card = original.card
    assert card is not None
    mine: dict[tuple[str, str], int] = {}
    for one in original.moves:
        if one.account is card.account:
            key = (one.what, one.purse)
            mine[key] = mine.get(key, 0) + one.amount
    for (what, purse), amount in mine.items():
        check_there(world, card.account, what, purse, amount)
    if any(voucher.value == 0 for voucher in original.issued):
        raise Refused("51")
    for (what, purse), amount in mine.items():
        change(booked, card.account, what, purse, -amount)
        if what == "visited":
            card.account.today[purse] -= 1
    for voucher in original.issued:
        voucher.value = 0
    if original.used is not None:
        original.used.value = original.used_value
    take_thanks_back(booked, original)
    if original.operation.command == "activate":
        card.state = "new"


def check_there(
    world: World, account: Account, what: str, purse: str, amount: int
) -> None:
    """Refuse to take back what has been used."""
    if what == "credit":
        limit = world.rules.programs[purse]["parameters"]["credit_limit"]
        if account.available(purse, limit) < amount:
            raise Refused("61")
        return
    there = account.available(purse) if what == "money" else account.value(what, purse)
    if there < amount:
        raise Refused("51")
